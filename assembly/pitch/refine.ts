/**
 * Periods at 48 kHz on both sides of the window in decision, near a lag found at 12 kHz: the maxima of the normalised
 * cross-correlation SUM y(n) y(n - T) / sqrt(SUM y(n - T)^2) over the window. A voice that rises or falls has a longer period on one
 * side than on the other.
 */
import { COMB_FUTURE, MAX_PERIOD, MIN_PERIOD, WINDOW } from '../constants';
import { dot } from '../signal/vector';
import { correlateBlock, DECIMATION, LAG_BLOCK } from './search';

if (COMB_FUTURE < MAX_PERIOD) ERROR('LOOKAHEAD is too short: futurePeriod() hears MAX_PERIOD samples after the window');

/** Correlations of all candidates, whole blocks. */
const CORRELATIONS = new StaticArray<f32>(2 * DECIMATION + 1 + LAG_BLOCK);

/** Which of `count` spans, number i lying i samples before `first`, is most like the window. */
function mostAlike(window: usize, first: usize, count: i32): i32 {
  let span = first;
  for (let i = 0; i < count; i += LAG_BLOCK) {
    v128.store(changetype<usize>(CORRELATIONS) + (i << 2), correlateBlock(window, span - (i << 2), WINDOW));
  }
  let energy = dot(span, span, WINDOW);
  let best = 0;
  let bestScore: f32 = -1e30;
  for (let i = 0; i < count; i++) {
    const score = unchecked(CORRELATIONS[i]) / Mathf.sqrt(energy + 1e-9);
    if (score > bestScore) {
      bestScore = score;
      best = i;
    }
    const leaving = load<f32>(span + ((WINDOW - 1) << 2));
    span -= 4;
    const entering = load<f32>(span);
    energy = max<f32>(0, energy + entering * entering - leaving * leaving);
  }
  return best;
}

/**
 * Period of the past in samples, MIN_PERIOD..MAX_PERIOD. Real-time safe.
 * @param window 960 f32 with MAX_PERIOD + 3 samples of past before them
 * @param lag coarse lag in 12 kHz samples
 */
export function refinePeriod(window: usize, lag: i32): i32 {
  const centre = lag * DECIMATION;
  const from = max(MIN_PERIOD, centre - DECIMATION);
  const to = min(MAX_PERIOD, centre + DECIMATION);
  return from + mostAlike(window, window - ((from as usize) << 2), to - from + 1);
}

/**
 * Period of the future in samples, MIN_PERIOD..MAX_PERIOD. Real-time safe.
 * @param window 960 f32 with MAX_PERIOD samples of future after them
 * @param period that of the past
 */
export function futurePeriod(window: usize, period: i32): i32 {
  const from = max(MIN_PERIOD, period - DECIMATION);
  const to = min(MAX_PERIOD, period + DECIMATION);
  return to - mostAlike(window, window + ((to as usize) << 2), to - from + 1);
}
