/** What chunks are made of, checked, and turned into f32 channels and back. */
import { NoiseSuppressorError } from '../shared/errors';
import { isFloat32Array, isInt16Array, shown } from '../shared/realm';
import { checkThere } from './options';

/** One channel of a chunk: f32 in +-1, or 16-bit PCM. */
export type Samples = Float32Array | Int16Array;
/** Sound of any length: of one channel, or of both as a list. */
export type Chunk = Float32Array | Int16Array | readonly Float32Array[] | readonly Int16Array[];

/** What comes back has the kind of what went in. */
export interface Kind {
  readonly integers: boolean;
  readonly list: boolean;
}

const FULL_SCALE = 32768;

/**
 * The channels of a chunk, none of them copied.
 * @throws {NoiseSuppressorError} 'invalid-input' for what is no chunk of so many channels
 */
export function channelsOf(chunk: unknown, count: number): readonly Samples[] {
  const bad = (text: string): never => {
    throw new NoiseSuppressorError('invalid-input', text);
  };
  const isList = Array.isArray(chunk);
  const channels: readonly unknown[] = isList ? chunk : [chunk];
  const what =
    count === 1 ? 'a Float32Array or an Int16Array' : 'a list of two Float32Arrays or Int16Arrays, [left, right]';
  if (channels.length !== count || (count > 1 && !isList)) {
    const got = isList ? `a list of ${channels.length}` : shown(chunk);
    bad(`a chunk of ${count === 1 ? 'one channel' : 'two channels'} is ${what}, not ${got}`);
  }
  for (const samples of channels) {
    if (isFloat32Array(samples) || isInt16Array(samples)) {
      checkThere('a chunk', samples);
      continue;
    }
    const hint =
      ArrayBuffer.isView(samples) || samples instanceof ArrayBuffer
        ? ': bytes go through denoiseStream({ format })'
        : '';
    bad(`a chunk is ${what}, not ${isList ? 'a list with ' : ''}${shown(samples)}${hint}`);
  }
  const [first, second = first] = channels as Samples[];
  if (first!.length !== second!.length)
    bad(`left and right have one length, not ${first!.length} and ${second!.length}`);
  if (isInt16Array(first) !== isInt16Array(second))
    bad('left and right are of one kind: two Float32Arrays or two Int16Arrays');
  return channels as Samples[];
}

export function kindOfChunk(chunk: Chunk): Kind {
  const list = Array.isArray(chunk);
  return { list, integers: isInt16Array(list ? chunk[0] : chunk) };
}

/** Full scale is +-1. */
export function toFloats(samples: Samples): Float32Array {
  return isInt16Array(samples) ? Float32Array.from(samples, (x) => x / FULL_SCALE) : (samples as Float32Array);
}

/** Rounded and clipped. */
export function toIntegers(samples: Float32Array): Int16Array {
  return Int16Array.from(samples, (x) => Math.max(-FULL_SCALE, Math.min(FULL_SCALE - 1, Math.round(x * FULL_SCALE))));
}

/** Pieces of each channel, one after the other, as a chunk of this kind. */
export function joined(pieces: readonly (readonly Float32Array[])[], count: number, { integers, list }: Kind): Chunk {
  const channels = Array.from({ length: count }, (_, c) => {
    const whole = new Float32Array(pieces.reduce((sum, piece) => sum + piece[c]!.length, 0));
    let at = 0;
    for (const piece of pieces) {
      whole.set(piece[c]!, at);
      at += piece[c]!.length;
    }
    return integers ? toIntegers(whole) : whole;
  });
  return (list ? channels : channels[0]!) as Chunk;
}
