/** A Denoiser as a Web stream. */
import { NoiseSuppressorError } from '../shared/errors';
import { Denoiser } from './denoiser';
import { checkDenoiseStream, type DenoiseStreamOptions } from './options';
import { PcmBytes } from './pcm-bytes';
import type { Chunk } from './samples';

/**
 * A TransformStream through a Denoiser of its own: in pages, workers, Node, Deno and Bun. As many samples come out as go in, in step with
 * them, `Denoiser.delay` behind at most; the rest comes when the input ends. An error, an abort and a cancel end both sides and give the
 * core back.
 *
 * In Node `Duplex.fromWeb(denoiseStream({ format: 's16le', sampleRate: 16000 }))` of `node:stream` is a transform of Buffers.
 * @returns of chunks as Denoiser.process(chunk) takes and gives them; with `format` of bytes
 * @throws {NoiseSuppressorError} 'invalid-input' for an option that is none, which it names. The stream itself fails with what
 * Denoiser.create() and process(chunk) throw, and with 'aborted'
 * @example
 * ```ts
 * await response.body.pipeThrough(denoiseStream({ format: 's16le', sampleRate: 16000 })).pipeTo(sink);
 * ```
 */
export function denoiseStream(
  options: DenoiseStreamOptions & { format: 's16le' | 'f32le' },
): TransformStream<Uint8Array | ArrayBuffer, Uint8Array>;
export function denoiseStream(options?: DenoiseStreamOptions): TransformStream<Chunk, Chunk>;
export function denoiseStream(options: DenoiseStreamOptions = {}): TransformStream {
  checkDenoiseStream(options);
  const { format, signal, ...rest } = options;
  const pcm = format && new PcmBytes(format, rest.channels === 'stereo' ? 2 : 1);
  const life = new AbortController();
  let denoiser: Denoiser | undefined;
  let onAbort = (): void => {};
  const end = (): void => {
    signal?.removeEventListener('abort', onAbort);
    life.abort();
    denoiser?.destroy();
  };
  /** Gives what comes of `work`; whatever it throws ends all. */
  const give = (controller: TransformStreamDefaultController, work: (living: Denoiser) => Chunk): void => {
    try {
      const chunk = work(denoiser!);
      const ready = Array.isArray(chunk) ? chunk[0]! : chunk;
      if (ready.length > 0) controller.enqueue(pcm ? pcm.bytes(chunk) : chunk);
    } catch (error) {
      end();
      throw error;
    }
  };
  return new TransformStream({
    async start(controller) {
      onAbort = () => {
        controller.error(aborted(signal!));
        end();
      };
      try {
        if (signal?.aborted) throw aborted(signal);
        signal?.addEventListener('abort', onAbort);
        denoiser = await Denoiser.create({ ...rest, signal: life.signal });
      } catch (error) {
        end();
        throw error;
      }
      // Ended in the meantime.
      if (life.signal.aborted) denoiser.destroy();
    },
    transform(chunk: unknown, controller) {
      give(controller, (living) => living.process((pcm ? pcm.chunk(chunk) : chunk) as Float32Array));
    },
    flush(controller) {
      give(controller, (living) => living.flush<Chunk>());
      end();
    },
    cancel: end,
  } as Transformer);
}

function aborted(signal: AbortSignal): NoiseSuppressorError {
  return new NoiseSuppressorError('aborted', 'the stream was aborted by its signal', { cause: signal.reason });
}
