/** The sound of test/fixtures. */
import { readFileSync } from 'node:fs';

/** Samples in +-1 of test/fixtures/NAME.wav: mono speech or noise, 16-bit PCM at 48 kHz. */
export function fixture(name) {
  const wav = readFileSync(new URL(`../test/fixtures/${name}.wav`, import.meta.url));
  const start = wav.indexOf('data') + 8;
  return Float32Array.from({ length: (wav.length - start) >> 1 }, (_, n) => wav.readInt16LE(start + 2 * n) / 32768);
}
