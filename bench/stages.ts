/**
 * Microseconds of each stage of a frame: `npx tsx bench/stages.ts [--network full|FILE] [--relaxed]` (relaxed SIMD needs Node 24).
 * The lowest of many short bursts: what the stage costs on warm caches, whatever else the machine does.
 */
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { compile } from '../scripts/compile.mjs';
import { CORE_IMPORTS, type CoreExports } from '../src/core/exports';
import { loadNetwork, parseModel } from '../src/core/model';
import { FRAME } from '../src/core/shape';

interface Stages extends Pick<CoreExports, 'memory' | 'alloc' | 'networkLoad'> {
  input(): number;
  advance(): void;
  run(stage: number, times: number): void;
}

/** In the order of assembly/entries/stages.ts, with the runs of a burst. */
const STAGES: [string, number][] = [
  ['DC blocker', 40],
  ['window and FFT', 40],
  ['band energies', 40],
  ['pitch search', 40],
  ['Viterbi', 40],
  ['refinement', 40],
  ['comb filter, window, FFT', 40],
  ['features and coherences', 40],
  ['network', 4],
  ['interpolation', 40],
  ['Wiener filter', 40],
  ['finer stage', 8],
  ['inverse FFT, overlap-add', 40],
  ['whole frame', 4],
];
const WARM_UP = 200;
const BURSTS = 400;

const { values } = parseArgs({
  options: { network: { type: 'string', default: 'lite' }, relaxed: { type: 'boolean', default: false } },
});
const { wasm } = await compile('assembly/entries/stages.ts', { relaxed: values.relaxed });
const { instance } = await WebAssembly.instantiate(wasm, CORE_IMPORTS);
const core = instance.exports as unknown as Stages;
loadNetwork(
  core,
  parseModel(
    readFileSync(
      values.network.endsWith('.safetensors') ? values.network : `models/${values.network}/model.safetensors`,
    ),
  ),
);

// A gliding voice in syllables, over noise.
let phase = 0;
for (let frame = 0; frame < WARM_UP; frame++) {
  core.advance();
  const input = new Float32Array(core.memory.buffer, core.input(), FRAME);
  for (let i = 0; i < FRAME; i++) {
    const t = (frame * FRAME + i) / 48000;
    phase += (2 * Math.PI * (140 + 30 * Math.sin(2 * Math.PI * 0.7 * t))) / 48000;
    let x = 0.03 * (2 * Math.random() - 1);
    for (let k = 1; k <= 20; k++) x += (0.12 * Math.max(0, Math.sin(2 * Math.PI * 1.3 * t)) * Math.sin(k * phase)) / k;
    input[i] = x;
  }
  for (let stage = 0; stage < STAGES.length; stage++) core.run(stage, 2);
}
const lowest = STAGES.map(() => Number.POSITIVE_INFINITY);
for (let burst = 0; burst < BURSTS; burst++) {
  STAGES.forEach(([, runs], stage) => {
    const began = process.hrtime.bigint();
    core.run(stage, runs);
    lowest[stage] = Math.min(lowest[stage]!, Number(process.hrtime.bigint() - began) / 1000 / runs);
  });
}
STAGES.forEach(([name], stage) => {
  console.log(`${name.padEnd(26)}${lowest[stage]!.toFixed(2).padStart(8)} us`);
});
