/** The comb filter's share of each bin, and how loud a band may be made again after it. */
import { beforeAll, expect, test } from 'vitest';
import { instantiateAssembly } from '../../helpers/assembly';
import { bench } from '../../helpers/bench';
import { naiveSpread } from '../../helpers/naive-bands';
import { uniform } from '../../helpers/signals';

/** A stream whose comb filter gives `share` times the sound itself. */
const probe = `
import { BANDS } from './assembly/constants';
import { Suppressor } from './assembly/suppressor';
const stream = new Suppressor(null);
stream.enhancer.filtersBins = false;
export function input(): usize { return changetype<usize>(stream.stream.input); }
export function output(): usize { return changetype<usize>(stream.stream.output); }
export function run(share: f32): void {
  stream.analyse();
  for (let b = 0; b < BANDS; b++) {
    stream.decisions.gains[b] = 1;
    stream.decisions.strengths[b] = 1;
  }
  const comb = stream.analysis.comb;
  for (let i = 0; i < comb.length; i++) comb[i] = share * load<f32>(stream.analysis.spectrum + (i << 2));
  stream.synthesise(1);
}
`;

let core: { memory: WebAssembly.Memory; input(): number; output(): number; run(share: number): void };
beforeAll(async () => {
  core = await instantiateAssembly(probe);
});

/** Level of the output against the input, in decibels. */
function level(share: number): number {
  const view = (at: number): Float32Array => new Float32Array(core.memory.buffer, at, 480);
  const random = uniform(5);
  let before = 0;
  let after = 0;
  for (let t = 0; t < 60; t++) {
    for (let i = 0; i < 480; i++) {
      view(core.input())[i] = 2 * random() - 1;
    }
    const power = (x: Float32Array): number => x.reduce((sum, v) => sum + v * v, 0);
    // Noise: one hop is as loud as the others.
    if (t >= 10) before += power(view(core.input()));
    core.run(share);
    if (t >= 10) after += power(view(core.output()));
  }
  return 10 * Math.log10(after / before);
}

test.each([
  ['as loud as before where it took up to 10 dB', 0.5, 0],
  ['as loud as before where it took up to 10 dB', 0.33, 0],
  ['10 dB louder and no more where it took 20', 0.1, -10],
  ['10 dB louder and no more where it took 40', 0.01, -30],
  ['as loud as before where it was louder', 2, 0],
])('a band comes out %s: %f', (_, share, expected) => {
  expect(Math.abs(level(share) - expected)).toBeLessThan(0.15);
});

const mixing = bench<{
  centre(i: number): number;
  mix(noisy: number, comb: number, strengths: number, mixed: number): void;
}>(`
import { mixComb } from './assembly/enhance/mix';
import { CENTRES } from './assembly/signal/erb';
export function centre(i: i32): i32 { return CENTRES[i]; }
export function mix(noisy: usize, comb: usize, strengths: usize, mixed: usize): void { mixComb(noisy, comb, strengths, mixed); }
`);

test('each bin is (1 - r) Y + r P, r spread between the centres of the bands', () => {
  const noisy = mixing.fill(0, 962);
  const comb = mixing.fill(1000, 962);
  const strengths = Float32Array.from({ length: 34 }, (_, b) => 0.5 + 0.5 * Math.sin(3 * b));
  mixing.f32.set(strengths, 2000);
  mixing.core.mix(mixing.address(0), mixing.address(1000), mixing.address(2000), mixing.address(2100));
  const centres = Array.from({ length: 34 }, (_, i) => mixing.core.centre(i));
  const r = naiveSpread(centres, strengths);
  for (let i = 0; i < 962; i++) {
    const share = r[i >> 1]!;
    expect(
      Math.abs(mixing.f32[2100 + i]! - ((1 - share) * noisy[i]! + share * comb[i]!)),
      `bin ${i >> 1}`,
    ).toBeLessThan(1e-5);
  }
});
