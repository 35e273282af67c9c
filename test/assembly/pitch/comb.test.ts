import { describe, expect, it } from 'vitest';
import { bench } from '../../helpers/bench';

/** The comb filter against its sum in double precision. */
const probe = bench<{
  comb(window: number, past: number, future: number, out: number): void;
  noise(future: number): number;
  refine(window: number, lag: number): number;
  future(window: number, period: number): number;
}>(`
import { combFilter, combNoise } from './assembly/pitch/comb';
import { futurePeriod, refinePeriod } from './assembly/pitch/refine';
export function comb(window: usize, past: i32, future: i32, out: usize): void { combFilter(window, past, future, out); }
export function noise(future: i32): f32 { return combNoise(future); }
export function refine(window: usize, lag: i32): i32 { return refinePeriod(window, lag); }
export function future(window: usize, period: i32): i32 { return futurePeriod(window, period); }
`);

describe('comb filter', () => {
  const WINDOW_AT = 4000;

  it.each([
    [60, 60],
    [97, 101],
    [240, 237],
    [318, 320],
    [321, 324],
    [480, 479],
    [484, 481],
    [800, 796],
  ])('is the sum of its taps, without the frame itself, at periods of %i and %i', (past, future) => {
    const x = probe.fill(0, 4000 + 960 + 960);
    probe.core.comb(probe.address(WINDOW_AT), past, future, probe.address(8000));
    const weight = (k: number) => 0.5 + 0.5 * Math.cos((Math.PI * k) / 4);
    const taps: [number, number][] = [];
    for (let k = 1; k <= 3; k++) {
      taps.push([-k * past, weight(k)]);
      if (k * future <= 960) taps.push([k * future, weight(k)]);
    }
    const sum = taps.reduce((s, [, w]) => s + w, 0);
    for (let n = 0; n < 960; n++) {
      const p = taps.reduce((s, [at, w]) => s + (w / sum) * x[WINDOW_AT + n + at]!, 0);
      expect(Math.abs(probe.f32[8000 + n]! - p)).toBeLessThan(1e-6);
    }
    const squares = taps.reduce((s, [, w]) => s + (w / sum) ** 2, 0);
    expect(probe.core.noise(future)).toBeCloseTo(squares, 6);
  });

  it('lowers noise between harmonics by 6.53 dB with all taps', () => {
    expect(10 * Math.log10(probe.core.noise(100))).toBeCloseTo(-6.53, 2);
  });

  it('follows a voice whose period grows, which one period for both sides does not', () => {
    // A chirp of pulses: cycle number c(t) = t / 200 - t^2 / 4e6, so that the period is 200 at the middle of the window and longer later.
    const cycles = (n: number) => n / 200 - (n * n) / 4e6;
    for (let i = 0; i < 5920; i++) {
      probe.f32[i] = 0;
      for (let k = 1; k < 8; k++) probe.f32[i]! += Math.cos(2 * Math.PI * k * cycles(i - WINDOW_AT - 480)) / k;
    }
    const past = probe.core.refine(probe.address(WINDOW_AT), 50);
    const future = probe.core.future(probe.address(WINDOW_AT), past);
    expect(future).toBeGreaterThan(past);
    const error = () => {
      let sum = 0;
      for (let n = 0; n < 960; n++) sum += (probe.f32[8000 + n]! - probe.f32[WINDOW_AT + n]!) ** 2;
      return sum;
    };
    probe.core.comb(probe.address(WINDOW_AT), past, past, probe.address(8000));
    const one = error();
    probe.core.comb(probe.address(WINDOW_AT), past, future, probe.address(8000));
    expect(error()).toBeLessThan(0.8 * one);
  });

  it('lets a periodic signal through untouched', () => {
    for (let i = 0; i < 5920; i++)
      probe.f32[i] = Math.sin((2 * Math.PI * i) / 200) + 0.5 * Math.cos((2 * Math.PI * 7 * i) / 200);
    probe.core.comb(probe.address(WINDOW_AT), 200, 200, probe.address(8000));
    for (let n = 0; n < 960; n++) expect(Math.abs(probe.f32[8000 + n]! - probe.f32[WINDOW_AT + n]!)).toBeLessThan(1e-5);
  });
});
