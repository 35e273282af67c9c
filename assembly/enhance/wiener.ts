/**
 * Wiener filter of every bin. A band's one gain serves harmonics, the noise between them and a steady whistle alike; here bins that
 * hold no more than noise are lowered further, by the noise spectrum N that was learnt (noise.ts).
 *
 *   A_k  = (|Z_{k-1}|^2 + |Z_k|^2 + |Z_{k+1}|^2) / 3        spectrum after the comb filter, |Z_{-1}| = |Z_1|, k a bin
 *   S_k <- (A_k + 2 S_k) / 3                                over about 30 ms
 *   U_b  = OVERESTIMATE (1 - g_b^2) ||z_b||^2              noise of band b as the gain tells
 *   T_b  = OVERESTIMATE ||n_b||^2                           and as it was learnt
 *   V_b  = min(U_b, U_b^(1/4) T_b^(3/4))
 *   W_b  = g_b^2 U_b T_b / (T_b + NOISELESS U_b)            the same in bands that the gain keeps
 *   n_k  = N_k max(V_b + r_b^2 (U_b - V_b), W_b) / ||n_b||^2  noise expected in this frame
 *   w_k  = max(LOWEST + LOWEST_SLOPE g_k, S_k / (S_k + n_k))
 *   m_b  = (||z_b|| / ||w z_b||)^(1/4)                      a quarter of the dB that a band loses is given back, up to MOST_LOST
 *
 * with the WIENER_ numbers of settings.ts.
 *
 * In clean speech T is small and in a frame without noise U is, so either keeps the voice as it is. A band that needs the comb filter
 * (strength r) is less tonal than its voice should be: there more of U lies between the harmonics. Where a band is mostly voice its one
 * gain lets the noise beside the harmonics through, so there W takes U at its word unless T is less than a small share of it. A power of one
 * bin is as uncertain as it is large, so weights made of it alone flutter; with those beside it they may go lower without being heard.
 *
 * The constructor allocates; every method is real-time safe.
 */
import { BANDS, BANDS_BYTES, BINS_BYTES, BINS_PADDED } from '../constants';
import {
  WIENER_LOWEST,
  WIENER_LOWEST_SLOPE,
  WIENER_MOST_LOST,
  WIENER_NOISELESS,
  WIENER_OVERESTIMATE,
} from '../settings';
import { bandEnergies, interpolate } from '../signal/erb';
import { binProducts } from '../signal/vector';
import { NoiseEstimator } from './noise';

/** Far below what is heard; keeps squares from becoming denormal and quotients from being 0 / 0. */
const TINY: f32 = 1e-20;

/** Scratch shared by all streams: nothing in it outlives a call. */
const EXPECTED = new StaticArray<f32>(BANDS);
const LEAST = new StaticArray<f32>(BANDS);
const LEFT_ENERGY = new StaticArray<f32>(BANDS);
const BIN_EXPECTED = new StaticArray<f32>(BINS_PADDED);
const BIN_LEAST = new StaticArray<f32>(BINS_PADDED);
const LEFT = new StaticArray<f32>(BINS_PADDED);
/** With room for the neighbours of the first and the last bin. */
const POWERS = new StaticArray<f32>(BINS_PADDED + 2 * 4);

export class WienerFilter {
  /** S. */
  private readonly smoothed: StaticArray<f32> = new StaticArray<f32>(BINS_PADDED);

  reset(): void {
    memory.fill(changetype<usize>(this.smoothed), 0, BINS_PADDED << 2);
  }

