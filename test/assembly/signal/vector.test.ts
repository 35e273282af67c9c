import { expect, it } from 'vitest';
import { bench } from '../../helpers/bench';

/** Sums over vectors, and four bins at a time. */
const probe = bench<{
  product(a: number, b: number, n: number): number;
  bins(a: number, b: number, out: number): void;
}>(`
import { binImaginaries, binProducts, binReals, binTurns, dot, storeBins } from './assembly/signal/vector';
export function product(a: usize, b: usize, n: i32): f32 { return dot(a, b, n); }
export function bins(a: usize, b: usize, out: usize): void {
  storeBins(out, binProducts(a, b), binTurns(a, b));
  storeBins(out + 32, binReals(a), binImaginaries(b));
}
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

it('conj(a) b of four bins, and their parts taken apart and put together', () => {
  const a = probe.fill(0, 8);
  const b = probe.fill(1001, 8);
  probe.core.bins(probe.address(0), probe.address(1001), probe.address(2000));
  const out = probe.f32.subarray(2000, 2016);
  for (let re = 0; re < 8; re += 2) {
    const im = re + 1;
    expect(out[re]).toBeCloseTo(a[re]! * b[re]! + a[im]! * b[im]!, 6);
    expect(out[im]).toBeCloseTo(a[re]! * b[im]! - a[im]! * b[re]!, 6);
    expect([out[8 + re], out[8 + im]]).toEqual([a[re], b[im]]);
  }
});
