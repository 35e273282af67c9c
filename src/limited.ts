/** Waiting that ends. */
import { NoiseSuppressorError } from './errors';

export const DEFAULT_TIMEOUT_MS = 10_000;

export function aborted(signal?: AbortSignal): NoiseSuppressorError {
  return new NoiseSuppressorError('aborted', 'creation was aborted', { cause: signal?.reason });
}

/**
 * The promise, unless the signal or the clock is faster.
 * @param late what has not happened when time is up
 * @throws {NoiseSuppressorError} 'timeout', 'aborted'
 */
export async function limited<T>(
  promise: Promise<T>,
  signal: AbortSignal | undefined,
  timeoutMs: number,
  late: string,
): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let onAbort: (() => void) | undefined;
  const limit = new Promise<never>((_, reject) => {
    if (Number.isFinite(timeoutMs)) {
      timer = setTimeout(
        () => reject(new NoiseSuppressorError('timeout', `${late} (waited ${Math.round(timeoutMs)} ms)`)),
        timeoutMs,
      );
    }
    onAbort = () => reject(aborted(signal));
    signal?.addEventListener('abort', onAbort);
  });
  try {
    return await Promise.race([promise, limit]);
  } finally {
    clearTimeout(timer);
    if (onAbort) signal?.removeEventListener('abort', onAbort);
    promise.catch(() => {});
  }
}