  /**
   * Weights of a frame and what to give its bands back.
   * @param noise what was learnt, this frame included
   * @param mixed Z, the frame after the comb filter: 481 pairs and padding
   * @param energies 34: ||z_b||^2
   * @param gains 34 gains with floors, 0..1 unless the article's post-filter came before
   * @param strengths 34 strengths of the comb filter, 0..1
   * @param floorWeights 34: no weight of the band may be lower; the larger of these and LOWEST + LOWEST_SLOPE g holds
   * @param weights receives 484 f32, LOWEST..1
   * @param makeUp receives 34 f32, 1..1.19
   */
  process(
    noise: NoiseEstimator,
    mixed: usize,
    energies: usize,
    gains: usize,
    strengths: usize,
    floorWeights: usize,
    weights: usize,
    makeUp: usize,
  ): void {
    const powers = changetype<usize>(POWERS) + 16;
    for (let k: usize = 0; k < BINS_BYTES; k += 16) {
      const z = mixed + (k << 1);
      v128.store(powers + k, binProducts(z, z));
    }
    store<f32>(powers - 4, load<f32>(powers + 4));
    store<f32>(powers + BINS_BYTES, load<f32>(powers + BINS_BYTES - 8));
    this.expect(noise, energies, gains, strengths, floorWeights);
    this.weigh(noise, powers, weights);
    giveBack(energies, makeUp);
  }

  /** Noise expected in each band, as a multiple of what was learnt, and the least weight. */
  private expect(noise: NoiseEstimator, energies: usize, gains: usize, strengths: usize, floorWeights: usize): void {
    const energyLearnt = changetype<usize>(noise.energies);
    const expected = changetype<usize>(EXPECTED);
    const least = changetype<usize>(LEAST);
    for (let b: usize = 0; b < BANDS_BYTES; b += 4) {
      const g = load<f32>(gains + b);
      const told = WIENER_OVERESTIMATE * max<f32>(0, 1 - g * g) * load<f32>(energies + b);
      const own = load<f32>(energyLearnt + b) + TINY;
      const learnt = WIENER_OVERESTIMATE * own;
      const level = told < learnt ? told : Mathf.sqrt(Mathf.sqrt(told * learnt)) * Mathf.sqrt(learnt);
      const voice = (g * g * told * learnt) / (learnt + WIENER_NOISELESS * told);
      const r = load<f32>(strengths + b);
      store<f32>(least + b, max<f32>(WIENER_LOWEST + WIENER_LOWEST_SLOPE * g, load<f32>(floorWeights + b)));
      store<f32>(expected + b, max<f32>(level + r * r * max<f32>(0, told - level), voice) / own);
    }
  }

  /** Weights of the bins, and in LEFT what they leave of the powers. */
  private weigh(noise: NoiseEstimator, powers: usize, weights: usize): void {
    const learnt = changetype<usize>(noise.powers);
    const smoothed = changetype<usize>(this.smoothed);
    const expected = changetype<usize>(BIN_EXPECTED);
    const least = changetype<usize>(BIN_LEAST);
    const left = changetype<usize>(LEFT);
    interpolate(changetype<usize>(EXPECTED), expected);
    interpolate(changetype<usize>(LEAST), least);
    const third = f32x4.splat(1.0 / 3.0);
    const tiny = f32x4.splat(TINY);
    for (let k: usize = 0; k < BINS_BYTES; k += 16) {
      const p = v128.load(powers + k);
      const beside = f32x4.add(v128.load(powers + k - 4), v128.load(powers + k + 4));
      const a = f32x4.mul(third, f32x4.add(p, beside));
      const before = v128.load(smoothed + k);
      const s = f32x4.add(f32x4.mul(third, f32x4.add(a, f32x4.add(before, before))), tiny);
      v128.store(smoothed + k, s);
      const n = f32x4.mul(v128.load(expected + k), v128.load(learnt + k));
      const w = f32x4.max(v128.load(least + k), f32x4.div(s, f32x4.add(s, n)));
      v128.store(weights + k, w);
      v128.store(left + k, f32x4.mul(f32x4.mul(w, w), p));
    }
  }
}

/** m of each band, by LEFT. */
function giveBack(energies: usize, makeUp: usize): void {
  const left = changetype<usize>(LEFT_ENERGY);
  bandEnergies(changetype<usize>(LEFT), left);
  for (let b: usize = 0; b < BANDS_BYTES; b += 4) {
    const lost = min(WIENER_MOST_LOST, (load<f32>(energies + b) + TINY) / (load<f32>(left + b) + TINY));
    store<f32>(makeUp + b, Mathf.sqrt(Mathf.sqrt(Mathf.sqrt(lost))));
  }
}
