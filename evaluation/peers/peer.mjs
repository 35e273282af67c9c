/** What the peers of the report share: a folder of recordings through a processor that takes blocks. */
import { mkdirSync, readdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import { Wav16 } from './wav16.mjs';

/**
 * A recording through a processor of blocks, its delay removed.
 * @param {Float32Array} samples
 * @param {number} size samples of a block
 * @param {number} delay samples
 * @param {(block: Float32Array) => void} process replaces the block by what it makes of it
 * @returns {Float32Array} as many samples as were given
 */
export function throughBlocks(samples, size, delay, process) {
  const heard = new Float32Array(samples.length);
  const block = new Float32Array(size);
  for (let at = 0; at < samples.length + delay; at += size) {
    block.fill(0).set(samples.subarray(at, at + size));
    process(block);
    for (let i = 0; i < size; i++) {
      const to = at + i - delay;
      if (to >= 0 && to < heard.length) heard[to] = block[i];
    }
  }
  return heard;
}

/**
 * Runs `hear` on every file of the first folder of the command line and writes what it returns to the second.
 * @param {(samples: Float32Array) => Float32Array | Promise<Float32Array>} hear
 */
export async function overFolder(hear) {
  const [script, input, output] = process.argv.slice(1);
  if (!input || !output) {
    console.error(`usage: node evaluation/peers/${basename(script)} <noisy folder> <output folder>`);
    process.exit(2);
  }
  mkdirSync(output, { recursive: true });
  for (const file of readdirSync(input).filter((name) => name.endsWith('.wav'))) {
    const wav = new Wav16(join(input, file));
    wav.write(join(output, file), await hear(wav.read()));
  }
}
