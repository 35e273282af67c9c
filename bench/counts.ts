/**
 * Operations of each stage of a frame and of whole frames, as test/speed/cost.test.ts holds them: `npm run counts [-- --write]`.
 * --write renews test/golden/counts.json, which is to be committed with the change that moved it.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { setFlagsFromString } from 'node:v8';
import { compile, decidedDot } from '../scripts/compile.mjs';
import { CORE_IMPORTS } from '../src/core/exports';
import { counting } from './instrument';
import { STAGES, type StagedCore, warmUp } from './staged';

export const COUNTS = new URL('../test/golden/counts.json', import.meta.url);
/** Of the committed networks: full has all stages. */
const MODEL = new URL('../models/full/model.safetensors', import.meta.url);
/** Runs that are counted: whole rounds of what does not happen each frame. */
const RUNS = 20;

/** Operations by build and stage. */
export type Counts = Record<'plain' | 'relaxed', Record<string, number>>;

async function count(relaxed: boolean): Promise<Record<string, number>> {
  // Of the dot with an instruction for it: counts are to be the same on every machine.
  const { wasm } = await compile('assembly/entries/stages.ts', { relaxed, change: decidedDot(false) });
  const core = counting<StagedCore>(wasm, CORE_IMPORTS);
  warmUp(core.exports, readFileSync(MODEL));
  return Object.fromEntries(
    STAGES.map((name, stage) => [name, Math.round(core.count(() => core.exports.run(stage, RUNS)) / RUNS)]),
  );
}

/** Both builds; what a relaxed instruction computes does not matter here, so Nodes before 24 count it too. */
export async function counts(): Promise<Counts> {
  setFlagsFromString('--experimental-wasm-relaxed-simd');
  return { plain: await count(false), relaxed: await count(true) };
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const { values } = parseArgs({ options: { write: { type: 'boolean', default: false } } });
  const now = await counts();
  const before: Counts = JSON.parse(readFileSync(COUNTS, 'utf8'));
  for (const build of ['plain', 'relaxed'] as const) {
    for (const [name, operations] of Object.entries(now[build])) {
      const was = before[build][name];
      const moved = was === undefined ? 'new' : `${(100 * (operations / was - 1)).toFixed(1)} %`;
      console.log(`${build.padEnd(9)}${name.padEnd(28)}${String(operations).padStart(8)}${moved.padStart(9)}`);
    }
  }
  if (values.write) writeFileSync(COUNTS, `${JSON.stringify(now, null, 2)}\n`);
}
