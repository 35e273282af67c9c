/**
 * Wiener filter of every bin. A band's one gain serves harmonics, the noise between them and a steady whistle alike; here bins that
 * hold no more than noise are lowered further, by a noise spectrum that is learnt where the network hears no speech.
 *
 *   N_k <- N_k + 0.03 (1 - g_k)^4 (|Y_k|^2 - N_k)           noise spectrum, k a bin
 *   A_k  = (|Z_{k-1}|^2 + |Z_k|^2 + |Z_{k+1}|^2) / 3        spectrum after the comb filter, |Z_{-1}| = |Z_1|
 *   S_k <- (A_k + 2 S_k) / 3                                over about 30 ms
 *   U_b  = 1.5 (1 - g_b^2) ||z_b||^2,  T_b = 1.5 ||n_b||^2   noise of band b as the gain tells and as it was learnt
 *   V_b  = min(U_b, U_b^(1/4) T_b^(3/4))
 *   W_b  = g_b^2 U_b T_b / (T_b + U_b / 50)                 the same in bands that the gain keeps
 *   n_k  = N_k max(V_b + r_b^2 (U_b - V_b), W_b) / ||n_b||^2  noise expected in this frame
 *   w_k  = max(0.35 + 0.2 g_k, S_k / (S_k + n_k))
 *   m_b  = (||z_b|| / ||w z_b||)^(1/4)                      a quarter of the dB that a band loses is given back
 *
 * In clean speech T is small and in a frame without noise U is, so either keeps the voice as it is. A band that needs the comb filter
 * (strength r) is less tonal than its voice should be: there more of U lies between the harmonics. Where a band is mostly voice its one
 * gain lets the noise beside the harmonics through, so there W takes U at its word unless T is less than a fiftieth of it. A power of one
 * bin is as uncertain as it is large, so weights made of it alone flutter; with those beside it they may go lower without being heard. The
 * numbers were chosen on the outside yardstick's quick clips (training/EXPERIMENTS.md, "Voices of everywhere").
 */
import { BANDS, BANDS_BYTES, BINS, BINS_BYTES } from '../constants';
import { bandEnergies, interpolate } from '../signal/erb';
import { binProducts } from '../signal/vector';

const LEARNING: f32 = 0.03;
const OVERESTIMATE: f32 = 1.5;
/** Least weight of a band's bins, where its gain is 0 and what a gain of 1 adds: in a voice that is kept, holes are heard. */
const LOWEST: f32 = 0.35;
const LOWEST_SLOPE: f32 = 0.2;
/** T below this share of U tells of a recording without noise. */
const NOISELESS: f32 = 0.02;
/** The energy given back counts a loss of at most 6 dB. */
const MOST_LOST: f32 = 4;
/** Far below what is heard; keeps squares from becoming denormal and quotients from being 0 / 0. */
const TINY: f32 = 1e-20;

/** Scratch shared by all streams: nothing in it outlives a call. */
const BIN_VALUES = new StaticArray<f32>(BINS + 3);
const BIN_BOUNDS = new StaticArray<f32>(BINS + 3);
/** With room for the neighbours of the first and the last bin. */
const POWERS = new StaticArray<f32>(BINS + 3 + 2 * 4);
const BAND_VALUES = new StaticArray<f32>(BANDS);
const BAND_BOUNDS = new StaticArray<f32>(BANDS);

/** |x|^2 of four bins. */
function power(x: usize): v128 {
  return binProducts(x, x);
}

export class WienerFilter {
  /** N and S, padded so that vectors of four bins fit. */
  private noise: StaticArray<f32> = new StaticArray<f32>(BINS + 3);
  private smoothed: StaticArray<f32> = new StaticArray<f32>(BINS + 3);
  /** 34: ||n_b||^2, the energies of the bands of the noise that was learnt. */
  readonly learnt: StaticArray<f32> = new StaticArray<f32>(BANDS);

  reset(): void {
    memory.fill(changetype<usize>(this.noise), 0, (BINS + 3) << 2);
    memory.fill(changetype<usize>(this.smoothed), 0, (BINS + 3) << 2);
    memory.fill(changetype<usize>(this.learnt), 0, BANDS_BYTES);
  }

