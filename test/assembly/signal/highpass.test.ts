import { expect, it } from 'vitest';
import { bench } from '../../helpers/bench';

/** The high-pass before the pitch search. */
const probe = bench<{
  highpass(a: number, b: number, n: number): void;
}>(`
import { HighPass } from './assembly/signal/highpass';
const filter = new HighPass(48000);
export function highpass(a: usize, b: usize, n: i32): void { filter.process(a, b, n); }
`);

it('the high-pass takes DC away and is flat from 100 Hz', () => {
  probe.f32.fill(0.5, 0, 24000);
  probe.core.highpass(probe.address(0), probe.address(0), 24000);
  expect(Math.abs(probe.f32[23999]!)).toBeLessThan(1e-5);
  for (const [frequency, low, high] of [
    [10, -30, -20],
    [40, -3.2, -2.8],
    [100, -0.2, 0.01],
    [1000, -0.01, 0.01],
  ] as const) {
    for (let i = 0; i < 24000; i++) probe.f32[i] = Math.sin((2 * Math.PI * frequency * i) / 48000);
    probe.core.highpass(probe.address(0), probe.address(0), 24000);
    let power = 0;
    for (let i = 14400; i < 24000; i++) power += probe.f32[i]! ** 2 / 9600;
    const level = 10 * Math.log10(2 * power);
    expect(level, `${frequency} Hz`).toBeGreaterThan(low);
    expect(level, `${frequency} Hz`).toBeLessThan(high);
  }
});
