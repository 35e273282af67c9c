import { readFileSync, writeFileSync } from 'node:fs';
import wavefile from 'wavefile';

const RATE = 48000;

/** A 48 kHz mono file of 16 bits, as evaluation/devset writes them; the library's own way to samples takes a second a file. */
export class Wav16 {
  constructor(path) {
    this.bytes = readFileSync(path);
    const { fmt, data } = new wavefile.WaveFile(this.bytes);
    this.start = this.bytes.length - data.samples.length;
    const isLast = Buffer.compare(this.bytes.subarray(this.start), data.samples) === 0;
    if (fmt.sampleRate !== RATE || fmt.numChannels !== 1 || fmt.bitsPerSample !== 16 || !isLast) {
      throw new Error(`${path} is not 48 kHz, mono, 16 bits: make it with python -m evaluation devset`);
    }
  }

  /** Samples in +-1. */
  read() {
    const count = (this.bytes.length - this.start) >> 1;
    return Float32Array.from({ length: count }, (_, i) => this.bytes.readInt16LE(this.start + 2 * i) / 32768);
  }

  /** A file like this one with as many other samples, rounded and clipped. */
  write(path, samples) {
    const bytes = Buffer.from(this.bytes);
    for (let i = 0, at = this.start; at < bytes.length; i++, at += 2) {
      bytes.writeInt16LE(Math.max(-32768, Math.min(32767, Math.round(samples[i] * 32768))), at);
    }
    writeFileSync(path, bytes);
  }
}
