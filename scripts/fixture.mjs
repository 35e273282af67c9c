/** The sound of test/fixtures, and of files like it. */
import { readFileSync } from 'node:fs';

/** Samples in +-1 of a mono WAV file of 16-bit PCM. */
export function samplesOf(path) {
  const wav = readFileSync(path);
  const start = wav.indexOf('data') + 8;
  return Float32Array.from({ length: (wav.length - start) >> 1 }, (_, n) => wav.readInt16LE(start + 2 * n) / 32768);
}

/** Those of test/fixtures/NAME.wav: speech or noise at 48 kHz. */
export function fixture(name) {
  return samplesOf(new URL(`../test/fixtures/${name}.wav`, import.meta.url));
}
