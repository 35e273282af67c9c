/** Gains of bands and weights of bins on a spectrum. Real-time safe. */
import { BANDS, BANDS_BYTES, BINS_BYTES, BINS_PADDED } from '../constants';
import { interpolate } from '../signal/erb';

/** Scratch shared by all streams: nothing in it outlives a call. */
const BAND_GAINS = new StaticArray<f32>(BANDS);
const BIN_GAINS = new StaticArray<f32>(BINS_PADDED);

/**
 * spectrum[k] *= gains[k].
 * @param spectrum 481 (re, im) pairs and padding
 * @param gains 481 f32 and padding
 */
export function scaleBins(spectrum: usize, gains: usize): void {
  for (let k: usize = 0; k < BINS_BYTES; k += 16) {
    const g = v128.load(gains + k);
    const at = spectrum + (k << 1);
    v128.store(at, f32x4.mul(v128.shuffle<f32>(g, g, 0, 0, 1, 1), v128.load(at)));
    v128.store(at + 16, f32x4.mul(v128.shuffle<f32>(g, g, 2, 2, 3, 3), v128.load(at, 16)));
  }
}

/**
 * spectrum *= w (g c m), g c m spread over the bins.
 * @param gains, levels, makeUp g, c and m of 34 bands
 * @param weights w of 481 bins and padding
 * @param spectrum 481 (re, im) pairs and padding
 */
export function applyGains(gains: usize, levels: usize, makeUp: usize, weights: usize, spectrum: usize): void {
  const bands = changetype<usize>(BAND_GAINS);
  const bins = changetype<usize>(BIN_GAINS);
  for (let b: usize = 0; b < BANDS_BYTES; b += 4) {
    store<f32>(bands + b, load<f32>(gains + b) * load<f32>(levels + b) * load<f32>(makeUp + b));
  }
  interpolate(bands, bins);
  for (let k: usize = 0; k < BINS_BYTES; k += 16) {
    v128.store(bins + k, f32x4.mul(v128.load(bins + k), v128.load(weights + k)));
  }
  scaleBins(spectrum, bins);
}
