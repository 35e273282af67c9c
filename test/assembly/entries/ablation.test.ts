import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, it } from 'vitest';
import { CORE_IMPORTS, type CoreExports } from '../../../src/core/exports';
import { loadNetwork, parseModel } from '../../../src/core/model';
import { BANDS, DELAY, FRAME } from '../../../src/core/shape';
import { denoise } from '../../../src/entries/offline';
import { compileAssembly } from '../../helpers/assembly';
import { testAssets } from '../../helpers/assets';
import { noise, snr, tones } from '../../helpers/signals';

const ROW = 2 * BANDS + 1;
const HOPS = 60;

interface Ablation extends Pick<CoreExports, 'memory' | 'alloc' | 'networkLoad'> {
  decide(noisy: number, hops: number, out: number): void;
  apply(noisy: number, decisions: number, hops: number, postFilter: number, wiener: number, out: number): void;
}

describe('the core of evaluation/ablate.mjs', () => {
  const rustle = noise(HOPS * FRAME, 5);
  const input = tones(HOPS * FRAME, 48000, 6000).map((x, i) => x + 0.05 * rustle[i]!);
  let core: Ablation;
  let decisions: Float32Array;
  let assets: Awaited<ReturnType<typeof testAssets>>;
  let [noisyAt, decisionsAt, outAt] = [0, 0, 0];

  const view = (at: number, length: number) => new Float32Array(core.memory.buffer, at, length);
  function apply(rows: Float32Array, { postFilter = 0, wiener = 1 } = {}): Float32Array {
    view(decisionsAt, HOPS * ROW).set(rows);
    core.apply(noisyAt, decisionsAt, HOPS, postFilter, wiener, outAt);
    return view(outAt, HOPS * FRAME).slice(DELAY);
  }

  beforeAll(async () => {
    assets = await testAssets();
    const { instance } = await WebAssembly.instantiate(
      await compileAssembly('assembly/entries/ablation.ts'),
      CORE_IMPORTS,
    );
    core = instance.exports as unknown as Ablation;
    const tiny = fileURLToPath(new URL('../../golden/tiny.safetensors', import.meta.url));
    loadNetwork(core, parseModel(readFileSync(tiny)));
    [noisyAt, decisionsAt, outAt] = [FRAME, ROW, FRAME].map((width) => core.alloc(4 * HOPS * width)) as [
      number,
      number,
      number,
    ];
    view(noisyAt, HOPS * FRAME).set(input);
    core.decide(noisyAt, HOPS, decisionsAt);
    decisions = view(decisionsAt, HOPS * ROW).slice();
    // Two compilations: slow on a busy machine.
  }, 240_000);

  it('gives what the core gives when nothing is off, bit for bit', async () => {
    const output = await denoise(input, { sampleRate: 48000, assets });
    expect(apply(decisions)).toEqual(output.subarray(0, input.length - DELAY));
  });

  it('gives the input back with gains of 1 and strengths of 0', () => {
    const neutral = decisions.slice();
    for (let at = 0; at < neutral.length; at += ROW) neutral.fill(1, at, at + BANDS).fill(0, at + BANDS, at + ROW);
    expect(snr(input.subarray(0, input.length - DELAY), apply(neutral), DELAY)).toBeGreaterThan(30);
  });

  it.each([
    ['and with the post-filter', { postFilter: 1 }, (rows: Float32Array) => rows],
    ['the Wiener filter', { wiener: 0 }, (rows: Float32Array) => rows],
    ['the comb filter', {}, (rows: Float32Array) => rows.map((x, i) => (i % ROW >= BANDS ? 0 : x))],
  ])('changes the sound without %s', (_, parts, change) => {
    expect(apply(change(decisions), parts)).not.toEqual(apply(decisions));
  });
});
