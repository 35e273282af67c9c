/** Contexts that the app closes: nothing in them renders again. */
import { NoiseSuppressorError } from '../shared/errors';
import { kindOf } from '../shared/realm';
import { linked } from './linked';

export function isOffline(context: BaseAudioContext): boolean {
  return kindOf(context) === 'OfflineAudioContext';
}

/** An offline context says 'closed' when it has rendered, and its nodes answer all the same. */
export function isClosed(context: BaseAudioContext): boolean {
  return context.state === 'closed' && !isOffline(context);
}

export function contextClosed(cause?: unknown): NoiseSuppressorError {
  return new NoiseSuppressorError('context-closed', 'the audio context is closed: make a new one', { cause });
}

/** @throws {NoiseSuppressorError} 'context-closed' */
export function checkOpen(context: BaseAudioContext, cause?: unknown): void {
  if (isClosed(context)) throw contextClosed(cause);
}

/** Calls `run` when the context closes, until the signal is aborted. */
export function onClosed(context: BaseAudioContext, run: () => void, signal: AbortSignal): void {
  context.addEventListener('statechange', () => isClosed(context) && run(), { signal });
}

/**
 * The promise, unless the context closes first: what was asked of its audio thread is then answered by nobody.
 * @param signal of a caller who may give up: the context is let go
 * @throws {NoiseSuppressorError} 'context-closed'; the signal's reason
 */
export async function whileOpen<T>(context: BaseAudioContext, promise: Promise<T>, signal?: AbortSignal): Promise<T> {
  const over = linked(signal);
  const lost = new Promise<never>((_, reject) => {
    over.signal.addEventListener('abort', () => reject(over.signal.reason), { once: true });
    if (isClosed(context)) reject(contextClosed());
    else onClosed(context, () => reject(contextClosed()), over.signal);
  });
  try {
    return await Promise.race([promise, lost]);
  } finally {
    over.abort();
    promise.catch(() => {});
  }
}
