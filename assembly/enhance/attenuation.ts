/** How much of what was decided the listener gets. Real-time safe. */
import { BANDS_BYTES, BINS_BYTES } from '../constants';

/**
 * spectrum = (1 - strength) Y + strength E: no band falls below 1 - strength, and what is kept of a voice stays as it is.
 * @param noisy Y, 481 (re, im) pairs and padding
 * @param strength 0..1
 * @param spectrum E, laid out as Y
 * @param gains, strengths of 34 bands, 0..1: become those of the blend
 */
export function attenuate(noisy: usize, strength: f32, spectrum: usize, gains: usize, strengths: usize): void {
  if (strength == 1) return;
  const share = f32x4.splat(strength);
  for (let at: usize = 0; at < 2 * BINS_BYTES; at += 16) {
    const y = v128.load(noisy + at);
    v128.store(spectrum + at, f32x4.add(y, f32x4.mul(share, f32x4.sub(v128.load(spectrum + at), y))));
  }
  for (let b: usize = 0; b < BANDS_BYTES; b += 4) {
    store<f32>(gains + b, 1 - strength + strength * load<f32>(gains + b));
    store<f32>(strengths + b, strength * load<f32>(strengths + b));
  }
}
