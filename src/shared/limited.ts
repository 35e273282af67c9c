/** Waiting that ends: each caller has its own clock and its own signal. */
import { NoiseSuppressorError } from './errors';
import { type Rules, SIGNAL, TIMEOUT } from './options';

/** Milliseconds for a start somebody waits for in a call. */
export const DEFAULT_TIMEOUT_MS = 10_000;
/** Milliseconds for files alone, ahead of time or for a recording. */
export const LOAD_TIMEOUT_MS = 60_000;
/** setTimeout takes a signed 32-bit number of milliseconds and fires at once above it. */
export const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** What may be said of waiting. */
export const LIMITS: Rules<LoadLimits> = { signal: SIGNAL, timeoutMs: TIMEOUT };

/** How long to wait for files. */
export interface LoadLimits {
  /**
   * Gives up when aborted. Who else waits for the same files goes on waiting.
   * @defaultValue none
   * @throws 'aborted'
   * @example `{ signal: controller.signal }`
   */
  signal?: AbortSignal | null;
  /**
   * How long to wait before giving up; Infinity, or more than a timer can count (24 days), waits for ever.
   * @defaultValue 60000
   * @throws 'timeout'
   * @example `{ timeoutMs: 5000 }`
   */
  timeoutMs?: number;
}

/** One caller's waiting. */
export interface Wait {
  /** Aborted when the caller gives up; its reason is a NoiseSuppressorError, 'timeout' or 'aborted'. */
  readonly signal: AbortSignal;
  /** What the caller is waiting for right now, for the text of the timeout. */
  readonly things: Set<string>;
}

export function aborted(signal?: AbortSignal | null): NoiseSuppressorError {
  return new NoiseSuppressorError('aborted', 'the start was aborted by its signal', { cause: signal?.reason });
}

/** Whether a caller gave up because it took too long, by our clock or by AbortSignal.timeout(). */
export function wasLate(reason: unknown): boolean {
  const { code, cause } = reason as Partial<NoiseSuppressorError>;
  return code === 'timeout' || (cause as Partial<Error> | undefined)?.name === 'TimeoutError';
}

/**
 * What `work` gives, unless one of the signals or the clock is faster. `work` learns of that by its signal.
 * @param timeoutMs 0 or less is over at once
 * @param late what has not happened when time is up
 * @throws {NoiseSuppressorError} 'timeout', 'aborted', and what `work` throws
 */
export async function limited<T>(
  signals: readonly (AbortSignal | null | undefined)[],
  timeoutMs: number,
  late: string,
  work: (wait: Wait) => Promise<T>,
): Promise<T> {
  const stop = new AbortController();
  const wait: Wait = { signal: stop.signal, things: new Set() };
  const onAbort = (event: Event): void => stop.abort(aborted(event.target as AbortSignal));
  const onTime = (): void => {
    const things = wait.things.size > 0 ? `, still waiting for ${[...wait.things].join(' and ')}` : '';
    stop.abort(new NoiseSuppressorError('timeout', `${late} within ${Math.round(timeoutMs)} ms${things}`));
  };
  for (const signal of signals) {
    if (signal?.aborted) throw aborted(signal);
  }
  const timer = timeoutMs > LONGEST_TIMER_MS ? undefined : setTimeout(onTime, timeoutMs);
  for (const signal of signals) signal?.addEventListener('abort', onAbort);
  try {
    return await orAborted(work(wait), stop.signal);
  } catch (error) {
    // Of several things waited for at once one has failed: let go of the others.
    stop.abort(error);
    throw error;
  } finally {
    clearTimeout(timer);
    for (const signal of signals) signal?.removeEventListener('abort', onAbort);
  }
}

/** The promise, or the signal's reason when that comes first. The signal is left without a listener. */
export async function orAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  let onAbort: (() => void) | undefined;
  const abortion = new Promise<never>((_, reject) => {
    onAbort = () => reject(signal.reason);
    if (signal.aborted) onAbort();
    else signal.addEventListener('abort', onAbort);
  });
  try {
    return await Promise.race([promise, abortion]);
  } finally {
    if (onAbort) signal.removeEventListener('abort', onAbort);
    promise.catch(() => {});
  }
}
