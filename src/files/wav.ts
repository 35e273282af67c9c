/**
 * WAV files block by block, so that an hour needs no more memory than a second. A written file is the file it was made from with
 * other samples in it: all headers and chunks are kept byte for byte, and only sizes that were wrong are put right. What comes
 * through a pipe cannot be read twice and gets a plain header. Node only.
 */
import { ByteSource } from './bytes';
import { Output } from './output';
import { rawHeader } from './raw';
import {
  broken,
  cutShort,
  frameBytes,
  number32BE,
  number32LE,
  type Patch,
  padding,
  readHeader,
  UNKNOWN_SIZE,
  type WavFormat,
  type WavHeader,
} from './wav-header';
import { pack, unpack } from './wav-samples';

export type { WavFormat } from './wav-header';

/** Sample frames in a block; twice as many took 7 MB more in two threads, half as many 5 % more time. */
export const WAV_BLOCK = 24000;
/** Bytes copied at a time. */
const COPY = 1 << 18;

export class WavReader {
  /** Sample frames read or left out so far, and where to stop. */
  private done = 0;
  private end: number;

  private constructor(
    readonly source: ByteSource,
    readonly path: string,
    readonly header: WavHeader,
  ) {
    this.end = header.length;
  }

  /**
   * @param path a file, FIFO or device; `-` is standard input
   * @param raw what the samples are where there is no header
   * @throws {NoiseSuppressorError} 'invalid-audio' with a reason; the file system's own errors as they are
   */
  static async open(path: string, raw?: WavFormat): Promise<WavReader> {
    const source = await ByteSource.open(path);
    try {
      const header = raw ? rawHeader(raw, source.size) : await readHeader(source, path);
      if (header.length === 0) throw broken(path, 'holds no samples');
      return new WavReader(source, path, header);
    } catch (error) {
      await source.close();
      throw error;
    }
  }

  get format(): WavFormat {
    return this.header.format;
  }

  /** Samples per channel; Infinity in a pipe whose end will tell. */
  get length(): number {
    return this.header.length;
  }

  /** What the user should know, once all is read. */
  get warning(): string | undefined {
    const { done, length, header, path } = this;
    // The end of a file is known before; a pipe's comes as a surprise.
    if (this.regular || done === length || length === Number.POSITIVE_INFINITY) return header.warning;
    return cutShort(path, length * frameBytes(header.format), done * frameBytes(header.format));
  }

  /** Whether it can be read again from anywhere. */
  get regular(): boolean {
    return this.source.size < Number.POSITIVE_INFINITY;
  }

  /** Of a file that can be read from anywhere, before the first read: only these sample frames. */
  async between(from: number, until: number): Promise<void> {
    await this.source.skip(from * frameBytes(this.format));
    this.done = from;
    this.end = until;
  }

  /** The next samples of each channel, full scale +-1; fewer than `count` at the end and, in a pipe, when no more are there; then null. */
  async read(count: number): Promise<Float32Array[] | null> {
    const wanted = Math.min(count, this.end - this.done);
    if (wanted <= 0) return null;
    const frame = frameBytes(this.format);
    const bytes = await this.source.take(wanted * frame, this.regular ? wanted * frame : frame);
    const got = Math.floor(bytes.length / frame);
    if (got < wanted && this.regular) throw broken(this.path, 'became shorter while it was read');
    this.done += got;
    if (got > 0) return unpack(this.format, bytes.subarray(0, got * frame));
    if (this.done === 0) throw broken(this.path, 'holds no samples');
    return null;
  }

  close(): Promise<void> {
    return this.source.close();
  }
}

/** A file, and the byte where its samples begin. */
export interface Place {
  readonly path: string;
  readonly start: number;
}

/** Samples within a file that a WavWriter elsewhere began and ends. */
export class WavPart {
  private constructor(
    private readonly output: Output,
    private readonly format: WavFormat,
  ) {}

