import { describe, expect, it } from 'vitest';
import { bench } from '../../helpers/bench';

/** The post-filter of the article against its formula. */
const probe = bench<{
  post(gains: number, energies: number): void;
}>(`
import { postFilter } from './assembly/enhance/postfilter';
export function post(gains: usize, energies: usize): void { postFilter(gains, energies); }
`);

describe('envelope post-filter', () => {
  it('follows its formula', () => {
    const gains = Float64Array.from({ length: 34 }, (_, i) => i / 33);
    const energies = Float64Array.from({ length: 34 }, (_, i) => 1 + 100 * Math.abs(Math.sin(i)));
    gains.forEach((g, i) => {
      probe.f32[i] = g;
    });
    energies.forEach((e, i) => {
      probe.f32[100 + i] = e;
    });
    probe.core.post(probe.address(0), probe.address(100));
    const warped = gains.map((g) => g * Math.sin((Math.PI / 2) * g));
    const e0 = gains.reduce((s, g, i) => s + g * g * energies[i]!, 0);
    const e1 = warped.reduce((s, g, i) => s + g * g * energies[i]!, 0);
    const r = e0 / e1;
    const gain = Math.sqrt((1.02 * r) / (1 + 0.02 * r * r));
    for (let i = 0; i < 34; i++) expect(Math.abs(probe.f32[i]! - gain * warped[i]!)).toBeLessThan(1e-5);
  });

  it('leaves gains of one alone and silence silent', () => {
    for (let i = 0; i < 34; i++) {
      probe.f32[i] = 1;
      probe.f32[100 + i] = 1;
    }
    probe.core.post(probe.address(0), probe.address(100));
    for (let i = 0; i < 34; i++) expect(probe.f32[i]).toBeCloseTo(1, 5);
    probe.f32.fill(0, 0, 300);
    probe.core.post(probe.address(0), probe.address(100));
    for (let i = 0; i < 34; i++) expect(probe.f32[i]).toBe(0);
  });
});
