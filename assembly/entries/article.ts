/** Entry of the page of the article: recordings, and what it draws, shapes of the bands and taps of the comb filter. */
import { BANDS, BINS_PADDED, COMB_PERIODS, MAX_PERIOD, MIN_PERIOD, WINDOW } from '../constants';
import { combFilter, combNoise } from '../pitch/comb';

import { interpolate } from '../signal/erb';

export * from './recording';

const ONE_HOT = new StaticArray<f32>(BANDS);
const SHAPE = new StaticArray<f32>(BINS_PADDED);

/** 481 f32: how much the gain of one band counts in each bin of 50 Hz. */
export function bandShape(band: i32): usize {
  for (let b = 0; b < BANDS; b++) unchecked((ONE_HOT[b] = b == band ? 1 : 0));
  interpolate(changetype<usize>(ONE_HOT), changetype<usize>(SHAPE));
  return changetype<usize>(SHAPE);
}

const REACH: i32 = COMB_PERIODS * MAX_PERIOD;
const SIGNAL = new StaticArray<f32>(2 * REACH + WINDOW);
const FILTERED = new StaticArray<f32>(WINDOW);
const TAPS = new StaticArray<f32>(2 * COMB_PERIODS + 1);

/**
 * 7 f32: weights of y(n - k T), k = -3..3, in the mixture (1 - r) y + r p that lets the least noise through, r = 1 / (1 + s2). Those of
 * the comb filter p are heard from its answers to impulses.
 */
export function combTaps(period: i32): usize {
  period = max(MIN_PERIOD, min(MAX_PERIOD, period));
  const strength: f32 = <f32>1 / (<f32>1 + combNoise(period));
  const signal = changetype<usize>(SIGNAL);
  for (let k = -COMB_PERIODS; k <= COMB_PERIODS; k++) {
    const at = REACH - k * period;
    unchecked((SIGNAL[at] = 1));
    combFilter(signal + ((REACH as usize) << 2), period, period, changetype<usize>(FILTERED));
    unchecked((SIGNAL[at] = 0));
    unchecked((TAPS[k + COMB_PERIODS] = strength * FILTERED[0]));
  }
  unchecked((TAPS[COMB_PERIODS] = 1 - strength));
  return changetype<usize>(TAPS);
}
