/** Samples without a header, as bytes: little-endian, the channels of a moment side by side, cut anywhere. A part of one at the end is left out. */
import { NoiseSuppressorError } from '../shared/errors';
import { kindOf, shown } from '../shared/realm';
import { checkThere } from './options';
import type { Chunk, Samples } from './samples';

/** As ffmpeg and sox name them. */
export type PcmFormat = 's16le' | 'f32le';

export class PcmBytes {
  private readonly size: number;
  /** The beginning of what comes next. */
  private rest = new Uint8Array(0);

  constructor(
    private readonly format: PcmFormat,
    private readonly channels: number,
  ) {
    this.size = format === 's16le' ? 2 : 4;
  }

  /**
   * The whole samples of what has come.
   * @throws {NoiseSuppressorError} 'invalid-input' for what is no bytes
   */
  chunk(data: unknown): Chunk {
    const { channels, size } = this;
    const fresh = bytesOf(data);
    const all = new Uint8Array(this.rest.length + fresh.length);
    all.set(this.rest);
    all.set(fresh, this.rest.length);
    const count = Math.floor(all.length / (size * channels));
    this.rest = all.slice(count * size * channels);
    const view = new DataView(all.buffer);
    const integers = this.format === 's16le';
    const sides = Array.from({ length: channels }, (_, c) => {
      const samples: Samples = integers ? new Int16Array(count) : new Float32Array(count);
      for (let i = 0; i < count; i++) {
        const at = (i * channels + c) * size;
        samples[i] = integers ? view.getInt16(at, true) : view.getFloat32(at, true);
      }
      return samples;
    });
    return (channels > 1 ? sides : sides[0]!) as Chunk;
  }

  bytes(chunk: Chunk): Uint8Array {
    const { channels, size } = this;
    const sides = (channels > 1 ? chunk : [chunk]) as readonly Samples[];
    const count = sides[0]!.length;
    const all = new Uint8Array(count * channels * size);
    const view = new DataView(all.buffer);
    const integers = this.format === 's16le';
    for (const [c, samples] of sides.entries()) {
      for (let i = 0; i < count; i++) {
        const at = (i * channels + c) * size;
        if (integers) view.setInt16(at, samples[i]!, true);
        else view.setFloat32(at, samples[i]!, true);
      }
    }
    return all;
  }
}

/** Not of any view: samples in a Float32Array are no bytes of 16-bit PCM. */
function bytesOf(data: unknown): Uint8Array {
  const kind = kindOf(data);
  if (kind === 'Uint8Array' || kind === 'ArrayBuffer') {
    checkThere('a chunk', data as Uint8Array | ArrayBuffer);
    return kind === 'Uint8Array' ? (data as Uint8Array) : new Uint8Array(data as ArrayBuffer);
  }
  const hint = ArrayBuffer.isView(data) ? ': leave format out for samples' : '';
  throw new NoiseSuppressorError(
    'invalid-input',
    `with format a chunk is a Uint8Array or an ArrayBuffer, not ${shown(data)}${hint}`,
  );
}
