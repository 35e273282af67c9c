/**
 * The chunks of a WAV file up to its samples: RIFF, its big-endian twin RIFX, and the 64-bit RF64, BW64 (EBU Tech 3306,
 * ITU-R BS.2088) and Wave64. In bounded memory and linear time, whatever the header says. Node only.
 */

import { CORE_CHANNELS } from '../core/exports';
import { NoiseSuppressorError } from '../shared/errors';
import type { ByteSource } from './bytes';

/** Format tags of the fmt chunk (mmreg.h). */
const EXTENSIBLE = 0xfffe;
const ENCODINGS: Readonly<Record<number, WavFormat['encoding']>> = {
  1: 'integer',
  3: 'float',
  6: 'a-law',
  7: 'mu-law',
};
const COMPRESSED: Readonly<Record<number, string>> = {
  2: 'Microsoft ADPCM',
  17: 'IMA ADPCM',
  49: 'GSM 6.10',
  80: 'MPEG',
  85: 'MP3',
  255: 'AAC',
};
/** Bits of a sample in the file. */
const BITS: Readonly<Record<WavFormat['encoding'], readonly number[]>> = {
  integer: [8, 16, 24, 32],
  float: [32, 64],
  'a-law': [8],
  'mu-law': [8],
};
/** All subformat GUIDs of format tags end so: xxxxxxxx-0000-0010-8000-00AA00389B71. */
const TAG_GUID = Buffer.from('000000001000800000aa00389b71', 'hex');
/** GUIDs of Wave64 chunks are four letters and one of these. */
const W64_RIFF = Buffer.from('2e91cf11a5d628db04c10000', 'hex');
const W64_CHUNK = Buffer.from('f3acd3118cd100c04f8edb8a', 'hex');

const FORMAT_BYTES = 40;
/** Hertz: what files, and raw samples, may have; the resampler takes more. */
export const MIN_FILE_RATE = 8000;
export const MAX_FILE_RATE = 192000;
const NO_SAMPLES = 'is damaged: it ends without a data chunk';
/** The size of what is not known, or does not fit. */
export const UNKNOWN_SIZE = 0xffffffff;
/** From here on a size is what a recorder writes that cannot know it: 0x7FFF0000, 0x7FFFF000, 0x80000000, 0xFFFFFFxx ... */
const PLACEHOLDER = 0x7fff0000;

export interface WavFormat {
  readonly sampleRate: number;
  readonly channels: number;
  readonly encoding: 'integer' | 'float' | 'a-law' | 'mu-law';
  /** 8 (integers unsigned), 16, 24, 32 or 64; integers of fewer bits are left-justified in as many whole bytes. */
  readonly bits: number;
  readonly bigEndian: boolean;
}

/** Bytes that replace others of the header. */
export interface Patch {
  readonly at: number;
  readonly bytes: Buffer;
}

export interface WavHeader {
  readonly container: WavContainer;
  readonly format: WavFormat;
  /** The fmt chunk, without its header. */
  readonly formatChunk: Buffer;
  /** Bytes before the samples. */
  readonly start: number;
  /** Samples of each channel; Infinity in a pipe whose end will tell. */
  readonly length: number;
  /** For a header whose sizes are not those of the file: the right ones. */
  readonly patches: readonly Patch[] | null;
  /** What the user should know. */
  readonly warning?: string;
}

export function broken(path: string, why: string): NoiseSuppressorError {
  return new NoiseSuppressorError('invalid-audio', `${path}: ${why}`);
}

export function frameBytes({ bits, channels }: WavFormat): number {
  return (bits / 8) * channels;
}

/** 'raw' is samples alone. */
export type WavContainer = 'RIFF' | 'RIFX' | 'RF64' | 'BW64' | 'W64' | 'raw';

/**
 * Reads up to the first sample.
 * @throws {NoiseSuppressorError} 'invalid-audio' with the reason
 */
