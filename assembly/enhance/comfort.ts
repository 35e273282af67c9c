/**
 * Comfort floor: what nobody hears is left alone.
 *
 * No band below 3 kHz is pushed below -100 dBFS, none above below -110 dBFS, and none is raised. A recording's own faint floor stays,
 * so a clean voice keeps its pauses as they were and does not fall into digital silence between words. The hiss above 3 kHz is what
 * listeners rate as noise, and adds little to the floor they expect.
 */
import { BANDS_BYTES, FRAME } from '../constants';
import { COMFORT_HIGH_BAND, COMFORT_LEVEL, COMFORT_LEVEL_HIGH } from '../settings';

/** Byte offset of the first band with the lower floor. */
const HIGH: usize = (COMFORT_HIGH_BAND as usize) << 2;
/** The levels as energies of an unnormalised spectrum. */
const COMFORT: f32 = COMFORT_LEVEL * (FRAME as f32) * (FRAME as f32);
const COMFORT_HIGH: f32 = COMFORT_LEVEL_HIGH * (FRAME as f32) * (FRAME as f32);

/**
 * Raises gains to min(1, comfort level / level of the band). Real-time safe.
 * @param gains 34 gains, 0..1
 * @param energies 34 band energies of the noisy frame
 */
export function comfortFloor(gains: usize, energies: usize): void {
  for (let b: usize = 0; b < BANDS_BYTES; b += 4) {
    const comfort = b < HIGH ? COMFORT : COMFORT_HIGH;
    const quiet = Mathf.sqrt(comfort / max(load<f32>(energies + b), comfort));
    store<f32>(gains + b, max(load<f32>(gains + b), quiet));
  }
}
