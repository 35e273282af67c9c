/** A Denoiser as a Web stream. */
import { NoiseSuppressorError } from '../shared/errors';
import { Denoiser } from './denoiser';
import { checkDenoiseStream, type DenoiseStreamOptions } from './options';
import { PcmBytes } from './pcm-bytes';
import type { Chunk } from './samples';

/**
 * What a TransformStream is, for pipeThrough() and whoever else takes one, through a Denoiser of its own: in pages, workers, Node, Deno and
 * Bun. As many samples come out as go in, in step with them, `Denoiser.delay` behind at most; the rest comes when the input ends. Takes no
 * more than somebody reads. An error, an abort and a cancel end both sides and give the core back.
 *
 * In Node `Duplex.fromWeb(denoiseStream({ format: 's16le', sampleRate: 16000 }))` of `node:stream` is a transform of Buffers.
 * @returns two streams, of chunks as Denoiser.process(chunk) takes and gives them; with `format` of bytes
 * @throws {NoiseSuppressorError} 'invalid-input' for an option that is none, which it names. The streams themselves fail with what
 * Denoiser.create() and process(chunk) throw, and with 'aborted'
 * @example
 * ```ts
 * await response.body.pipeThrough(denoiseStream({ format: 's16le', sampleRate: 16000 })).pipeTo(sink);
 * ```
 */
export function denoiseStream(
  options: DenoiseStreamOptions & { format: 's16le' | 'f32le' },
): ReadableWritablePair<Uint8Array, Uint8Array | ArrayBuffer>;
export function denoiseStream(options?: DenoiseStreamOptions): ReadableWritablePair<Chunk, Chunk>;
export function denoiseStream(options: DenoiseStreamOptions = {}): ReadableWritablePair {
  checkDenoiseStream(options);
  return new DenoiseStream(options);
}

/** No TransformStream of the engine's: Chromium, for one, does not tell those of a cancel or an abort. */
class DenoiseStream implements ReadableWritablePair {
  readonly readable: ReadableStream;
  readonly writable: WritableStream;
  private readonly pcm: PcmBytes | undefined;
  private readonly signal: AbortSignal | null | undefined;
  /** Aborted by the end, however it comes. */
  private readonly life = new AbortController();
  private denoiser: Denoiser | undefined;
  private output!: ReadableStreamDefaultController;
  private input!: WritableStreamDefaultController;
  /** Somebody reads and has got nothing yet. */
  private wanted = false;
  private wake: () => void = () => {};

  constructor({ format, signal, ...options }: DenoiseStreamOptions) {
    this.signal = signal;
    this.pcm = format && new PcmBytes(format, options.channels === 'stereo' ? 2 : 1);
    this.readable = new ReadableStream(
      {
        start: (controller) => {
          this.output = controller;
        },
        pull: () => {
          this.wanted = true;
          this.wake();
        },
        cancel: (reason) => this.fail(reason),
      },
      { highWaterMark: 0 },
    );
    this.writable = new WritableStream({
      start: (controller) => {
        this.input = controller;
        // An abort while it loads: the other side learns why, and not what comes of it.
        controller.signal?.addEventListener('abort', () => {
          this.output.error(controller.signal.reason);
          this.end();
        });
        return this.open(options);
      },
      write: (chunk) => this.take(chunk),
      close: () => {
        this.give((denoiser) => denoiser.flush<Chunk>());
        this.output.close();
        this.end();
      },
      abort: (reason) => this.fail(reason),
    });
  }

  private async open(options: Omit<DenoiseStreamOptions, 'format' | 'signal'>): Promise<void> {
    const { signal, life } = this;
    try {
      if (signal?.aborted) throw aborted(signal);
      signal?.addEventListener('abort', () => this.fail(aborted(signal)), { signal: life.signal });
      this.denoiser = await Denoiser.create({ ...options, signal: life.signal });
    } catch (error) {
      this.fail(error);
      throw error;
    }
    if (life.signal.aborted) this.denoiser.destroy();
  }

  private async take(chunk: unknown): Promise<void> {
    const { life, pcm } = this;
    while (!this.wanted && !life.signal.aborted) {
      await new Promise<void>((resolve) => {
        this.wake = resolve;
      });
    }
    if (life.signal.aborted) return;
    this.give((denoiser) => denoiser.process((pcm ? pcm.chunk(chunk) : chunk) as Float32Array));
  }

  /** Gives what comes of `work`; whatever it throws ends all. */
  private give(work: (denoiser: Denoiser) => Chunk): void {
    try {
      const chunk = work(this.denoiser!);
      const ready = Array.isArray(chunk) ? chunk[0]! : chunk;
      if (ready.length === 0) return;
      this.wanted = false;
      this.output.enqueue(this.pcm ? this.pcm.bytes(chunk) : chunk);
    } catch (error) {
      this.fail(error);
      throw error;
    }
  }

  /** Both sides learn of it. */
  private fail(reason: unknown): void {
    this.output.error(reason);
    this.input.error(reason);
    this.end();
  }

  private end(): void {
    this.life.abort();
    this.denoiser?.destroy();
    this.wake();
  }
}

function aborted(signal: AbortSignal): NoiseSuppressorError {
  return new NoiseSuppressorError('aborted', 'the stream was aborted by its signal', { cause: signal.reason });
}
