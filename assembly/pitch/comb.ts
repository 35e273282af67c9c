/**
 * Comb filter tuned to the pitch: p(n) = SUM_k w_k y(n - k T), k = -5..5, w_k ~ 0.5 + 0.5 cos(pi k / 6), SUM w_k = 1.
 * Taps that would need more future than the look-ahead holds are left out and the rest is renormalised.
 */
import { COMB_FUTURE, COMB_PERIODS, WINDOW_BYTES } from '../constants';

const HANN = new StaticArray<f32>(COMB_PERIODS + 1);
for (let k = 0; k <= COMB_PERIODS; k++) {
  unchecked((HANN[k] = (0.5 + 0.5 * Math.cos((Math.PI * (k as f64)) / ((COMB_PERIODS + 1) as f64))) as f32));
}

/** Periods of future that the look-ahead holds. */
function futurePeriods(period: i32): i32 {
  return min(COMB_PERIODS, COMB_FUTURE / period);
}

/**
 * Filters a window of 960 samples. Real-time safe.
 * @param window first of 960 f32 with 5 periods of past before and 960 samples of future after them
 * @param target 960 f32, apart from the source
 */
export function combFilter(window: usize, period: i32, target: usize): void {
  const future = futurePeriods(period);
  let sum: f32 = 0;
  for (let k = -future; k <= COMB_PERIODS; k++) sum += unchecked(HANN[k < 0 ? -k : k]);
  const scale: f32 = 1 / sum;
  const step = (period as usize) << 2;
  const first = window + (future as usize) * step;
  for (let i: usize = 0; i < WINDOW_BYTES; i += 64) {
    let a = f32x4.splat(0);
    let b = a;
    let c = a;
    let d = a;
    let tap = first + i;
    for (let k = -future; k <= COMB_PERIODS; k++) {
      const weight = f32x4.splat(scale * unchecked(HANN[k < 0 ? -k : k]));
      a = f32x4.add(a, f32x4.mul(weight, v128.load(tap)));
      b = f32x4.add(b, f32x4.mul(weight, v128.load(tap, 16)));
      c = f32x4.add(c, f32x4.mul(weight, v128.load(tap, 32)));
      d = f32x4.add(d, f32x4.mul(weight, v128.load(tap, 48)));
      tap -= step;
    }
    v128.store(target + i, a);
    v128.store(target + i, b, 16);
    v128.store(target + i, c, 32);
    v128.store(target + i, d, 48);
  }
}

/** s2 = SUM w_k^2 of the taps really used: the share of noise power that passes. Real-time safe. */
export function combNoise(period: i32): f32 {
  const future = futurePeriods(period);
  let sum: f32 = 0;
  let squares: f32 = 0;
  for (let k = -future; k <= COMB_PERIODS; k++) {
    const w = unchecked(HANN[k < 0 ? -k : k]);
    sum += w;
    squares += w * w;
  }
  return squares / (sum * sum);
}
