/**
 * WAV files block by block, so that an hour needs no more memory than a second. Samples are packed and unpacked, and the format
 * is read, by the wavefile library, which wants whole files; here is only the walk along the chunks.
 *
 * A written file is the file it was made from with other samples in it: all headers and chunks are kept byte for byte.
 * Node only.
 */
import { type FileHandle, open, rename, rm } from 'node:fs/promises';
import * as wavefile from 'wavefile';
import { NoiseSuppressorError } from './errors';

// Node sees the library's CommonJS file, bundlers its module.
const library: { default?: unknown; WaveFile?: unknown } = wavefile;
const { WaveFile } = (library.default ?? library) as typeof wavefile;

/** Formats of the fmt chunk. */
const FORMAT_INTEGER = 1;
const FORMAT_FLOAT = 3;
const FORMAT_EXTENSIBLE = 0xfffe;
/** The size a writer leaves that could not know it, and the one RF64 keeps in its ds64 chunk. */
const UNKNOWN_SIZE = 0xffffffff;
const RIFF_HEADER_BYTES = 12;
const CHUNK_HEADER_BYTES = 8;
const MAX_FORMAT_BYTES = 4096;

/** Sample frames in a block. */
export const WAV_BLOCK = 48000;

export interface WavFormat {
  readonly sampleRate: number;
  readonly channels: number;
  /** 8 (unsigned), 16, 24, 32, or 32 and 64 with float. */
  readonly bits: number;
  readonly float: boolean;
}

function broken(path: string, why: string): NoiseSuppressorError {
  return new NoiseSuppressorError('invalid-audio', `${path}: ${why}`);
}

/** wavefile's name of a format. */
function bitDepth({ bits, float }: WavFormat): string {
  return float && bits === 32 ? '32f' : String(bits);
}

async function readAt(file: FileHandle, at: number, length: number): Promise<Buffer> {
  const buffer = Buffer.alloc(length);
  let got = 0;
  while (got < length) {
    const { bytesRead } = await file.read(buffer, got, length - got, at + got);
    if (bytesRead === 0) break;
    got += bytesRead;
  }
  return buffer.subarray(0, got);
}

export class WavReader {
  private constructor(
    private readonly file: FileHandle,
    readonly path: string,
    readonly format: WavFormat,
    /** Samples per channel. */
    readonly length: number,
    /** Bytes before the samples, and in the whole file. */
    readonly start: number,
    readonly bytes: number,
  ) {}

  /** @throws {NoiseSuppressorError} 'invalid-audio' with a reason; the file system's own errors as they are */
  static async open(path: string): Promise<WavReader> {
    const file = await open(path, 'r');
    try {
      const bytes = (await file.stat()).size;
      const { format, start, size } = await readChunks(file, path, bytes);
      const frameBytes = (format.bits / 8) * format.channels;
      const length = Math.floor(size / frameBytes);
      if (length === 0) throw broken(path, 'holds no samples');
      return new WavReader(file, path, format, length, start, bytes);
    } catch (error) {
      await file.close();
      throw error;
    }
  }

  get frameBytes(): number {
    return (this.format.bits / 8) * this.format.channels;
  }

  /** Samples at..at + count of each channel, full scale +-1. */
  async read(at: number, count: number): Promise<Float32Array[]> {
    const { channels, sampleRate, bits, float } = this.format;
    const bytes = await readAt(this.file, this.start + at * this.frameBytes, count * this.frameBytes);
    if (bytes.length < count * this.frameBytes) throw broken(this.path, 'became shorter while it was read');
    const wav = new WaveFile();
    wav.fromScratch(channels, sampleRate, bitDepth(this.format), []);
    (wav as unknown as { data: { samples: Uint8Array } }).data.samples = bytes;
    const samples = wav.getSamples(true, Float64Array as never) as unknown as Float64Array;
    const scale = float ? 1 : 2 ** (1 - bits);
    const offset = bits === 8 ? 128 : 0;
    return Array.from({ length: channels }, (_, channel) => {
      const out = new Float32Array(count);
      for (let i = 0; i < count; i++) out[i] = (samples[i * channels + channel]! - offset) * scale;
      return out;
    });
  }

  /** Bytes of the file, for what is no sample. */
  raw(at: number, length: number): Promise<Buffer> {
    return readAt(this.file, at, length);
  }

  close(): Promise<void> {
    return this.file.close();
  }
}

/** Writes beside the target and moves the file there when it is complete. */
export class WavWriter {
  private at = 0;

  private constructor(
    private readonly file: FileHandle,
    private readonly like: WavReader,
    private readonly path: string,
  ) {}

  /** Starts a file with all of `like` but its samples. */
  static async create(path: string, like: WavReader): Promise<WavWriter> {
    const writer = new WavWriter(await open(partial(path), 'w'), like, path);
    await writer.append(await like.raw(0, like.start));
    return writer;
  }

  /** Appends samples in +-1; integers are rounded and clipped. */
  async write(channels: readonly Float32Array[]): Promise<void> {
    const { sampleRate, bits, float } = this.like.format;
    const count = channels[0]?.length ?? 0;
    const samples = new Float64Array(count * channels.length);
    const scale = float ? 1 : 2 ** (bits - 1);
    const offset = bits === 8 ? 128 : 0;
    for (const [channel, values] of channels.entries()) {
      for (let i = 0; i < count; i++) {
        const x = values[i]! * scale;
        samples[i * channels.length + channel] = float
          ? x
          : Math.max(-scale, Math.min(scale - 1, Math.round(x))) + offset;
      }
    }
    const wav = new WaveFile();
    wav.fromScratch(channels.length, sampleRate, bitDepth(this.like.format), samples as never);
    const { data } = wav as unknown as { data: { samples: Uint8Array } };
    // The library pads odd lengths to even ones.
    await this.append(data.samples.subarray(0, (count * channels.length * bits) / 8));
  }