export async function readHeader(source: ByteSource, path: string): Promise<WavHeader> {
  const container = await readContainer(source, path);
  let format: WavFormat | undefined;
  let formatChunk: Buffer = Buffer.alloc(0);
  let ds64: { at: number; size: number } | undefined;
  for (;;) {
    const chunk = await readChunkHeader(source, container);
    if (!chunk) throw broken(path, NO_SAMPLES);
    const start = source.position;
    if (chunk.id === 'data') {
      if (!format) throw broken(path, 'is damaged: its samples come before a format');
      const announced = chunk.size === UNKNOWN_SIZE && ds64 ? ds64.size : chunk.size;
      const { size, warning } = await dataSize(source, announced, container, path);
      const length = Math.floor(size / frameBytes(format));
      if (length === 0) throw broken(path, 'holds no samples');
      const wrong = size !== announced && source.size < Number.POSITIVE_INFINITY;
      const patches = wrong ? sizes(container, start, length, frameBytes(format), ds64?.at) : null;
      return { container, format, formatChunk, start, length, patches, ...(warning && { warning }) };
    }
    // The first format counts, as it does for sox and ffmpeg.
    if (chunk.id === 'fmt ' && !format) {
      formatChunk = await source.take(Math.min(chunk.size, FORMAT_BYTES) & ~1);
      format = readFormat(formatChunk, container === 'RIFX', path);
    } else if (chunk.id === 'ds64' && (container === 'RF64' || container === 'BW64')) {
      const content = await source.take(Math.min(chunk.size, 16));
      if (content.length < 16) throw broken(path, 'is damaged: its sizes are incomplete');
      ds64 = { at: start, size: Number(content.readBigUInt64LE(8)) };
    }
    const align = container === 'W64' ? 8 : 2;
    const end = start + Math.ceil(chunk.size / align) * align;
    if (end > source.size) throw broken(path, NO_SAMPLES);
    await source.skip(end - source.position);
  }
}

async function readContainer(source: ByteSource, path: string): Promise<WavContainer> {
  const head = await source.take(12);
  if (head.length === 0) throw broken(path, 'is empty');
  const name = head.toString('latin1', 0, 4);
  if (head.toString('latin1', 8, 12) === 'WAVE' && ['RIFF', 'RIFX', 'RF64', 'BW64'].includes(name)) {
    return name as WavContainer;
  }
  if (name === 'riff') {
    const rest = Buffer.concat([head.subarray(4), await source.take(28)]);
    if (rest.subarray(0, 12).equals(W64_RIFF) && rest.subarray(24).equals(W64_CHUNK)) return 'W64';
  }
  throw broken(path, 'is not a WAV file; convert it first, for example with ffmpeg -i INPUT OUTPUT.wav');
}

/** Null at the end of the file. `size` is without the header. */
async function readChunkHeader(
  source: ByteSource,
  container: WavContainer,
): Promise<{ id: string; size: number } | null> {
  const length = container === 'W64' ? 24 : 8;
  const header = await source.take(length);
  if (header.length < length) return null;
  const id = header.toString('latin1', 0, 4);
  if (container === 'RIFX') return { id, size: header.readUInt32BE(4) };
  if (container !== 'W64') return { id, size: header.readUInt32LE(4) };
  const size = Math.max(0, Number(header.readBigUInt64LE(16)) - length);
  return { id: header.subarray(4, 16).equals(W64_CHUNK) ? id : '', size };
}

/** The warning of samples that are fewer than their header says, in bytes. */
export function cutShort(path: string, announced: number, there: number): string {
  return `${path}: is cut short: it announces ${announced} bytes of samples and holds ${there}; those were taken`;
}

/** Bytes of samples that are there. */
async function dataSize(
  source: ByteSource,
  announced: number,
  container: WavContainer,
  path: string,
): Promise<{ size: number; warning?: string }> {
  const left = source.size - source.position;
  if (announced > left) {
    if (announced >= PLACEHOLDER) return { size: left };
    const warning = cutShort(path, announced, left);
    return { size: left, warning };
  }
  const doubtful = announced === 0 || announced >= PLACEHOLDER;
  // ffmpeg, where it cannot know: 2^63 - 1, which only a pipe could hold.
  if (announced > Number.MAX_SAFE_INTEGER) return { size: left };
  if (container === 'W64' || !doubtful) return { size: announced > 0 ? announced : left };
  // A pipe cannot be looked into further ahead. RF64 has its true size elsewhere.
  if (left === Number.POSITIVE_INFINITY) return { size: left };
  if (announced > UNKNOWN_SIZE) return { size: announced };
  const follows = await isChunk(source, source.position + announced + (announced & 1), container);
  return { size: follows ? announced : left };
}

/** Whether a chunk, or the end of the file, is here. */
async function isChunk(source: ByteSource, at: number, container: WavContainer): Promise<boolean> {
  if (at >= source.size) return true;
  const header = await source.at(at, 8);
  if (header.length < 8 || !/^[ -~]{4}$/.test(header.toString('latin1', 0, 4))) return false;
  const size = container === 'RIFX' ? header.readUInt32BE(4) : header.readUInt32LE(4);
  return at + 8 + size <= source.size;
}