  /**
   * Learns the noise of a frame. Real-time safe.
   * @param noisy Y, 481 (re, im) pairs and padding
   * @param gains 34 gains, 0..1.3, before any floor
   */
  learn(noisy: usize, gains: usize): void {
    const noise = changetype<usize>(this.noise);
    const g = changetype<usize>(BIN_VALUES);
    interpolate(gains, g);
    const one = f32x4.splat(1);
    for (let k: usize = 0; k < BINS_BYTES; k += 16) {
      const d = f32x4.max(f32x4.splat(0), f32x4.sub(one, v128.load(g + k)));
      const d2 = f32x4.mul(d, d);
      const rate = f32x4.mul(f32x4.splat(LEARNING), f32x4.mul(d2, d2));
      const n = v128.load(noise + k);
      const step = f32x4.mul(rate, f32x4.sub(power(noisy + (k << 1)), n));
      v128.store(noise + k, f32x4.add(f32x4.add(n, step), f32x4.splat(TINY)));
    }
    bandEnergies(noise, changetype<usize>(this.learnt));
  }

  /**
   * Weights of a frame and what to give its bands back. Real-time safe.
   * @param mixed Z, the frame after the comb filter: 481 pairs and padding
   * @param energies 34: ||z_b||^2
   * @param gains 34 gains with floors, 0..1.3
   * @param strengths 34 strengths of the comb filter, 0..1
   * @param bounds 34: no weight of the band may be lower; the larger of these and 0.35 + 0.2 g holds
   * @param weights receives 484 f32, 0.35..1
   * @param makeUp receives 34 f32, 1..1.19
   */
  process(
    mixed: usize,
    energies: usize,
    gains: usize,
    strengths: usize,
    bounds: usize,
    weights: usize,
    makeUp: usize,
  ): void {
    const noise = changetype<usize>(this.noise);
    const smoothed = changetype<usize>(this.smoothed);
    const powers = changetype<usize>(POWERS) + 16;
    for (let k: usize = 0; k < BINS_BYTES; k += 16) v128.store(powers + k, power(mixed + (k << 1)));
    store<f32>(powers - 4, load<f32>(powers + 4));
    store<f32>(powers + BINS_BYTES, load<f32>(powers + BINS_BYTES - 8));

    const expected = changetype<usize>(BAND_VALUES);
    const least = changetype<usize>(BAND_BOUNDS);
    for (let b: usize = 0; b < BANDS_BYTES; b += 4) {
      const g = load<f32>(gains + b);
      const told = OVERESTIMATE * max<f32>(0, 1 - g * g) * load<f32>(energies + b);
      const own = load<f32>(changetype<usize>(this.learnt) + b) + TINY;
      const learnt = OVERESTIMATE * own;
      const level = told < learnt ? told : Mathf.sqrt(Mathf.sqrt(told * learnt)) * Mathf.sqrt(learnt);
      const voice = (g * g * told * learnt) / (learnt + NOISELESS * told);
      const r = load<f32>(strengths + b);
      store<f32>(least + b, max<f32>(LOWEST + LOWEST_SLOPE * g, load<f32>(bounds + b)));
      store<f32>(expected + b, max<f32>(level + r * r * max<f32>(0, told - level), voice) / own);
    }
    const scale = changetype<usize>(BIN_VALUES);
    const lowest = changetype<usize>(BIN_BOUNDS);
    interpolate(expected, scale);
    interpolate(least, lowest);
    // Each bound is read once, so what the weights leave of the powers, which neighbours still need, takes its place.
    const left = lowest;
    const third = f32x4.splat(1.0 / 3.0);
    const tiny = f32x4.splat(TINY);
    for (let k: usize = 0; k < BINS_BYTES; k += 16) {
      const p = v128.load(powers + k);
      const beside = f32x4.add(v128.load(powers + k - 4), v128.load(powers + k + 4));
      const a = f32x4.mul(third, f32x4.add(p, beside));
      const before = v128.load(smoothed + k);
      const s = f32x4.add(f32x4.mul(third, f32x4.add(a, f32x4.add(before, before))), tiny);
      v128.store(smoothed + k, s);
      const n = f32x4.mul(v128.load(scale + k), v128.load(noise + k));
      const w = f32x4.max(v128.load(lowest + k), f32x4.div(s, f32x4.add(s, n)));
      v128.store(weights + k, w);
      v128.store(left + k, f32x4.mul(f32x4.mul(w, w), p));
    }

    bandEnergies(left, makeUp);
    for (let b: usize = 0; b < BANDS_BYTES; b += 4) {
      const lost = min(MOST_LOST, (load<f32>(energies + b) + TINY) / (load<f32>(makeUp + b) + TINY));
      store<f32>(makeUp + b, Mathf.sqrt(Mathf.sqrt(Mathf.sqrt(lost))));
    }
  }
}
