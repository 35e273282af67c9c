/** What the network is told of a frame, against its formulas in double precision. */
import { expect, it } from 'vitest';
import { bench } from '../helpers/bench';

const features = bench<{
  energyFeatures(energies: number, features: number): void;
  pitchFeatures(period: number, correlation: number, features: number): void;
}>(`export { energyFeatures, pitchFeatures } from './assembly/features';`);

const [OUT, BANDS] = [100, 34];
/** Of a spectrum whose mean power is 1. */
const UNIT = 480 ** 2;

it('energies are 0 at -50 dBFS, 1 every 25 dB, and no lower than silence', () => {
  const dbfs = Array.from({ length: BANDS }, (_, b) => 10 - 5 * b);
  features.f32.set(dbfs.map((level) => UNIT * 10 ** (level / 10)));
  features.core.energyFeatures(features.address(0), features.address(OUT));
  for (const [b, level] of dbfs.entries()) {
    const expected = (10 * Math.log10(10 ** (level / 10) + 1e-11) + 50) / 25;
    expect(features.f32[OUT + b], `${level} dBFS`).toBeCloseTo(expected, 5);
  }
  features.f32.fill(0, 0, BANDS);
  features.core.energyFeatures(features.address(0), features.address(OUT));
  for (let b = 0; b < BANDS; b++) expect(features.f32[OUT + b]).toBeCloseTo(-2.4, 5);
});

it.each([
  [60, -1],
  [800, 1],
  [Math.sqrt(60 * 800), 0],
  [120, -1 + 2 / Math.log2(800 / 60)],
])('a period of %f samples is %f, an octave always as much, beside its correlation', (period, expected) => {
  const whole = Math.round(period);
  features.f32.fill(7, OUT, OUT + 72);
  features.core.pitchFeatures(whole, 0.625, features.address(OUT));
  const octaves = Math.log2(whole / 60) / Math.log2(800 / 60);
  expect(features.f32[OUT + 68]).toBeCloseTo(2 * octaves - 1, 6);
  expect(features.f32[OUT + 68]).toBeCloseTo(expected, 2);
  expect(features.f32[OUT + 69]).toBe(0.625);
  // Energies and coherences before them are left alone, and nothing is written behind.
  expect(features.f32.subarray(OUT, OUT + 68).every((x) => x === 7)).toBe(true);
  expect([...features.f32.subarray(OUT + 70, OUT + 72)]).toEqual([7, 7]);
});
