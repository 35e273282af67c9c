/** The worker of the file page, as functions. */
import { NoiseSuppressorError, type NoiseSuppressorErrorCode } from 'percepnet-wasm';
import { loadBar } from '../shared/loading';
import type { How } from './clean';
import type { Cleaned, FileAnswer, FileJob, Side, Source } from './file-worker';

interface Waiting {
  resolve(answer: FileAnswer): void;
  reject(error: unknown): void;
  onProgress?: (fraction: number) => void;
}

/** A recording that was suppressed; what it takes is freed by close(). */
export interface Recorded extends Cleaned {
  /** Samples first to first + count, one array a channel. */
  read(side: Side, first: number, count: number): Promise<Float32Array<ArrayBuffer>[]>;
  close(): void;
}

export class FileWorker {
  private readonly worker = new Worker(new URL('file-worker.js', import.meta.url), { type: 'module' });
  private readonly waiting = new Map<number, Waiting>();
  private last = 0;

  constructor() {
    const showLoad = loadBar();
    this.worker.onmessage = ({ data }: MessageEvent<FileAnswer>) => {
      if (data.type === 'load') {
        showLoad(data);
        return;
      }
      const request = this.waiting.get(data.id);
      if (data.type === 'progress') {
        request?.onProgress?.(data.fraction);
        return;
      }
      this.waiting.delete(data.id);
      if (data.type === 'error') request?.reject(errorOf(data));
      else request?.resolve(data);
    };
    this.worker.onerror = (event) => {
      const error = new Error(event.message || 'the worker could not be loaded');
      for (const { reject } of this.waiting.values()) reject(error);
      this.waiting.clear();
    };
  }

  /** @throws {DOMException} 'AbortError' when the signal is, 'EncodingError' for a file that cannot be read bit by bit, 'DataError' for one without sound */
  async clean(
    source: Source,
    how: How & { keepVideo: boolean },
    signal: AbortSignal,
    onProgress: (fraction: number) => void,
  ): Promise<Recorded> {
    signal.throwIfAborted();
    const id = ++this.last;
    const { keepVideo, ...rest } = how;
    const cancel = (): void => this.send({ type: 'cancel', id });
    signal.addEventListener('abort', cancel);
    try {
      const answer = await this.ask({ type: 'clean', id, source, how: rest, keepVideo }, onProgress);
      const { cleaned } = answer as FileAnswer & { type: 'cleaned' };
      const forget = (): void => this.send({ type: 'forget', id });
      // Cancelled while the last message was on its way.
      if (signal.aborted) forget();
      signal.throwIfAborted();
      return {
        ...cleaned,
        read: async (side, first, count) => {
          const request = { type: 'read', id: ++this.last, of: id, side, first, count } as const;
          return ((await this.ask(request)) as FileAnswer & { type: 'samples' }).channels;
        },
        close: forget,
      };
    } finally {
      signal.removeEventListener('abort', cancel);
    }
  }

  private ask(job: FileJob, onProgress?: (fraction: number) => void): Promise<FileAnswer> {
    return new Promise((resolve, reject) => {
      this.waiting.set(job.id, { resolve, reject, onProgress });
      this.send(job);
    });
  }

  private send(job: FileJob): void {
    this.worker.postMessage(job);
  }
}

function errorOf({ code, name, message }: FileAnswer & { type: 'error' }): Error {
  if (code) return new NoiseSuppressorError(code as NoiseSuppressorErrorCode, message);
  return /^(Abort|Data|Encoding|QuotaExceeded)Error$/.test(name) ? new DOMException(message, name) : new Error(message);
}
