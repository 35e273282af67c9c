/**
 * What a frame costs, counted instead of timed: how often the core enters a function or a loop body, as Binaryen's log-execution pass
 * makes it report. The same on every machine under any load. A change that costs more has to raise the bound and say why;
 * one that costs less lowers it.
 */
import { existsSync, readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import binaryen from 'binaryen';
import { describe, expect, it } from 'vitest';
import { randomModel, SIZES } from '../../bench/random-model.mjs';
import type { CoreExports } from '../../src/core/exports';
import { loadNetwork, parseModel } from '../../src/core/model';
import { FRAME } from '../../src/core/shape';
import { compileAssembly } from '../helpers/assembly';

/** Whole rounds of everything that does not happen each frame. */
const FRAMES = 20;
const NO_NETWORK = -1;
const SIMD = 'dist/core.wasm';
const FINER = new URL('../golden/finer.safetensors', import.meta.url);

/** The core with a counter, and its count so far. */
function counting(wasm: Uint8Array): { core: CoreExports; count(): number } {
  const module = binaryen.readBinary(wasm);
  module.setFeatures(binaryen.Features.All);
  module.runPasses(['log-execution']);
  let count = 0;
  const env = {
    abort() {
      throw new Error('abort');
    },
    log_execution() {
      count++;
    },
  };
  const instance = new WebAssembly.Instance(new WebAssembly.Module(Uint8Array.from(module.emitBinary())), { env });
  module.dispose();
  return { core: instance.exports as unknown as CoreExports, count: () => count };
}

/** Steps of one frame of a voice-like sound. */
function stepsPerFrame({ core, count }: ReturnType<typeof counting>, network: number): number {
  const stream = core.suppressorCreate(network);
  const run = (frames: number): void => {
    for (let t = 0; t < frames; t++) {
      const input = new Float32Array(core.memory.buffer, core.suppressorInput(stream), FRAME);
      for (let i = 0; i < FRAME; i++) {
        const phase = ((t * FRAME + i) * 2 * Math.PI * 150) / 48000;
        input[i] = 0.1 * Math.sin(phase) + 0.1 * Math.sin(2 * phase) + 0.05 * Math.sin(7 * phase);
      }
      core.suppressorProcess(stream, 1);
    }
  };
  run(FRAMES);
  const before = count();
  run(FRAMES);
  return (count() - before) / FRAMES;
}

describe('a frame takes no more steps than it did', async () => {
  const counter = counting(await compileAssembly('assembly/entries/index.ts'));
  const load = (sizes: (typeof SIZES)['lite'], density: number): number =>
    loadNetwork(counter.core, parseModel(randomModel(sizes, { density })));
  it.each([
    ['without a network', () => NO_NETWORK, 11_300],
    ['lite, 40 % of its tiles', () => load(SIZES.lite, 0.4), 28_300],
    ['lite, all tiles', () => load(SIZES.lite, 1), 49_300],
    ['full, 40 % of its tiles', () => load(SIZES.full, 0.4), 66_200],
    ['a small network with a finer stage', () => loadNetwork(counter.core, parseModel(readFileSync(FINER))), 27_000],
  ])('%s', (_, network, bound) => {
    expect(stepsPerFrame(counter, network())).toBeLessThanOrEqual(bound);
  });
});

describe('on the wire', () => {
  const why = existsSync(SIMD) ? '' : ' (skipped: not built, npm run build)';
  it.skipIf(why)(`worklet and core together stay below 40 kB gzip${why}`, () => {
    const [worklet, ...cores] = ['dist/worklet.js', SIMD, 'dist/core-relaxed.wasm'].map(
      (file) => gzipSync(readFileSync(file)).length,
    );
    for (const core of cores) expect(worklet! + core).toBeLessThan(40_000);
  });
});

describe('memory', () => {
  it.each([
    ['lite', 4, SIZES.lite],
    ['full', 12, SIZES.full],
  ])('of dense %s and one stream within %i MB, and no more while it runs', async (_, megabytes, sizes) => {
    const { instance } = await WebAssembly.instantiate(await compileAssembly('assembly/entries/index.ts'), {
      env: { abort() {} },
    });
    const core = instance.exports as unknown as CoreExports;
    const stream = core.suppressorCreate(loadNetwork(core, parseModel(randomModel(sizes))));
    const bytes = core.memory.buffer.byteLength;
    expect(bytes).toBeLessThanOrEqual(megabytes * 1e6);
    for (let t = 0; t < FRAMES; t++) core.suppressorProcess(stream, 1);
    expect(core.memory.buffer.byteLength).toBe(bytes);
  });
});
