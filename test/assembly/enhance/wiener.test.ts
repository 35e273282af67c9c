import { describe, expect, it } from 'vitest';
import { bench } from '../../helpers/bench';
import { naiveBands, naiveSpread } from '../../helpers/naive-bands';

/** The filter and its noise estimator against their formulas in double precision. */
const probe = bench<{
  centre(i: number): number;
  bands(a: number, b: number, out: number): void;
  wienerReset(): void;
  wienerLearn(noisy: number, gains: number): void;
  wienerProcess(
    mixed: number,
    energies: number,
    gains: number,
    strengths: number,
    bounds: number,
    weights: number,
    makeUp: number,
  ): void;
}>(`
import { NoiseEstimator } from './assembly/enhance/noise';
import { WienerFilter } from './assembly/enhance/wiener';
import { bandProducts, CENTRES } from './assembly/signal/erb';
const estimator = new NoiseEstimator();
const wiener = new WienerFilter();
export function centre(i: i32): i32 { return CENTRES[i]; }
export function bands(a: usize, b: usize, out: usize): void { bandProducts(a, b, out); }
export function wienerReset(): void { estimator.reset(); wiener.reset(); }
export function wienerLearn(noisy: usize, gains: usize): void { estimator.learn(noisy, gains); }
export function wienerProcess(mixed: usize, energies: usize, gains: usize, strengths: usize, bounds: usize, weights: usize, makeUp: usize): void {
  wiener.process(estimator, mixed, energies, gains, strengths, bounds, weights, makeUp);
}
`);

const centres = (): number[] => Array.from({ length: 34 }, (_, i) => probe.core.centre(i));

