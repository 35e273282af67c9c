import { expect, it } from 'vitest';
import { bench } from '../../helpers/bench';

/** Periods to the sample. */
const probe = bench<{
  refine(window: number, lag: number): number;
  future(window: number, period: number): number;
}>(`
import { futurePeriod, refinePeriod } from './assembly/pitch/refine';
export function refine(window: usize, lag: i32): i32 { return refinePeriod(window, lag); }
export function future(window: usize, period: i32): i32 { return futurePeriod(window, period); }
`);

it('the refinement finds the periods of both sides to the sample', () => {
  for (const period of [60, 61, 123, 250, 479, 798, 800]) {
    for (let i = 0; i < 5920; i++) {
      probe.f32[i] = 0;
      for (let k = 1; k < 8; k++) probe.f32[i]! += Math.cos((2 * Math.PI * k * i) / period + k * k) / k;
    }
    const lag = Math.min(200, Math.max(15, Math.round(period / 4)));
    expect(probe.core.refine(probe.address(4000), lag)).toBe(period);
    for (const off of [-3, 0, 3])
      expect(probe.core.future(probe.address(4000), Math.max(60, Math.min(800, period + off)))).toBe(period);
  }
});
