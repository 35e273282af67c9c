/** A file, a pipe or a device from its beginning to its end, in bounded memory. Node only. */
import { read } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { setTimeout } from 'node:timers/promises';
import { promisify } from 'node:util';
import { givenDescriptor } from './paths';

/** Bytes asked of the system at a time while small pieces are taken. */
const WINDOW = 1 << 16;
/** Milliseconds before a descriptor that somebody made non-blocking is asked again. */
const AGAIN_MS = 5;

const readDescriptor = promisify(read);

/** Fills the front of a buffer from a place in the file and says how far; 0 at the end. */
type Fill = (into: Buffer, position: number) => Promise<number>;

export class ByteSource {
  /** Bytes taken or skipped so far. */
  position = 0;
  /** Read, and neither taken nor skipped yet. */
  private ahead: Buffer = Buffer.alloc(0);

  private constructor(
    private readonly fill: Fill,
    /** Of a regular file; Infinity where only its end tells. */
    readonly size: number,
    private readonly file?: FileHandle,
  ) {}

  /**
   * @param path a file, FIFO or device; `-` is standard input
   * @throws {NoiseSuppressorError} 'invalid-input' for a descriptor of Node.js itself; the file system's own errors
   */
  static async open(path: string): Promise<ByteSource> {
    const descriptor = await givenDescriptor(path, 0);
    if (descriptor !== null)
      return new ByteSource((into) => fromDescriptor(descriptor, into), Number.POSITIVE_INFINITY);
    const file = await open(path, 'r');
    try {
      const stats = await file.stat();
      const regular = stats.isFile();
      const fill: Fill = async (into, position) =>
        (await file.read(into, 0, into.length, regular ? position : null)).bytesRead;
      return new ByteSource(fill, regular ? stats.size : Number.POSITIVE_INFINITY, file);
    } catch (error) {
      await file.close();
      throw error;
    }
  }

  /**
   * The next bytes, fewer only at the end.
   * @param step what is there will do, as long as it is a multiple of this and not nothing
   */
  async take(length: number, step = length): Promise<Buffer> {
    const out = Buffer.allocUnsafe(length);
    let got = this.ahead.copy(out, 0, 0, length);
    this.ahead = this.ahead.subarray(got);
    while (got < Math.min(step, length)) {
      const wanted = length - got;
      const piece = wanted < WINDOW ? Buffer.allocUnsafe(WINDOW) : out.subarray(got);
      const filled = await this.fill(piece, this.position + got);
      if (filled === 0) break;
      if (wanted < WINDOW) {
        piece.copy(out, got, 0, Math.min(filled, wanted));
        this.ahead = piece.subarray(Math.min(filled, wanted), filled);
      }
      got += Math.min(filled, wanted);
    }
    if (got > step && got < length) {
      // Then nothing lies ahead but this part of a step.
      const whole = got - (got % step);
      this.ahead = Buffer.from(out.subarray(whole, got));
      got = whole;
    }
    this.position += got;
    return out.subarray(0, got);
  }

  /** Leaves bytes out; a pipe is read past them. */
  async skip(length: number): Promise<void> {
    if (this.size < Number.POSITIVE_INFINITY) {
      this.ahead = this.ahead.subarray(Math.min(length, this.ahead.length));
      this.position += length;
      return;
    }
    for (let left = length; left > 0; ) {
      const { length: got } = await this.take(Math.min(left, WINDOW));
      if (got === 0) return;
      left -= got;
    }
  }

  /** Bytes from anywhere in a regular file. */
  async at(position: number, length: number): Promise<Buffer> {
    const out = Buffer.allocUnsafe(length);
    let got = 0;
    while (got < length) {
      const filled = await this.fill(out.subarray(got), position + got);
      if (filled === 0) break;
      got += filled;
    }
    return out.subarray(0, got);
  }

  async close(): Promise<void> {
    await this.file?.close();
  }
}

async function fromDescriptor(descriptor: number, into: Buffer): Promise<number> {
  for (;;) {
    try {
      return (await readDescriptor(descriptor, into, 0, into.length, null)).bytesRead;
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      // What Windows says at the end of a pipe.
      if (code === 'EOF') return 0;
      if (code !== 'EAGAIN') throw error;
      await setTimeout(AGAIN_MS);
    }
  }
}