  /** @param first sample frame */
  static async open({ path, start }: Place, format: WavFormat, first: number): Promise<WavPart> {
    return new WavPart(await Output.within(path, start + first * frameBytes(format)), format);
  }

  write(channels: readonly Float32Array[]): Promise<void> {
    return this.output.write(pack(this.format, channels));
  }

  finish(): Promise<void> {
    return this.output.finish();
  }

  discard(): Promise<void> {
    return this.output.discard();
  }
}

export class WavWriter {
  /** Bytes written. */
  private at = 0;
  /** Of them, before the samples. */
  private start = 0;

  private constructor(
    private readonly output: Output,
    private readonly like: WavReader,
  ) {}

  /**
   * Starts a file with all of `like` but its samples.
   * @param path as Output.open
   */
  static async create(path: string, like: WavReader): Promise<WavWriter> {
    const writer = new WavWriter(await Output.open(path), like);
    try {
      if (like.regular) await writer.copy(like.header.start, like.header.patches ?? []);
      else if (like.header.container !== 'raw') await writer.append(plainHeader(like.header));
    } catch (error) {
      await writer.discard();
      throw error;
    }
    writer.start = writer.at;
    return writer;
  }

  /** Where the samples of the file begin until it is finished; null of what is no file. */
  get place(): Place | null {
    const { partial } = this.output;
    return partial === null ? null : { path: partial, start: this.start };
  }

  /** Appends samples in +-1; integers are rounded and clipped. */
  write(channels: readonly Float32Array[]): Promise<void> {
    return this.append(pack(this.like.format, channels));
  }

  /** Leaves out samples that others write. */
  skip(count: number): void {
    const bytes = count * frameBytes(this.like.format);
    this.output.skip(bytes);
    this.at += bytes;
  }

  /** Appends the chunks after the samples and puts the file in its place. */
  async finish(): Promise<void> {
    const { like, output } = this;
    const size = this.at - this.start;
    if (like.regular && !like.header.patches) {
      await this.copy(like.source.size, []);
    } else {
      const { container } = like.header;
      await this.append(Buffer.alloc(padding(like.regular || container === 'raw' ? container : 'RIFF', this.at)));
    }
    if (!like.regular && like.header.container !== 'raw' && output.partial && this.at - 8 < UNKNOWN_SIZE) {
      const number = like.format.bigEndian ? number32BE : number32LE;
      await output.writeAt(4, number(this.at - 8));
      await output.writeAt(this.start - 4, number(size));
    }
    await output.finish();
  }

  /** Removes what was written. */
  discard(): Promise<void> {
    return this.output.discard();
  }

  /** Copies bytes of the original from here to `end`. */
  private async copy(end: number, patches: readonly Patch[]): Promise<void> {
    while (this.at < end) {
      const { at: first } = this;
      const piece = await this.like.source.at(first, Math.min(COPY, end - first));
      if (piece.length === 0) throw broken(this.like.path, 'became shorter while it was read');
      for (const { at, bytes } of patches) {
        // A patch may lie across the edge of two pieces.
        for (const [i, byte] of bytes.entries()) {
          const place = at + i - first;
          if (place >= 0 && place < piece.length) piece[place] = byte;
        }
      }
      await this.append(piece);
    }
  }

  private async append(bytes: Uint8Array): Promise<void> {
    await this.output.write(bytes);
    this.at += bytes.length;
  }
}

/** Of a file whose length is not known: sizes that readers take for "to the end". */
function plainHeader({ format, formatChunk }: WavHeader): Buffer {
  const number = format.bigEndian ? number32BE : number32LE;
  const text = (letters: string): Buffer => Buffer.from(letters, 'latin1');
  return Buffer.concat([
    text(format.bigEndian ? 'RIFX' : 'RIFF'),
    number(UNKNOWN_SIZE),
    text('WAVEfmt '),
    number(formatChunk.length),
    formatChunk,
    text('data'),
    number(UNKNOWN_SIZE),
  ]);
}
