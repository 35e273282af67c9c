// The second peer: GTCRN (the AudioWorklet processor of @sapphi-red/web-noise-suppressor) over a folder of 48 kHz WAV files of 16 bits.
//   node evaluation/peers/gtcrn.mjs <noisy folder> <output folder>
// It works at 16 kHz: nothing above 8 kHz comes out. Its delay is removed, so that its files line up with the input as ours do.
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { overFolder, throughBlocks } from './peer.mjs';

const PACKAGE = '@sapphi-red/web-noise-suppressor';
const QUANTUM = 128;
/** Samples, where output and input correlate most; the same in every file. */
const DELAY = 1530;

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

await overFolder(async (samples) => {
  const processor = await start();
  const heard = new Float32Array(QUANTUM);
  const clean = throughBlocks(samples, QUANTUM, DELAY, (block) => {
    processor.process([[block]], [[heard]], {});
    block.set(heard);
  });
  processor.destroy();
  return clean;
});
