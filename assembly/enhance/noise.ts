/**
 * Noise spectrum of a stream, learnt where the network hears no speech:
 *
 *   N_k <- N_k + NOISE_LEARNING (1 - g_k)^4 (|Y_k|^2 - N_k)     k a bin
 *
 * The constructor allocates; every method is real-time safe.
 */
import { BANDS, BANDS_BYTES, BINS_BYTES, BINS_PADDED } from '../constants';
import { NOISE_LEARNING } from '../settings';
import { bandEnergies, interpolate } from '../signal/erb';
import { binProducts } from '../signal/vector';

/** Keeps what is learnt of silence from becoming denormal. */
const TINY: f32 = 1e-20;

/** Scratch shared by all streams: nothing in it outlives a call. */
const BIN_GAINS = new StaticArray<f32>(BINS_PADDED);

export class NoiseEstimator {
  /** N: powers of 481 bins, padded so that vectors of four fit. */
  readonly powers: StaticArray<f32> = new StaticArray<f32>(BINS_PADDED);
  /** ||n_b||^2: energies of 34 bands of it. */
  readonly energies: StaticArray<f32> = new StaticArray<f32>(BANDS);

  reset(): void {
    memory.fill(changetype<usize>(this.powers), 0, BINS_PADDED << 2);
    memory.fill(changetype<usize>(this.energies), 0, BANDS_BYTES);
  }

  /**
   * Learns from a frame.
   * @param noisy Y, 481 (re, im) pairs and padding
   * @param gains 34 gains before any floor, 0..1 unless the article's post-filter came before
   */
  learn(noisy: usize, gains: usize): void {
    const powers = changetype<usize>(this.powers);
    const g = changetype<usize>(BIN_GAINS);
    interpolate(gains, g);
    const one = f32x4.splat(1);
    for (let k: usize = 0; k < BINS_BYTES; k += 16) {
      const d = f32x4.max(f32x4.splat(0), f32x4.sub(one, v128.load(g + k)));
      const d2 = f32x4.mul(d, d);
      const rate = f32x4.mul(f32x4.splat(NOISE_LEARNING), f32x4.mul(d2, d2));
      const n = v128.load(powers + k);
      const y = noisy + (k << 1);
      const step = f32x4.mul(rate, f32x4.sub(binProducts(y, y), n));
      v128.store(powers + k, f32x4.add(f32x4.add(n, step), f32x4.splat(TINY)));
    }
    bandEnergies(powers, changetype<usize>(this.energies));
  }
}
