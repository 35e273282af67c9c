/**
 * Microseconds of each stage of a frame: `npx tsx bench/stages.ts [--network full|FILE] [--relaxed]` (relaxed SIMD needs Node 24).
 * The lowest of many short bursts: what the stage costs on warm caches, whatever else the machine does.
 */
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { compile } from '../scripts/compile.mjs';
import { CORE_IMPORTS } from '../src/core/exports';
import { STAGES, type StagedCore, warmUp } from './staged';

/** Runs of a burst: those that take long are short of them. */
const RUNS = 40;
const LONG_RUNS: Record<string, number> = { network: 4, 'finer stage': 8, 'whole frame': 4 };
const BURSTS = 400;

const { values } = parseArgs({
  options: { network: { type: 'string', default: 'full' }, relaxed: { type: 'boolean', default: false } },
});
const { network, relaxed } = values;
const { wasm } = await compile('assembly/entries/stages.ts', { relaxed });
const { instance } = await WebAssembly.instantiate(wasm, CORE_IMPORTS);
const core = instance.exports as unknown as StagedCore;
warmUp(core, readFileSync(network.endsWith('.safetensors') ? network : `models/${network}/model.safetensors`));

const lowest = STAGES.map(() => Number.POSITIVE_INFINITY);
for (let burst = 0; burst < BURSTS; burst++) {
  for (const [stage, name] of STAGES.entries()) {
    const runs = LONG_RUNS[name] ?? RUNS;
    const began = process.hrtime.bigint();
    core.run(stage, runs);
    lowest[stage] = Math.min(lowest[stage]!, Number(process.hrtime.bigint() - began) / 1000 / runs);
  }
}
for (const [stage, name] of STAGES.entries()) {
  console.log(`${name.padEnd(28)}${lowest[stage]!.toFixed(2).padStart(8)} us`);
}
