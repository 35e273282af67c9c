/**
 * Comfort floor: what nobody hears is left alone.
 *
 * No band is pushed below -105 dBFS (about -90 dBFS over all bands), and none is raised. A recording's own faint floor stays, so a
 * clean voice keeps its pauses as they were and does not fall into digital silence between words.
 */
import { BANDS_BYTES, FRAME } from '../constants';

/** Energy of an unnormalised spectrum in a band at -105 dBFS. */
const COMFORT: f32 = <f32>3e-11 * (FRAME as f32) * (FRAME as f32);

/**
 * Raises gains to min(1, comfort level / level of the band). Real-time safe.
 * @param gains 34 gains, 0..1
 * @param energies 34 band energies of the noisy frame
 */
export function comfortFloor(gains: usize, energies: usize): void {
  for (let b: usize = 0; b < BANDS_BYTES; b += 4) {
    const quiet = Mathf.sqrt(COMFORT / max(load<f32>(energies + b), COMFORT));
    store<f32>(gains + b, max(load<f32>(gains + b), quiet));
  }
}
