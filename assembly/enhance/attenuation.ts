/** How far a frame may be taken down: by the strength that is asked for, and by floors under its bands. Real-time safe. */
import { BANDS_BYTES } from '../constants';

/** Keeps quotients of gains from being 0 / 0. */
const TINY: f32 = 1e-20;

/**
 * Strength 1 is all that was decided; 0 leaves the frame as it is.
 * @param decided 34 strengths of the comb filter, 0..1
 * @param strength 0..1
 * @param strengths receives 34: those decided, times `strength`
 * @param floors receives 34: gains of 1 - strength
 */
export function attenuate(decided: usize, strength: f32, strengths: usize, floors: usize): void {
  for (let b: usize = 0; b < BANDS_BYTES; b += 4) {
    store<f32>(floors + b, 1 - strength);
    store<f32>(strengths + b, strength * load<f32>(decided + b));
  }
}

/**
 * No gain is below its floor, and no bin shall be.
 * @param decided 34 gains, 0..1
 * @param floors 34 gains
 * @param gains receives 34: the higher of the two
 * @param least receives 34: weights that take the gain down to the floor
 */
export function holdFloors(decided: usize, floors: usize, gains: usize, least: usize): void {
  for (let b: usize = 0; b < BANDS_BYTES; b += 4) {
    const floor = load<f32>(floors + b);
    const gain = max(floor, load<f32>(decided + b));
    store<f32>(gains + b, gain);
    store<f32>(least + b, floor / (gain + TINY));
  }
}
