// The peer baseline: RNNoise 0.1 (SIMD build of @sapphi-red/web-noise-suppressor) over a folder of 48 kHz WAV files of 16 bits.
//   node evaluation/peers/rnnoise.mjs <noisy folder> <output folder>
// RNNoise's own delay is removed, so that its files line up with the input as ours do.
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { overFolder, throughBlocks } from './peer.mjs';

/** Samples RNNoise takes at a time. */
const FRAME = 480;
/** Samples: RNNoise gives the first half of an overlap of two frames. */
const DELAY = 480;
/** RNNoise takes samples in the range of 16-bit integers. */
const FULL_SCALE = 32768;

const wasm = await readFile(fileURLToPath(import.meta.resolve('@sapphi-red/web-noise-suppressor/rnnoise_simd.wasm')));
const { instance } = await WebAssembly.instantiate(wasm, {
  env: {
    emscripten_memcpy_big: (target, source, length) => {
      new Uint8Array(instance.exports.memory.buffer).copyWithin(target, source, source + length);
      return target;
    },
    emscripten_resize_heap: () => 0,
    __assert_fail: () => {
      throw new Error('assertion failed in RNNoise');
    },
  },
});
const core = instance.exports;
core.emscripten_stack_init();
core.__wasm_call_ctors();
const frame = core.malloc(FRAME * 4);
const heap = new Float32Array(core.memory.buffer, frame, FRAME);

await overFolder((samples) => {
  const state = core.rnnoise_create(0);
  const clean = throughBlocks(samples, FRAME, DELAY, (block) => {
    heap.set(block.map((x) => x * FULL_SCALE));
    core.rnnoise_process_frame(state, frame, frame);
    block.set(heap.map((x) => x / FULL_SCALE));
  });
  core.rnnoise_destroy(state);
  return clean;
});