  /** Appends the chunks after the samples and moves the file to its place. */
  async finish(): Promise<void> {
    const step = 1 << 20;
    while (this.at < this.like.bytes) {
      const rest = await this.like.raw(this.at, Math.min(step, this.like.bytes - this.at));
      if (rest.length === 0) break;
      await this.append(rest);
    }
    await this.file.close();
    await rename(partial(this.path), this.path);
  }

  /** Removes what was written. */
  async discard(): Promise<void> {
    await this.file.close();
    await rm(partial(this.path), { force: true });
  }

  private async append(bytes: Uint8Array): Promise<void> {
    await this.file.writeFile(bytes);
    this.at += bytes.length;
  }
}

/** Where a file is written before it is complete. */
export function partial(path: string): string {
  return `${path}.part`;
}

interface Chunks {
  format: WavFormat;
  /** Where the samples begin, and their bytes. */
  start: number;
  size: number;
}

async function readChunks(file: FileHandle, path: string, bytes: number): Promise<Chunks> {
  if (bytes === 0) throw broken(path, 'is empty');
  const head = await readAt(file, 0, RIFF_HEADER_BYTES);
  const container = head.toString('latin1', 0, 4);
  const big = container === 'RF64';
  if (!(big || container === 'RIFF') || head.toString('latin1', 8, 12) !== 'WAVE') {
    throw broken(path, 'is not a WAV file; convert it first, for example with ffmpeg -i INPUT OUTPUT.wav');
  }
  let at = RIFF_HEADER_BYTES;
  let format: WavFormat | undefined;
  let bigSize: number | undefined;
  for (;;) {
    const header = await readAt(file, at, CHUNK_HEADER_BYTES);
    if (header.length < CHUNK_HEADER_BYTES) throw broken(path, 'is damaged: it ends without a data chunk');
    const id = header.toString('latin1', 0, 4);
    let size = header.readUInt32LE(4);
    at += CHUNK_HEADER_BYTES;
    if (id === 'data') {
      if (!format) throw broken(path, 'is damaged: its samples come before a format');
      const unfinished = head.readUInt32LE(4) === 0 || head.readUInt32LE(4) === UNKNOWN_SIZE;
      if (big && size === UNKNOWN_SIZE) size = bigSize ?? bytes - at;
      else if (size === UNKNOWN_SIZE || (size === 0 && unfinished)) size = bytes - at;
      if (size > bytes - at) {
        throw broken(path, `is cut short: it announces ${size} bytes of samples and holds ${bytes - at}`);
      }
      return { format, start: at, size };
    }
    if (id === 'fmt ') format = readFormat(await readAt(file, at, Math.min(size, MAX_FORMAT_BYTES)), path);
    if (id === 'ds64' && big) {
      const sizes = await readAt(file, at, 16);
      if (sizes.length < 16) throw broken(path, 'is damaged: its sizes are incomplete');
      bigSize = Number(sizes.readBigUInt64LE(8));
    }
    at += size + (size & 1);
  }
}

function readFormat(chunk: Buffer, path: string): WavFormat {
  if (chunk.length < 16) throw broken(path, 'is damaged: its format is incomplete');
  // A WAV file of this format chunk and no samples.
  const tail = Buffer.from('data\0\0\0\0', 'latin1');
  const head = Buffer.from('RIFF\0\0\0\0WAVEfmt \0\0\0\0', 'latin1');
  head.writeUInt32LE(4 + 8 + chunk.length + 8, 4);
  head.writeUInt32LE(chunk.length, 16);
  const wav = new WaveFile();
  try {
    wav.fromBuffer(Buffer.concat([head, chunk, tail]));
  } catch (cause) {
    throw new NoiseSuppressorError('invalid-audio', `${path}: is damaged: its format cannot be read`, { cause });
  }
  const fmt = wav.fmt as {
    audioFormat: number;
    numChannels: number;
    sampleRate: number;
    blockAlign: number;
    bitsPerSample: number;
    subformat: number[];
  };
  const code = fmt.audioFormat === FORMAT_EXTENSIBLE ? fmt.subformat[0] : fmt.audioFormat;
  const float = code === FORMAT_FLOAT;
  if (code !== FORMAT_INTEGER && !float) {
    throw broken(
      path,
      `is compressed (WAV format ${code}); convert it to PCM first, for example with ffmpeg -i INPUT OUTPUT.wav`,
    );
  }
  const { numChannels: channels, sampleRate } = fmt;
  // Bits are kept in whole bytes, left-justified: 20 bits are read as 24.
  const bits = (fmt.blockAlign / channels) * 8;
  const possible = float ? [32, 64] : [8, 16, 24, 32];
  if (channels < 1 || !possible.includes(bits) || fmt.bitsPerSample > bits) {
    throw broken(path, `is damaged: ${channels} channels of ${fmt.bitsPerSample} bits in ${fmt.blockAlign} bytes`);
  }
  if (sampleRate < 8000 || sampleRate > 192000) {
    throw broken(path, `has a sample rate of ${sampleRate} Hz; 8000 to 192000 are possible`);
  }
  return { sampleRate, channels, bits, float };
}
