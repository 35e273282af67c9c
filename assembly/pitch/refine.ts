/**
 * Period at 48 kHz near a lag found at 12 kHz: the maximum of the normalised cross-correlation
 * SUM y(n) y(n - T) / sqrt(SUM y(n - T)^2) over the window in decision.
 */
import { MAX_PERIOD, MIN_PERIOD, WINDOW } from '../constants';
import { dot } from '../signal/vector';
import { correlateBlock, DECIMATION, LAG_BLOCK } from './search';

/** Correlations of all candidates, whole blocks. */
const CORRELATIONS = new StaticArray<f32>(2 * DECIMATION + 1 + LAG_BLOCK);

/**
 * Period in samples, MIN_PERIOD..MAX_PERIOD. Real-time safe.
 * @param window 960 f32 with MAX_PERIOD + 3 samples of past before them
 * @param lag coarse lag in 12 kHz samples
 */
export function refinePeriod(window: usize, lag: i32): i32 {
  const centre = lag * DECIMATION;
  const from = max(MIN_PERIOD, centre - DECIMATION);
  const to = min(MAX_PERIOD, centre + DECIMATION);
  let past = window - ((from as usize) << 2);
  for (let i = 0; i <= to - from; i += LAG_BLOCK) {
    v128.store(changetype<usize>(CORRELATIONS) + (i << 2), correlateBlock(window, past - (i << 2), WINDOW));
  }
  let energy = dot(past, past, WINDOW);
  let best = centre;
  let bestScore: f32 = -1e30;
  for (let period = from; period <= to; period++) {
    const score = unchecked(CORRELATIONS[period - from]) / Mathf.sqrt(energy + 1e-9);
    if (score > bestScore) {
      bestScore = score;
      best = period;
    }
    const leaving = load<f32>(past + ((WINDOW - 1) << 2));
    past -= 4;
    const entering = load<f32>(past);
    energy = max<f32>(0, energy + entering * entering - leaving * leaving);
  }
  return best;
}