describe('Wiener filter of the bins', () => {
  const SPECTRUM = 2 * 484;
  const [MIXED, ENERGIES, GAINS, STRENGTHS, BOUNDS, WEIGHTS, MAKE_UP] = [1000, 2000, 2100, 2150, 2200, 2300, 2800];

  /** The same in double precision, one bin after the other. */
  class Naive {
    private readonly noise = new Float64Array(481);
    private readonly smoothed = new Float64Array(481);

    learn(power: Float64Array, gains: ArrayLike<number>): void {
      const g = naiveSpread(centres(), gains);
      this.noise.forEach((n, k) => {
        this.noise[k] = n + 0.03 * Math.max(0, 1 - g[k]!) ** 4 * (power[k]! - n);
      });
    }

    process(power: Float64Array, gains: ArrayLike<number>, strengths: ArrayLike<number>, bounds: ArrayLike<number>) {
      const energies = naiveBands(centres(), (k) => power[k]!);
      const noises = naiveBands(centres(), (k) => this.noise[k]!);
      const scale = naiveSpread(
        centres(),
        energies.map((e, b) => {
          const told = 1.5 * Math.max(0, 1 - gains[b]! ** 2) * e;
          const learnt = 1.5 * noises[b]!;
          const level = Math.min(told, told ** 0.25 * learnt ** 0.75);
          const voice = (gains[b]! ** 2 * told * learnt) / (learnt + told / 50);
          return Math.max(level + strengths[b]! ** 2 * (told - level), voice) / noises[b]!;
        }),
      );
      const lowest = naiveSpread(
        centres(),
        Array.from(bounds, (bound, b) => Math.max(bound, 0.35 + 0.2 * gains[b]!)),
      );
      const weights = power.map((p, k) => {
        const beside = power[Math.abs(k - 1)]! + power[k < 480 ? k + 1 : 479]!;
        this.smoothed[k] = ((p + beside) / 3 + 2 * this.smoothed[k]!) / 3;
        const s = this.smoothed[k]!;
        return Math.max(lowest[k]!, s / (s + scale[k]! * this.noise[k]!));
      });
      const left = naiveBands(centres(), (k) => weights[k]! ** 2 * power[k]!);
      return { weights, makeUp: energies.map((e, b) => Math.min(4, e / left[b]!) ** 0.125) };
    }
  }

  function power(from: number): Float64Array {
    return Float64Array.from(
      { length: 481 },
      (_, k) => probe.f32[from + 2 * k]! ** 2 + probe.f32[from + 2 * k + 1]! ** 2,
    );
  }

  function process(): void {
    probe.core.bands(probe.address(MIXED), probe.address(MIXED), probe.address(ENERGIES));
    const outputs = [probe.address(WEIGHTS), probe.address(MAKE_UP)] as const;
    const decisions = [probe.address(GAINS), probe.address(STRENGTHS), probe.address(BOUNDS)] as const;
    probe.core.wienerProcess(probe.address(MIXED), probe.address(ENERGIES), ...decisions, ...outputs);
  }

  /** Frames of noise of one level, with gains that say so. */
  function learn(frames: number, level: number): void {
    probe.f32.fill(0.05, GAINS, GAINS + 34);
    for (let t = 0; t < frames; t++) {
      probe.fill(0, SPECTRUM);
      for (let i = 0; i < SPECTRUM; i++) probe.f32[i]! *= level;
      probe.core.wienerLearn(probe.address(0), probe.address(GAINS));
    }
  }

  it('follows its formulas', () => {
    probe.core.wienerReset();
    const naive = new Naive();
    for (let t = 0; t < 40; t++) {
      probe.fill(0, SPECTRUM);
      probe.fill(MIXED, SPECTRUM);
      // Bands from noise alone to voice alone, and some frames louder than what was learnt.
      for (let i = 0; i < SPECTRUM; i++) probe.f32[MIXED + i]! *= t % 5 === 0 ? 30 : 1;
      for (let b = 0; b < 34; b++) {
        probe.f32[GAINS + b] = ((b * 7 + t) % 34) / 30;
        probe.f32[STRENGTHS + b] = ((b * 5 + t) % 34) / 33;
        probe.f32[BOUNDS + b] = b % 11 === 0 ? 0.8 : 0.01;
      }
      const gains = Array.from(probe.f32.subarray(GAINS, GAINS + 34));
      const strengths = Array.from(probe.f32.subarray(STRENGTHS, STRENGTHS + 34));
      const bounds = Array.from(probe.f32.subarray(BOUNDS, BOUNDS + 34));
      probe.core.wienerLearn(probe.address(0), probe.address(GAINS));
      naive.learn(power(0), gains);
      process();
      const expected = naive.process(power(MIXED), gains, strengths, bounds);
      for (let k = 0; k < 481; k++) expect(Math.abs(probe.f32[WEIGHTS + k]! - expected.weights[k]!)).toBeLessThan(2e-5);
      for (let b = 0; b < 34; b++) expect(Math.abs(probe.f32[MAKE_UP + b]! - expected.makeUp[b]!)).toBeLessThan(2e-5);
    }
  });

  /** A filter that knows noise of a level, and bands of one gain and bound. */
  function start(level: number, gain: number, bound: number): void {
    probe.core.wienerReset();
    learn(300, level);
    probe.f32.fill(gain, GAINS, GAINS + 34);
    probe.f32.fill(0, STRENGTHS, STRENGTHS + 34);
    probe.f32.fill(bound, BOUNDS, BOUNDS + 34);
  }

  it('lowers what is as loud as the noise it learnt and keeps what stands out of it', () => {
    start(1, 0.5, 0);
    for (let t = 0; t < 20; t++) {
      probe.fill(MIXED, SPECTRUM);
      for (let k = 20; k < 200; k += 10) probe.f32[MIXED + 2 * k] = 30;
      process();
    }
    const at = (wanted: (k: number) => boolean) => {
      const weights = Array.from(probe.f32.subarray(WEIGHTS + 20, WEIGHTS + 200)).filter((_, i) => wanted(i + 20));
      return weights.reduce((sum, w) => sum + w) / weights.length;
    };
    expect(at((k) => k % 10 === 0)).toBeGreaterThan(0.95);
    // The mean of three bins keeps those beside it too.
    expect(at((k) => k % 10 === 1 || (k % 10 === 9 && k < 199))).toBeGreaterThan(0.95);
    // At a gain of 0.5 none may be below 0.45.
    expect(at((k) => k % 10 > 1 && k % 10 < 9)).toBeLessThan(0.5);
  });

  it('leaves a clean voice alone: gains of one, or no noise learnt, or silence', () => {
    start(1, 1, 0);
    probe.fill(MIXED, SPECTRUM);
    process();
    for (let k = 0; k < 481; k++) expect(probe.f32[WEIGHTS + k]).toBeGreaterThan(0.9999);

    start(1e-4, 0.7, 0);
    process();
    for (let k = 0; k < 481; k++) expect(probe.f32[WEIGHTS + k]).toBeGreaterThan(0.99);

    probe.core.wienerReset();
    probe.f32.fill(0, MIXED, MIXED + SPECTRUM);
    process();
    for (let k = 0; k < 481; k++) expect(Number.isFinite(probe.f32[WEIGHTS + k])).toBe(true);
    for (let b = 0; b < 34; b++) expect(probe.f32[MAKE_UP + b]).toBeLessThan(1.2);
  });

  it('counts noise that it never learnt where the comb filter is needed', () => {
    const mean = () => probe.f32.subarray(WEIGHTS, WEIGHTS + 481).reduce((sum, w) => sum + w) / 481;
    start(1e-2, 0.5, 0);
    probe.fill(MIXED, SPECTRUM);
    process();
    const without = mean();
    start(1e-2, 0.5, 0);
    probe.f32.fill(1, STRENGTHS, STRENGTHS + 34);
    process();
    expect(mean()).toBeLessThan(without - 0.2);
  });

  it('goes no lower than the bounds', () => {
    start(1, 0.3, 0.9);
    probe.fill(MIXED, SPECTRUM);
    process();
    for (let k = 0; k < 481; k++) expect(probe.f32[WEIGHTS + k]).toBeGreaterThan(0.899);
  });
});
