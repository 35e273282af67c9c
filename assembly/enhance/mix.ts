/** The comb filter's share of a frame. Real-time safe. */
import { BANDS_BYTES, BINS_BYTES, BINS_PADDED } from '../constants';
import { COMB_MOST_RESTORED } from '../settings';
import { interpolate } from '../signal/erb';

/** Keeps quotients of silence finite. */
const TINY: f32 = 1e-20;

/** Scratch shared by all streams: nothing in it outlives a call. */
const BIN_STRENGTHS = new StaticArray<f32>(BINS_PADDED);

/** Four values of y + r (p - y). */
function blend(y: usize, p: usize, target: usize, r: v128): void {
  const noisy = v128.load(y);
  v128.store(target, f32x4.add(noisy, f32x4.mul(r, f32x4.sub(v128.load(p), noisy))));
}

/**
 * Z = (1 - r) Y + r P.
 * @param noisy, comb Y and P, 481 (re, im) pairs and padding each
 * @param strengths r of 34 bands, 0..1
 * @param mixed receives Z, laid out as Y
 */
export function mixComb(noisy: usize, comb: usize, strengths: usize, mixed: usize): void {
  const bins = changetype<usize>(BIN_STRENGTHS);
  interpolate(strengths, bins);
  for (let k: usize = 0; k < BINS_BYTES; k += 16) {
    const r = v128.load(bins + k);
    const at = k << 1;
    blend(noisy + at, comb + at, mixed + at, v128.shuffle<f32>(r, r, 0, 0, 1, 1));
    blend(noisy + at + 16, comb + at + 16, mixed + at + 16, v128.shuffle<f32>(r, r, 2, 2, 3, 3));
  }
}

/**
 * c_b = ||y_b|| / ||z_b||: the comb filter must not change the level of a band. Where Y and P cancel there is nothing to restore, so c is
 * bounded.
 * @param energy, mixedEnergy 34: ||y_b||^2 and ||z_b||^2
 * @param levels receives 34
 */
export function restoreLevels(energy: usize, mixedEnergy: usize, levels: usize): void {
  for (let b: usize = 0; b < BANDS_BYTES; b += 4) {
    const ratio = load<f32>(energy + b) / (load<f32>(mixedEnergy + b) + TINY);
    store<f32>(levels + b, Mathf.sqrt(min<f32>(COMB_MOST_RESTORED, ratio)));
  }
}
