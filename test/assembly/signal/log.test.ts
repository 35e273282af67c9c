import { expect, it } from 'vitest';
import { bench } from '../../helpers/bench';

const probe = bench<{ log2(x: number, y: number): void }>(`
import { log2x4 } from './assembly/signal/log';
export function log2(x: usize, y: usize): void { v128.store(y, log2x4(v128.load(x))); }
`);

it('log2x4 follows log2 over all that powers of bins can be, and is exact at powers of two', () => {
  const wrong: number[] = [];
  for (let e = -120; e < 120; e += 0.013) {
    const x = Math.fround(2 ** e);
    probe.f32.set([x, 1, 2 ** Math.round(e), x * 1.5]);
    probe.core.log2(probe.address(0), probe.address(4));
    const [y, zero, whole, higher] = probe.f32.subarray(4, 8) as unknown as [number, number, number, number];
    const right =
      Math.abs(y - Math.log2(x)) < 3e-7 + 1.2e-7 * Math.abs(e) &&
      Object.is(zero, 0) &&
      Object.is(whole, Math.round(e) + 0) &&
      Math.abs(higher - Math.log2(Math.fround(x * 1.5))) < 3e-7 + 1.2e-7 * (Math.abs(e) + 1);
    if (!right) wrong.push(x);
  }
  expect(wrong).toEqual([]);
});
