/** The noise estimator against its formula in double precision, frame after frame. */
import { describe, expect, it } from 'vitest';
import { bench } from '../../helpers/bench';
import { naiveBands, naiveSpread } from '../../helpers/naive-bands';

const BINS = 481;
const [NOISY, GAINS] = [0, 1000];
const noise = bench<{
  centre(i: number): number;
  rate(): number;
  reset(): void;
  learn(noisy: number, gains: number): void;
  powers(): number;
  energies(): number;
}>(`
import { NoiseEstimator } from './assembly/enhance/noise';
import { NOISE_LEARNING } from './assembly/settings';
import { CENTRES } from './assembly/signal/erb';
const estimator = new NoiseEstimator();
export function centre(i: i32): i32 { return CENTRES[i]; }
export function rate(): f32 { return NOISE_LEARNING; }
export function reset(): void { estimator.reset(); }
export function learn(noisy: usize, gains: usize): void { estimator.learn(noisy, gains); }
export function powers(): usize { return changetype<usize>(estimator.powers); }
export function energies(): usize { return changetype<usize>(estimator.energies); }
`);

const centres = (): number[] => Array.from({ length: 34 }, (_, i) => noise.core.centre(i));
const learnt = (): Float32Array => new Float32Array(noise.f32.buffer, noise.core.powers(), BINS);
const learn = (): void => noise.core.learn(noise.address(NOISY), noise.address(GAINS));

describe('noise estimator', () => {
  it('follows its formula, and sums its bands', () => {
    noise.core.reset();
    const expected = new Float64Array(BINS);
    for (let t = 0; t < 50; t++) {
      const y = noise.fill(NOISY, 968);
      const gains = noise.fill(GAINS, 34).map((x) => Math.abs(x));
      noise.f32.set(gains, GAINS);
      const g = naiveSpread(centres(), gains);
      learn();
      for (let k = 0; k < BINS; k++) {
        const power = y[2 * k]! ** 2 + y[2 * k + 1]! ** 2;
        expected[k]! += noise.core.rate() * (1 - g[k]!) ** 4 * (power - expected[k]!);
      }
      expect(Math.max(...learnt().map((x, k) => Math.abs(x - expected[k]!)))).toBeLessThan(1e-6);
    }
    const bands = naiveBands(centres(), (k) => expected[k]!);
    const energies = new Float32Array(noise.f32.buffer, noise.core.energies(), 34);
    for (let b = 0; b < 34; b++) expect(Math.abs(energies[b]! / bands[b]! - 1), `band ${b}`).toBeLessThan(1e-4);
  });

  it('hears nothing where all is speech, also where a gain is above one', () => {
    noise.core.reset();
    noise.fill(NOISY, 968);
    for (const gain of [1, 1.5]) {
      noise.f32.fill(gain, GAINS, GAINS + 34);
      for (let t = 0; t < 100; t++) learn();
      expect(Math.max(...learnt())).toBeLessThan(1e-17);
    }
  });

  it('forgets what it heard', () => {
    noise.fill(NOISY, 968);
    noise.f32.fill(0, GAINS, GAINS + 34);
    learn();
    expect(Math.max(...learnt())).toBeGreaterThan(1e-3);
    noise.core.reset();
    expect(Math.max(...learnt())).toBe(0);
  });
});
