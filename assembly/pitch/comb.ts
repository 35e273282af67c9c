/**
 * Comb filter tuned to the pitch: the frame as the periods around it tell it,
 *
 *   p(n) = SUM_k w_k (y(n - k T) + y(n + k T')),   k = 1..3,   w_k ~ 0.5 + 0.5 cos(pi k / 4),   SUM of all weights = 1
 *
 * with a period T of the past and T' of the future. y(n) itself is no part of it: its noise would pass, and how much of y(n) is kept is
 * said by the strength (docs/decisions/comb.md). Taps that would need more future than the look-ahead holds are left out and the rest
 * is renormalised.
 */
import { COMB_FUTURE, COMB_PERIODS, WINDOW_BYTES } from '../constants';

const HANN = new StaticArray<f32>(COMB_PERIODS + 1);
for (let k = 1; k <= COMB_PERIODS; k++) {
  unchecked((HANN[k] = (0.5 + 0.5 * Math.cos((Math.PI * (k as f64)) / ((COMB_PERIODS + 1) as f64))) as f32));
}

/** Periods of future that the look-ahead holds, 1..3. */
function futurePeriods(future: i32): i32 {
  return min(COMB_PERIODS, COMB_FUTURE / future);
}

/** Sum of the weights of the first `count` periods of one side. */
function weightOf(count: i32): f32 {
  let sum: f32 = 0;
  for (let k = 1; k <= count; k++) sum += unchecked(HANN[k]);
  return sum;
}

/**
 * Filters a window of 960 samples. Real-time safe.
 * @param window first of 960 f32 with 3 periods of past before and 960 samples of future after them
 * @param past, future T and T' in samples, MIN_PERIOD..MAX_PERIOD
 * @param target 960 f32, apart from the source
 */
export function combFilter(window: usize, past: i32, future: i32, target: usize): void {
  const ahead = futurePeriods(future);
  const scale: f32 = 1 / (weightOf(COMB_PERIODS) + weightOf(ahead));
  for (let i: usize = 0; i < WINDOW_BYTES; i += 64) {
    let a = f32x4.splat(0);
    let b = a;
    let c = a;
    let d = a;
    const first = window + i;
    for (let k = -ahead; k <= COMB_PERIODS; k++) {
      if (k == 0) continue;
      const tap = first - ((k * (k < 0 ? future : past)) << 2);
      const weight = f32x4.splat(scale * unchecked(HANN[k < 0 ? -k : k]));
      a = f32x4.add(a, f32x4.mul(weight, v128.load(tap)));
      b = f32x4.add(b, f32x4.mul(weight, v128.load(tap, 16)));
      c = f32x4.add(c, f32x4.mul(weight, v128.load(tap, 32)));
      d = f32x4.add(d, f32x4.mul(weight, v128.load(tap, 48)));
    }
    v128.store(target + i, a);
    v128.store(target + i, b, 16);
    v128.store(target + i, c, 32);
    v128.store(target + i, d, 48);
  }
}

/** s2 = the sum of the squared weights of the taps really used: the share of noise power that passes. Real-time safe. */
export function combNoise(future: i32): f32 {
  const ahead = futurePeriods(future);
  let squares: f32 = 0;
  for (let k = 1; k <= COMB_PERIODS; k++) {
    const w = unchecked(HANN[k]);
    squares += w * w * (k <= ahead ? <f32>2 : <f32>1);
  }
  const sum = weightOf(COMB_PERIODS) + weightOf(ahead);
  return squares / (sum * sum);
}
