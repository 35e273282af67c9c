import { describe, expect, it } from 'vitest';
import { bench } from '../../helpers/bench';
import { naiveBands } from '../../helpers/naive-bands';

/** Bands against their definition in double precision. */
const probe = bench<{
  centre(i: number): number;
  bands(a: number, b: number, out: number): void;
  spread(bands: number, bins: number): void;
}>(`
import { bandProducts, CENTRES, interpolate } from './assembly/signal/erb';
export function centre(i: i32): i32 { return CENTRES[i]; }
export function bands(a: usize, b: usize, out: usize): void { bandProducts(a, b, out); }
export function spread(bands: usize, bins: usize): void { interpolate(bands, bins); }
`);

const centres = (): number[] => Array.from({ length: 34 }, (_, i) => probe.core.centre(i));

describe('bands', () => {
  it('have centres up to 20 kHz, 1.12 ERB apart to the nearest bin, nowhere nearer than 100 Hz', () => {
    const at = centres();
    expect([at[0], at[33]]).toEqual([0, 400]);
    const widths = at.slice(1).map((bin, i) => bin - at[i]!);
    expect(Math.min(...widths)).toBe(2);
    // They grow as the ear's do, in steps of one bin at least.
    for (let i = 1; i < 33; i++) expect(widths[i], `band ${i}`).toBeGreaterThanOrEqual(widths[i - 1]!);
    // ERB = 24.7 (4.37 f / 1 kHz + 1) (Glasberg and Moore 1990); bins of 50 Hz; from where the limit of 100 Hz no longer matters.
    for (let i = at.indexOf(24); i < 33; i++) {
      const erb = (24.7 * (4.37 * 0.05 * at[i]! + 1)) / 50;
      expect(Math.abs(widths[i]! - 1.12 * erb), `band ${i}`).toBeLessThan(0.6);
    }
  });

  it('sum Re[a^H b] under their triangles', () => {
    const a = probe.fill(0, 962);
    const b = probe.fill(1000, 962);
    probe.core.bands(probe.address(0), probe.address(1000), probe.address(2000));
    const expected = naiveBands(centres(), (k) => a[2 * k]! * b[2 * k]! + a[2 * k + 1]! * b[2 * k + 1]!);
    for (let i = 0; i < 34; i++) expect(Math.abs(probe.f32[2000 + i]! - expected[i]!)).toBeLessThan(2e-5);
  });

  it('give constant gains back as constant bins, and hold the last one above 20 kHz', () => {
    for (let i = 0; i < 34; i++) probe.f32[i] = 0.3;
    probe.core.spread(probe.address(0), probe.address(100));
    for (let k = 0; k < 481; k++) expect(probe.f32[100 + k]).toBeCloseTo(0.3, 6);
    for (let i = 0; i < 34; i++) probe.f32[i] = i;
    probe.core.spread(probe.address(0), probe.address(100));
    for (let i = 0; i < 34; i++) expect(probe.f32[100 + probe.core.centre(i)]).toBeCloseTo(i, 5);
    for (let k = 400; k < 481; k++) expect(probe.f32[100 + k]).toBe(33);
  });
});
