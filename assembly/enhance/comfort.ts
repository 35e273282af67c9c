/**
 * Comfort floor: what nobody hears is left alone.
 *
 * No band below 3 kHz is pushed below -100 dBFS, none above below -110 dBFS, and none is raised. A recording's own faint floor stays,
 * so a clean voice keeps its pauses as they were and does not fall into digital silence between words. The hiss above 3 kHz is what
 * listeners rate as noise, and adds little to the floor they expect (training/EXPERIMENTS.md).
 */
import { BANDS_BYTES, FRAME } from '../constants';

/** Byte offset of the first band from 3 kHz on. */
const HIGH: usize = 17 << 2;
/** Energies of an unnormalised spectrum in a band at -100 and -110 dBFS. */
const COMFORT: f32 = <f32>1e-10 * (FRAME as f32) * (FRAME as f32);
const COMFORT_HIGH: f32 = <f32>1e-11 * (FRAME as f32) * (FRAME as f32);

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
