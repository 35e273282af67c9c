// The peer baseline: RNNoise 0.1 (SIMD build of @sapphi-red/web-noise-suppressor) over a folder of 48 kHz WAV files of 16 bits.
//   node scripts/peer-rnnoise.mjs <noisy folder> <output folder>
// RNNoise's own delay is removed, so that its files line up with the input as ours do.
import { mkdir, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Wav16 } from './wav16.mjs';

const RATE = 48000;
const FRAME = 480;
/** Samples: RNNoise gives the first half of an overlap of two frames. */
const DELAY = 480;
/** RNNoise takes samples in the range of 16-bit integers. */
const FULL_SCALE = 32768;

const [input, output] = process.argv.slice(2);
if (!input || !output) {
  console.error('usage: node scripts/peer-rnnoise.mjs <noisy folder> <output folder>');
  process.exit(2);
}

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

await mkdir(output, { recursive: true });
const files = (await readdir(input)).filter((name) => name.endsWith('.wav')).sort();
let spent = 0;
let seconds = 0;
for (const name of files) {
  const wav = new Wav16(join(input, name));
  const samples = wav.read();
  const clean = new Float32Array(samples.length);
  const state = core.rnnoise_create(0);
  const started = performance.now();
  for (let at = 0; at < samples.length + DELAY; at += FRAME) {
    for (let i = 0; i < FRAME; i++) heap[i] = (samples[at + i] ?? 0) * FULL_SCALE;
    core.rnnoise_process_frame(state, frame, frame);
    for (let i = 0; i < FRAME; i++) {
      const to = at + i - DELAY;
      if (to >= 0 && to < clean.length) clean[to] = heap[i] / FULL_SCALE;
    }
  }
  spent += performance.now() - started;
  seconds += samples.length / RATE;
  core.rnnoise_destroy(state);
  wav.write(join(output, name), clean);
}
console.log(
  `${files.length} files, ${seconds.toFixed(0)} s of audio, ${((1e4 * spent) / seconds / 1e3).toFixed(0)} us per 10 ms`,
);
