import { expect, it } from 'vitest';
import { bench } from '../../helpers/bench';

/** How alike two spectra are in each band. */
const probe = bench<{
  bands(a: number, b: number, out: number): void;
  coherence(y: number, p: number, ey: number, ep: number, out: number): void;
}>(`
import { pitchCoherence } from './assembly/pitch/coherence';
import { bandProducts } from './assembly/signal/erb';
export function bands(a: usize, b: usize, out: usize): void { bandProducts(a, b, out); }
export function coherence(y: usize, p: usize, ey: usize, ep: usize, out: usize): void { pitchCoherence(y, p, ey, ep, out); }
`);

/** Of the spectra at two places, whose band energies are at two others, into a fifth. */
const coherence = (...places: [y: number, p: number, ey: number, ep: number, out: number]): void =>
  probe.core.coherence(...(places.map((place) => probe.address(place)) as typeof places));

it('coherence is 1 with itself, -1 with its negative, and finite in silence', () => {
  probe.fill(0, 962);
  for (let i = 0; i < 962; i++) probe.f32[1000 + i] = -3 * probe.f32[i]!;
  probe.core.bands(probe.address(0), probe.address(0), probe.address(2000));
  probe.core.bands(probe.address(1000), probe.address(1000), probe.address(2100));
  coherence(0, 0, 2000, 2000, 2200);
  coherence(0, 1000, 2000, 2100, 2300);
  for (let i = 0; i < 34; i++) {
    expect(probe.f32[2200 + i]).toBeCloseTo(1, 5);
    expect(probe.f32[2300 + i]).toBeCloseTo(-1, 5);
  }
  // Energies that are told too small.
  for (let i = 0; i < 34; i++) probe.f32[2100 + i] = probe.f32[2000 + i]! *= 0.5;
  coherence(0, 0, 2000, 2100, 2200);
  coherence(0, 1000, 2000, 2100, 2300);
  expect([...probe.f32.subarray(2200, 2234)]).toEqual(Array(34).fill(1));
  expect([...probe.f32.subarray(2300, 2334)]).toEqual(Array(34).fill(-1));
  probe.f32.fill(0, 0, 2400);
  coherence(0, 0, 2000, 2000, 2200);
  for (let i = 0; i < 34; i++) expect(probe.f32[2200 + i]).toBe(0);
});
