/** Gains on a spectrum, against their formulas in double precision. */
import { expect, it } from 'vitest';
import { bench } from '../../helpers/bench';
import { naiveSpread } from '../../helpers/naive-bands';

const gains = bench<{
  centre(i: number): number;
  scaleBins(spectrum: number, gains: number): void;
  applyGains(gains: number, levels: number, makeUp: number, weights: number, spectrum: number): void;
}>(`
import { CENTRES } from './assembly/signal/erb';
export { applyGains, scaleBins } from './assembly/enhance/gains';
export function centre(i: i32): i32 { return CENTRES[i]; }
`);

const BINS = 481;
const [SPECTRUM, WEIGHTS, GAINS, LEVELS, MAKE_UP] = [0, 1000, 2000, 2100, 2200];
const spectrum = (): Float64Array => Float64Array.from(gains.f32.subarray(SPECTRUM, SPECTRUM + 2 * BINS));

function differs(scale: (k: number) => number, before: Float64Array): number {
  return Math.max(...spectrum().map((x, i) => Math.abs(x - scale(i >> 1) * before[i]!)));
}

it('each bin is taken times its own gain', () => {
  gains.fill(SPECTRUM, 968);
  const before = spectrum();
  const own = gains.fill(WEIGHTS, 484);
  gains.core.scaleBins(gains.address(SPECTRUM), gains.address(WEIGHTS));
  expect(differs((k) => own[k]!, before)).toBeLessThan(1e-7);
});

it('gain, level and make-up of bands are spread over the bins together, the weight is the bin’s own', () => {
  gains.fill(SPECTRUM, 968);
  const before = spectrum();
  const weights = gains.fill(WEIGHTS, 484);
  const [g, c, m] = [GAINS, LEVELS, MAKE_UP].map((at) => gains.fill(at, 34)) as [
    Float64Array,
    Float64Array,
    Float64Array,
  ];
  const centres = Array.from({ length: 34 }, (_, i) => gains.core.centre(i));
  gains.core.applyGains(
    ...([GAINS, LEVELS, MAKE_UP, WEIGHTS, SPECTRUM].map((at) => gains.address(at)) as [
      number,
      number,
      number,
      number,
      number,
    ]),
  );
  const spread = naiveSpread(
    centres,
    g.map((x, b) => x * c[b]! * m[b]!),
  );
  expect(differs((k) => weights[k]! * spread[k]!, before)).toBeLessThan(1e-6);
});
