/** What the core costs, counted instead of timed: the same on every machine under any load. */
import { existsSync, readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { COUNTS, type Counts, counts } from '../../bench/counts';
import { CORE_IMPORTS, type CoreExports } from '../../src/core/exports';
import { loadNetwork, parseModel } from '../../src/core/model';
import { compileAssembly } from '../helpers/assembly';
import { randomModel, SIZES } from '../helpers/random-model';

const FRAMES = 20;
const SIMD = 'dist/core.wasm';
/** Share by which a count may differ from its snapshot. */
const TOLERANCE = 0.03;

describe('the operations of each stage are those of the snapshot; if they are meant to differ, npm run counts -- --write', async () => {
  const known: Counts = JSON.parse(readFileSync(COUNTS, 'utf8'));
  const now = await counts();
  it.each(['plain', 'relaxed'] as const)('%s SIMD', (build) => {
    expect(Object.keys(now[build])).toEqual(Object.keys(known[build]));
    const moved = Object.entries(now[build]).flatMap(([stage, operations]) => {
      const change = operations / known[build][stage]! - 1;
      return Math.abs(change) > TOLERANCE ? [`${stage}: ${(100 * change).toFixed(1)} % to ${operations}`] : [];
    });
    expect(moved).toEqual([]);
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

describe('memory', async () => {
  const wasm = await compileAssembly('assembly/entries/index.ts');
  it.each([
    ['lite', 4, SIZES.lite],
    ['wide', 12, SIZES.wide],
  ])('of dense %s and one stream within %i MB, and no more while it runs', async (_, megabytes, sizes) => {
    const { instance } = await WebAssembly.instantiate(wasm, CORE_IMPORTS);
    const core = instance.exports as unknown as CoreExports;
    const stream = core.suppressorCreate(loadNetwork(core, parseModel(randomModel(sizes))));
    const bytes = core.memory.buffer.byteLength;
    expect(bytes).toBeLessThanOrEqual(megabytes * 1e6);
    for (let t = 0; t < FRAMES; t++) core.suppressorProcess(stream, 1);
    expect(core.memory.buffer.byteLength).toBe(bytes);
  });
});
