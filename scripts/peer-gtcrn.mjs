// The second peer: GTCRN (the AudioWorklet processor of @sapphi-red/web-noise-suppressor) over a folder of 48 kHz WAV files of 16 bits.
//   node scripts/peer-gtcrn.mjs <noisy folder> <output folder>
// It works at 16 kHz: nothing above 8 kHz comes out. Its delay is removed, so that its files line up with the input as ours do.
import { mkdir, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Wav16 } from './wav16.mjs';

const PACKAGE = '@sapphi-red/web-noise-suppressor';
const QUANTUM = 128;
/** Samples, where output and input correlate most; the same in every file. */
const DELAY = 1530;

const [input, output] = process.argv.slice(2);
if (!input || !output) {
  console.error('usage: node scripts/peer-gtcrn.mjs <noisy folder> <output folder>');
  process.exit(2);
}

let Processor;
Object.assign(globalThis, {
  sampleRate: 48_000,
  AudioWorkletProcessor: class {
    port = new EventTarget();
  },
  registerProcessor: (_, registered) => {
    Processor = registered;
  },
});
await import(`${PACKAGE}/gtcrnWorklet.js`);
const wasmBinary = new Uint8Array(await readFile(fileURLToPath(import.meta.resolve(`${PACKAGE}/gtcrn.wasm`)))).buffer;

/** A processor starts by itself and passes nothing before: it is ready when its first member of that name is there. */
async function start() {
  const processor = new Processor({ processorOptions: { maxChannels: 1, wasmBinary } });
  while (!processor.processor) await new Promise((resolve) => setTimeout(resolve, 1));
  return processor;
}

await mkdir(output, { recursive: true });
for (const file of (await readdir(input)).filter((entry) => entry.endsWith('.wav')).sort()) {
  const wav = new Wav16(join(input, file));
  const samples = wav.read();
  const clean = new Float32Array(samples.length);
  const [quantum, heard] = [new Float32Array(QUANTUM), new Float32Array(QUANTUM)];
  const processor = await start();
  for (let at = 0; at < samples.length + DELAY; at += QUANTUM) {
    quantum.fill(0).set(samples.subarray(at, at + QUANTUM));
    processor.process([[quantum]], [[heard]], {});
    for (let i = 0; i < QUANTUM; i++) {
      const to = at + i - DELAY;
      if (to >= 0 && to < clean.length) clean[to] = heard[i];
    }
  }
  processor.destroy();
  wav.write(join(output, file), clean);
}
