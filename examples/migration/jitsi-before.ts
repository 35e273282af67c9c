import { createRNNWasmModuleSync } from '@jitsi/rnnoise-wasm';

const rnnoise = createRNNWasmModuleSync();
const state = rnnoise._rnnoise_create();
const frame = rnnoise._malloc(480 * 4);

/** Exactly 480 samples at 48 kHz, in place. Gives the probability of speech. */
export function denoiseFrame(samples: Float32Array): number {
  const at = frame / 4;
  for (let i = 0; i < 480; i++) rnnoise.HEAPF32[at + i] = samples[i]! * 32768;
  const speech = rnnoise._rnnoise_process_frame(state, frame, frame);
  for (let i = 0; i < 480; i++) samples[i] = rnnoise.HEAPF32[at + i]! / 32768;
  return speech;
}
