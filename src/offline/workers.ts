/** Parts of one recording in workers that the app has made: Web Workers, or worker threads of Node. */
import { NoiseSuppressorError, type NoiseSuppressorErrorCode } from '../shared/errors';
import { LONGEST_TIMER_MS, orAborted } from '../shared/limited';
import { isObject, messageOf } from '../shared/realm';
import { cut } from './parts';
import { checkAborted, cleaned, type Job } from './recording';

/** A Worker of the web or of Node's worker_threads in which denoiseWorker() was called. */
export interface DenoiseWorker {
  /** The worker's own: how it is given its part, with a port at which it answers. */
  postMessage(message: unknown, transfer?: readonly unknown[]): void;
}

/** Both kinds of worker tell of their end, each in its way. */
type Listener = (event: unknown) => void;
interface Ends {
  addEventListener?(name: string, listener: Listener): void;
  removeEventListener?(name: string, listener: Listener): void;
  on?(name: string, listener: Listener): void;
  off?(name: string, listener: Listener): void;
}

/** By it a worker knows what is for denoiseWorker(); other messages are the app's own. */
const MARK = 'percepnet-wasm part';

/** What a worker gets; it answers at `port`, where any message from here means that it may stop. */
interface Order {
  readonly mark: typeof MARK;
  readonly job: Job;
  readonly port: MessagePort;
}

type Answer =
  | { readonly fraction: number }
  | { readonly output: Float32Array[] }
  | { readonly failure: string; readonly code?: NoiseSuppressorErrorCode };

/**
 * Cuts a recording, has each part cleaned by a worker and puts the parts together.
 * @param timeoutMs how long a worker may take to answer at all
 * @throws {NoiseSuppressorError} 'timeout', 'aborted', 'processor-failed', 'wasm-rejected'
 */
export async function inParts(
  workers: readonly DenoiseWorker[],
  { input, rate, ...job }: Job,
  timeoutMs: number,
  signal: AbortSignal | null | undefined,
  tell: (fraction: number) => void,
): Promise<Float32Array[]> {
  const length = input[0]!.length;
  const output = input.map(() => new Float32Array(length));
  const parts = cut(length, rate, workers.length);
  const heard = parts.map(({ from, until }) => until - from);
  const all = heard.reduce((sum, count) => sum + count, 0);
  const done = parts.map(() => 0);
  const stop = new AbortController();
  const onAbort = (): void => stop.abort();
  signal?.addEventListener('abort', onAbort);
  try {
    checkAborted(signal);
    await Promise.all(
      parts.map(async ({ from, first, end, until }, k) => {
        const piece = input.map((channel) => channel.slice(from, until));
        const made = await ask(workers[k]!, { ...job, rate, input: piece }, timeoutMs, stop.signal, (fraction) => {
          done[k] = fraction * heard[k]!;
          tell(done.reduce((sum, count) => sum + count, 0) / all);
        });
        for (const [c, samples] of made.entries()) output[c]!.set(samples.subarray(first - from, end - from), first);
      }),
    );
  } catch (error) {
    checkAborted(signal);
    throw error;
  } finally {
    signal?.removeEventListener('abort', onAbort);
    // What others are still at is of no use any more.
    stop.abort();
  }
  return output;
}

async function ask(
  worker: DenoiseWorker,
  job: Job,
  timeoutMs: number,
  signal: AbortSignal,
  tell: (fraction: number) => void,
): Promise<Float32Array[]> {
  const { port1, port2 } = new MessageChannel();
  const ends = worker as Ends;
  let onEnd: Listener = () => {};
  let timer: ReturnType<typeof setTimeout> | undefined;
  try {
    const answer = new Promise<Float32Array[]>((resolve, reject) => {
      const late = `a worker did not begin within ${timeoutMs} ms: call denoiseWorker() in it`;
      const onTime = (): void => reject(new NoiseSuppressorError('timeout', late));
      timer = setTimeout(onTime, Math.min(timeoutMs, LONGEST_TIMER_MS));
      port1.onmessage = ({ data }: MessageEvent<Answer>) => {
        clearTimeout(timer);
        if ('fraction' in data) tell(data.fraction);
        else if ('output' in data) resolve(data.output);
        else reject(data.code ? new NoiseSuppressorError(data.code, data.failure) : new Error(data.failure));
      };
      onEnd = (event) => {
        const why = isObject(event) && typeof event.message === 'string' ? event.message : 'it ended';
        reject(new NoiseSuppressorError('processor-failed', `a worker stopped: ${why}`));
      };
      for (const name of ['error', 'exit']) (ends.addEventListener ?? ends.on)?.call(worker, name, onEnd);
      const order: Order = { mark: MARK, job, port: port2 };
      worker.postMessage(order, [port2, ...job.input.map(({ buffer }) => buffer as ArrayBuffer)]);
    });
    return await orAborted(answer, signal);
  } finally {
    clearTimeout(timer);
    for (const name of ['error', 'exit']) (ends.removeEventListener ?? ends.off)?.call(worker, name, onEnd);
    port1.postMessage('stop');
    port1.close();
  }
}

/**
 * In a Worker of your own, Web Worker or worker thread: does what denoise() gives it by its option `workers`. Messages of yours stay yours.
 * @example
 * ```ts
 * // denoise-worker.js
 * import { denoiseWorker } from 'percepnet-wasm/offline';
 * denoiseWorker();
 * ```
 */
export function denoiseWorker(): void {
  const take = (message: unknown): void => {
    if (isObject(message) && message.mark === MARK) void serve(message as unknown as Order);
  };
  // Not by import: bundlers for pages would look for it.
  const threads = globalThis.process?.getBuiltinModule?.('node:worker_threads');
  if (threads?.parentPort) threads.parentPort.on('message', take);
  else globalThis.addEventListener('message', ({ data }: MessageEvent) => take(data));
}

async function serve({ job, port }: Order): Promise<void> {
  const stop = new AbortController();
  port.onmessage = () => {
    stop.abort();
    port.close();
  };
  const answer = (what: Answer, transfer: Transferable[] = []): void => port.postMessage(what, transfer);
  answer({ fraction: 0 });
  try {
    const output = await cleaned(job, stop.signal, (fraction) => answer({ fraction }));
    answer(
      { output },
      output.map(({ buffer }) => buffer),
    );
  } catch (error) {
    answer({ failure: messageOf(error), ...(error instanceof NoiseSuppressorError && { code: error.code }) });
  }
}