/** The right sizes for a file that ends with its samples. */
function sizes(container: WavContainer, start: number, length: number, frame: number, ds64?: number): Patch[] {
  const size = length * frame;
  const whole = start + size + padding(container, start + size);
  if (container === 'W64') {
    return [
      { at: 16, bytes: number64(whole) },
      { at: start - 8, bytes: number64(size + 24) },
    ];
  }
  const wide = whole - 8 >= UNKNOWN_SIZE || ds64 !== undefined;
  const number = container === 'RIFX' ? number32BE : number32LE;
  const patches = [
    { at: 4, bytes: number(wide ? UNKNOWN_SIZE : whole - 8) },
    { at: start - 4, bytes: number(wide ? UNKNOWN_SIZE : size) },
  ];
  if (ds64 === undefined) return patches;
  return [...patches, { at: ds64, bytes: Buffer.concat([number64(whole - 8), number64(size)]) }];
}

/** Zeros after samples that end here: chunks of Wave64 begin at multiples of 8, others at even places. */
export function padding(container: WavContainer, end: number): number {
  if (container === 'raw') return 0;
  return container === 'W64' ? (8 - (end % 8)) % 8 : end % 2;
}

export function number32LE(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}

export function number32BE(value: number): Buffer {
  return number32LE(value).reverse();
}

function number64(value: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(BigInt(value));
  return bytes;
}

function readFormat(chunk: Buffer, bigEndian: boolean, path: string): WavFormat {
  const u16 = (at: number): number => (bigEndian ? chunk.readUInt16BE(at) : chunk.readUInt16LE(at));
  const u32 = (at: number): number => (bigEndian ? chunk.readUInt32BE(at) : chunk.readUInt32LE(at));
  const incomplete = (): NoiseSuppressorError => broken(path, 'is damaged: its format is incomplete');
  if (chunk.length < 16) throw incomplete();
  let tag = u16(0);
  if (tag === EXTENSIBLE) {
    if (chunk.length < FORMAT_BYTES) throw incomplete();
    const guid = chunk.subarray(24, 40);
    if (!isTagGuid(guid, bigEndian)) {
      throw broken(
        path,
        `holds samples of a kind that is not known here (extensible format ${guid.toString('hex')}); convert it to PCM first`,
      );
    }
    tag = u16(bigEndian ? 26 : 24);
  }
  const encoding = ENCODINGS[tag];
  if (!encoding) {
    const name = COMPRESSED[tag];
    throw broken(
      path,
      `is compressed (${name ? `${name}, ` : ''}WAV format ${tag}); convert it to PCM first, for example with ffmpeg -i INPUT OUTPUT.wav`,
    );
  }
  const channels = u16(2);
  const sampleRate = u32(4);
  const [byteRate, blockAlign, declared] = [u32(8), u16(12), u16(14)];
  if (channels === 0) throw broken(path, 'is damaged: 0 channels');
  if (channels > CORE_CHANNELS) {
    throw broken(path, `has ${channels} channels; up to ${CORE_CHANNELS} are possible: split it first`);
  }
  if (sampleRate < MIN_FILE_RATE || sampleRate > MAX_FILE_RATE) {
    throw broken(path, `has a sample rate of ${sampleRate} Hz; ${MIN_FILE_RATE} to ${MAX_FILE_RATE} are possible`);
  }
  // Two fields tell the bytes of a sample. As for sox and ffmpeg the bits count where they fill them. 24 may lie in 4 bytes, as fewer may
  // in any; then the block is right if the byte rate agrees.
  const wholeBytes = Math.ceil(declared / 8) * channels;
  const full = BITS[encoding].includes(declared) && !(declared === 24 && blockAlign === 4 * channels);
  const roomy = !full && blockAlign >= wholeBytes && byteRate === sampleRate * blockAlign;
  const block = roomy || wholeBytes === 0 ? blockAlign : wholeBytes;
  const bits = (block / channels) * 8;
  if (!BITS[encoding].includes(bits) || declared > bits) {
    const possible = BITS[encoding].join(', ');
    throw broken(
      path,
      `has ${encoding} samples of ${declared} bits, ${channels} channels in ${blockAlign} bytes; ${possible} bits are possible`,
    );
  }
  return { sampleRate, channels, encoding, bits, bigEndian };
}

/** Whether a GUID stands for a format tag; its first three numbers are in the order of the file's bytes. */
function isTagGuid(guid: Buffer, bigEndian: boolean): boolean {
  if (!bigEndian) return guid.subarray(2).equals(TAG_GUID);
  return guid.readUInt16BE(0) === 0 && guid.subarray(4).equals(Buffer.from('00000010800000aa00389b71', 'hex'));
}
