/** The core stage by stage (assembly/entries/stages.ts), ready to be timed or counted. */
import type { CoreExports } from '../src/core/exports';
import { loadNetwork, parseModel } from '../src/core/model';
import { FRAME } from '../src/core/shape';
import { testSignal } from './signal';

export interface StagedCore extends Pick<CoreExports, 'memory' | 'alloc' | 'networkLoad'> {
  input(): number;
  advance(): void;
  run(stage: number, times: number): void;
}

/** In the order of assembly/entries/stages.ts. */
export const STAGES = [
  'DC blocker',
  'window and FFT',
  'band energies',
  'pitch search',
  'Viterbi',
  'refinement',
  'comb filter, window, FFT',
  'features and coherences',
  'network',
  'interpolation',
  'Wiener filter',
  'finer stage',
  'inverse FFT, overlap-add',
  'whole frame',
  'resampling, 44.1 to 48 kHz',
] as const;

const RATE = 48000;
const WARM_UP = 200;

/** Loads a network and lets each stage hear a voice in noise, so that nothing is at rest. */
export function warmUp(core: StagedCore, model: Uint8Array): void {
  loadNetwork(core, parseModel(model));
  const signal = testSignal((WARM_UP * FRAME) / RATE, RATE);
  for (let frame = 0; frame < WARM_UP; frame++) {
    core.advance();
    const input = new Float32Array(core.memory.buffer, core.input(), FRAME);
    input.set(signal.subarray(frame * FRAME, (frame + 1) * FRAME));
    for (let stage = 0; stage < STAGES.length; stage++) core.run(stage, 1);
  }
}
