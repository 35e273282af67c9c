/**
 * Envelope post-filter with global gain compensation (arXiv 2008.04259, section 5): a step of the article's ladder. Networks that were taught without it
 * lose by it, so the suppressor has it off (training/EXPERIMENTS.md, "Voices of everywhere").
 *
 *   g^w_b = g_b sin(pi/2 g_b),   G = sqrt((1 + beta) R / (1 + beta R^2)),   R = E0 / E1
 *
 * E0 and E1 are the frame's energies with g and with g^w. Bands that are still noisy are attenuated further and the level of the frame is given
 * back, by 5.57 dB at the most.
 */
import { BANDS_BYTES } from '../constants';
import { POST_FILTER_BETA as BETA } from '../settings';

const TINY: f32 = 1e-20;

/** sin(pi/2 x) for x in [0, 1]; odd Taylor polynomial to x^9, error below 4e-6. */
function quarterSine(x: f32): f32 {
  const y: f32 = x * 1.57079632679;
  const z = y * y;
  return y * (1 + z * (-0.166666667 + z * (0.00833333333 + z * (-0.000198412698 + z * 0.00000275573192))));
}

/**
 * Replaces 34 gains (0..1) by G g^w. Real-time safe.
 * @param energies 34 band energies of the noisy frame
 */
export function postFilter(gains: usize, energies: usize): void {
  let e0: f32 = 0;
  let e1: f32 = 0;
  for (let b: usize = 0; b < BANDS_BYTES; b += 4) {
    const g = load<f32>(gains + b);
    const e = load<f32>(energies + b);
    const w = g * quarterSine(g);
    e0 += g * g * e;
    e1 += w * w * e;
    store<f32>(gains + b, w);
  }
  if (e1 <= TINY) return;
  const ratio = e0 / e1;
  const gain = Mathf.sqrt(((1 + BETA) * ratio) / (1 + BETA * ratio * ratio));
  for (let b: usize = 0; b < BANDS_BYTES; b += 4) store<f32>(gains + b, gain * load<f32>(gains + b));
}
