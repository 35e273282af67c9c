/** From decisions to a spectrum: what all stages together must be, whatever each of them does (they are tested by themselves). */
import { beforeEach, describe, expect, it } from 'vitest';
import { bench } from '../../helpers/bench';
import { noise, snr } from '../../helpers/signals';

const [FRAME, BINS, BANDS] = [480, 481, 34];
const enhancer = bench<{
  hear(hop: number): void;
  decide(gain: number, strength: number): void;
  filter(on: number): void;
  process(strength: number): number;
  noisy(): number;
  energy(): number;
  bands(spectrum: number, out: number): void;
  gains(): number;
  reset(): void;
}>(`
import { Analysis } from './assembly/analysis';
import { Decisions } from './assembly/decisions';
import { Enhancer } from './assembly/enhance/enhancer';
import { bandProducts } from './assembly/signal/erb';
const frame = new Analysis();
const decisions = new Decisions(null);
const enhancer = new Enhancer(null);
export function hear(hop: usize): void { frame.accept(hop); frame.process(); }
export function decide(gain: f32, strength: f32): void {
  decisions.gains.fill(gain);
  decisions.strengths.fill(strength);
}
export function filter(on: bool): void { enhancer.filtersBins = on; }
export function process(strength: f32): usize { return enhancer.process(frame, decisions, strength); }
export function noisy(): usize { return frame.spectrum; }
export function energy(): usize { return frame.energy; }
export function bands(spectrum: usize, out: usize): void { bandProducts(spectrum, spectrum, out); }
export function gains(): usize { return changetype<usize>(enhancer.gains); }
export function reset(): void { frame.reset(); enhancer.reset(); }
`);

const view = (at: number, count: number): Float32Array => new Float32Array(enhancer.f32.buffer, at, count).slice();
const noisy = (): Float32Array => view(enhancer.core.noisy(), 2 * BINS);
const enhanced = (strength: number): Float32Array => view(enhancer.core.process(strength), 2 * BINS);

function hear(x: Float32Array): void {
  for (let at = 0; at + FRAME <= x.length; at += FRAME) {
    enhancer.f32.set(x.subarray(at, at + FRAME));
    enhancer.core.hear(enhancer.address(0));
  }
}

beforeEach(() => {
  enhancer.core.reset();
  enhancer.core.filter(1);
});

describe('enhancer', () => {
  it('leaves a frame alone that is all speech, by whichever filter of bins', () => {
    hear(noise(10 * FRAME, 1));
    enhancer.core.decide(1, 0);
    for (const on of [0, 1]) {
      enhancer.core.filter(on);
      expect(snr(noisy(), enhanced(1))).toBeGreaterThan(100);
    }
  });

  it('takes gains at their word where no filter of bins comes after them, and tells of them', () => {
    hear(noise(10 * FRAME, 2));
    enhancer.core.filter(0);
    enhancer.core.decide(0.25, 0);
    expect(
      snr(
        noisy().map((x) => 0.25 * x),
        enhanced(1),
      ),
    ).toBeGreaterThan(100);
    expect(view(enhancer.core.gains(), BANDS).every((g) => g === 0.25)).toBe(true);
  });

  it.each([0, 0.3, 0.5, 1])(
    'at strength %f is that share of the enhanced spectrum, the rest of the noisy one',
    (strength) => {
      hear(noise(10 * FRAME, 3));
      enhancer.core.filter(0);
      enhancer.core.decide(0.25, 0);
      const expected = noisy().map((x) => (1 - strength + 0.25 * strength) * x);
      expect(snr(expected, enhanced(strength))).toBeGreaterThan(100);
    },
  );

  it('gives each band its level back that the comb filter took', () => {
    hear(noise(20 * FRAME, 4).map((x, n) => 0.05 * x + Math.sin((2 * Math.PI * 150 * n) / 48_000)));
    enhancer.core.filter(0);
    enhancer.core.decide(1, 1);
    const at = enhancer.address(1000);
    enhancer.core.bands(enhancer.core.process(1), at);
    const [before, after] = [view(enhancer.core.energy(), BANDS), view(at, BANDS)];
    // The spectrum is another one.
    expect(snr(noisy(), enhanced(1))).toBeLessThan(40);
    for (let b = 0; b < BANDS; b++) expect(after[b]! / before[b]!, `band ${b}`).toBeGreaterThan(0.5);
  });

  it('goes no lower than the comfort floor', () => {
    hear(noise(10 * FRAME, 5).map((x) => 1e-6 * x));
    enhancer.core.decide(0, 0);
    expect(snr(noisy(), enhanced(1))).toBeGreaterThan(60);
    enhancer.core.reset();
    hear(noise(10 * FRAME, 5));
    enhancer.core.decide(0, 0);
    const power = (x: Float32Array): number => x.reduce((sum, v) => sum + v * v, 0);
    const left = 10 * Math.log10(power(enhanced(1)) / power(noisy()));
    expect(left).toBeLessThan(-60);
    expect(left).toBeGreaterThan(-120);
  });

  it('learns from what was decided, not from the floor beneath it: faint noise as well as loud', () => {
    const band = 5;
    const kept = (scale: number): number => {
      enhancer.core.reset();
      const x = noise(64 * FRAME, 7).map((v, n) => (n < 60 * FRAME ? scale : 3 * scale) * v);
      for (let at = 0; at < x.length; at += FRAME) {
        hear(x.subarray(at, at + FRAME));
        enhancer.core.decide(at < 60 * FRAME ? 0 : 0.7, 0);
        enhancer.core.bands(enhancer.core.process(1), enhancer.address(1000));
      }
      return enhancer.f32[1000 + band]! / view(enhancer.core.energy(), BANDS)[band]!;
    };
    // Of the fainter one the floor is a half.
    expect(kept(1e-3)).toBeCloseTo(kept(0.5), 3);
  });

  it('learns noise where nobody speaks and lowers it further, and forgets it when it is reset', () => {
    const x = noise(60 * FRAME, 6);
    const power = (y: Float32Array): number => y.reduce((sum, v) => sum + v * v, 0);
    const learn = (): number => {
      let left = 0;
      for (let t = 0; t < 50; t++) {
        hear(x.subarray(t * FRAME, (t + 1) * FRAME));
        enhancer.core.decide(0.3, 0);
        const y = enhanced(1);
        left = power(y) / power(noisy());
      }
      return left;
    };
    const learnt = learn();
    enhancer.core.filter(0);
    const plain = power(enhanced(1)) / power(noisy());
    expect(plain).toBeCloseTo(0.09, 3);
    expect(learnt).toBeLessThan(0.7 * plain);
    enhancer.core.filter(1);
    enhancer.core.reset();
    expect(learn()).toBe(learnt);
  });
});
