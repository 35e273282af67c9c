/** Pitch coherence: how alike a signal and its comb-filtered self are in each band. */

import { BANDS_BYTES } from '../constants';
import { bandProducts } from '../signal/erb';

/** Keeps the quotient finite in silent bands: -140 dB below a full-scale band. */
const SILENCE: f32 = 1e-9;

/**
 * q_b = Re[p_b^H y_b] / (||p_b|| ||y_b||), -1..1. Real-time safe.
 * @param spectrum, comb spectra y and p, 481 (re, im) pairs each
 * @param energy, combEnergy their 34 band energies
 * @param coherence 34 f32 out
 */
export function pitchCoherence(spectrum: usize, comb: usize, energy: usize, combEnergy: usize, coherence: usize): void {
  bandProducts(spectrum, comb, coherence);
  for (let b: usize = 0; b < BANDS_BYTES; b += 4) {
    const product = load<f32>(energy + b) * load<f32>(combEnergy + b);
    const q = load<f32>(coherence + b) / (Mathf.sqrt(product) + SILENCE);
    store<f32>(coherence + b, min<f32>(1, max<f32>(-1, q)));
  }
}
