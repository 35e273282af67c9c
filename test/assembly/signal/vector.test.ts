import { expect, it } from 'vitest';
import { bench } from '../../helpers/bench';

/** Sums over vectors. */
const probe = bench<{
  product(a: number, b: number, n: number): number;
}>(`
import { dot } from './assembly/signal/vector';
export function product(a: usize, b: usize, n: i32): f32 { return dot(a, b, n); }
`);

it('the dot product agrees with double precision for every multiple of four', () => {
  const a = probe.fill(0, 968);
  const b = probe.fill(1001, 968);
  for (const n of [4, 8, 12, 240, 480, 964, 968]) {
    let expected = 0;
    for (let i = 0; i < n; i++) expected += a[i]! * b[i]!;
    expect(Math.abs(probe.core.product(probe.address(0), probe.address(1001), n) - expected)).toBeLessThan(2e-5);
  }
});
