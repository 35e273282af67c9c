/**
 * Comfort floor: what nobody hears is left alone.
 *
 * No band below 3 kHz is pushed below -100 dBFS, none above below -110 dBFS, and none is raised. A recording's own faint floor stays,
 * so a clean voice keeps its pauses as they were and does not fall into digital silence between words. The hiss above 3 kHz is what
 * listeners rate as noise, and adds little to the floor they expect.
 */
import { BANDS_BYTES, UNIT_ENERGY } from '../constants';
import { COMFORT_HIGH_BAND, COMFORT_LEVEL, COMFORT_LEVEL_HIGH } from '../settings';

/** Byte offset of the first band with the lower floor. */
const HIGH: usize = (COMFORT_HIGH_BAND as usize) << 2;
/** The levels as energies of an unnormalised spectrum. */
const COMFORT: f32 = COMFORT_LEVEL * UNIT_ENERGY;
const COMFORT_HIGH: f32 = COMFORT_LEVEL_HIGH * UNIT_ENERGY;

/** Keeps quotients of gains from being 0 / 0. */
const TINY: f32 = 1e-20;

/**
 * min(1, comfort level / level of the band). Real-time safe.
 * @param energies 34 band energies of the noisy frame
 * @param floors receives 34 gains
 */
export function comfortFloor(energies: usize, floors: usize): void {
  for (let b: usize = 0; b < BANDS_BYTES; b += 4) {
    const comfort = b < HIGH ? COMFORT : COMFORT_HIGH;
    store<f32>(floors + b, Mathf.sqrt(comfort / max(load<f32>(energies + b), comfort)));
  }
}

/**
 * No gain is below its floor, and no bin shall be. Real-time safe.
 * @param decided 34 gains, 0..1
 * @param floors 34 gains
 * @param gains receives 34: the higher of the two
 * @param floorWeights receives 34: weights that take the gain down to the floor
 */
export function holdFloors(decided: usize, floors: usize, gains: usize, floorWeights: usize): void {
  for (let b: usize = 0; b < BANDS_BYTES; b += 4) {
    const floor = load<f32>(floors + b);
    const gain = max(floor, load<f32>(decided + b));
    store<f32>(gains + b, gain);
    store<f32>(floorWeights + b, floor / (gain + TINY));
  }
}
