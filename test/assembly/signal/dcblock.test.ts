import { expect, it } from 'vitest';
import { bench } from '../../helpers/bench';
import { blocked, noise } from '../../helpers/signals';

/** The DC blocker. */
const probe = bench<{
  block(a: number, b: number, n: number): void;
  reset(): void;
}>(`
import { DcBlocker } from './assembly/signal/dcblock';
const blocker = new DcBlocker();
export function block(a: usize, b: usize, n: i32): void { blocker.process(a, b, n); }
export function reset(): void { blocker.reset(); }
`);

it('the DC blocker is its formula, in blocks of any length, from the start and after a reset', () => {
  const x = noise(1200, 1).map((v) => v + 0.5);
  const expected = blocked(x);
  for (const length of [4, 12, 480, 1200]) {
    probe.core.reset();
    probe.f32.set(x);
    for (let at = 0; at < x.length; at += length)
      probe.core.block(probe.address(at), probe.address(2000 + at), Math.min(length, x.length - at));
    expect(Math.max(...expected.map((v, n) => Math.abs(probe.f32[2000 + n]! - v)))).toBeLessThan(2e-7);
  }
});

it('the DC blocker takes DC away and turns 100 Hz by less than 0.7 degrees', () => {
  probe.core.reset();
  // A second in two calls: exp(-2 pi) of the step is left.
  for (const from of [0, 24000]) {
    probe.f32.fill(0.5, 0, 24000);
    probe.core.block(probe.address(0), probe.address(0), 24000);
    expect(probe.f32[23999]! / 0.5).toBeCloseTo(Math.exp((-2 * Math.PI * (from + 24000)) / 48000), 4);
  }
  const x = Float64Array.from({ length: 24000 }, (_, n) => Math.sin((2 * Math.PI * 100 * n) / 48000));
  // What the step left has died away after five halves of a second.
  for (let half = 0; half < 6; half++) {
    probe.f32.set(x);
    probe.core.block(probe.address(0), probe.address(0), 24000);
  }
  let error = 0;
  for (let n = 9600; n < 24000; n++) error = Math.max(error, Math.abs(probe.f32[n]! - x[n]!));
  expect(error).toBeLessThan(2 * Math.sin((0.7 / 2) * (Math.PI / 180)));
});
