/** How loud a band may be made again after the comb filter. */
import { beforeAll, expect, test } from 'vitest';
import { instantiateAssembly } from '../../helpers/assembly';

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
}, 120_000);

/** Level of the output against the input, in decibels. */
function level(share: number): number {
  const view = (at: number): Float32Array => new Float32Array(core.memory.buffer, at, 480);
  let state = 5;
  let before = 0;
  let after = 0;
  for (let t = 0; t < 60; t++) {
    for (let i = 0; i < 480; i++) {
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
      view(core.input())[i] = state / 2 ** 31 - 1;
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
