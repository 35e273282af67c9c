/** Contexts that the app closes: nothing in them renders again. */
import { NoiseSuppressorError } from './errors';

export function isOffline(context: BaseAudioContext): boolean {
  return typeof OfflineAudioContext === 'function' && context instanceof OfflineAudioContext;
}

/** An offline context says 'closed' when it has rendered, and its nodes answer all the same. */
export function isClosed(context: BaseAudioContext): boolean {
  return context.state === 'closed' && !isOffline(context);
}

export function contextClosed(cause?: unknown): NoiseSuppressorError {
  return new NoiseSuppressorError('destroyed', 'the audio context is closed: start again in an open one', { cause });
}

/** Calls `run` when the context closes, until the signal is aborted. */
export function onClosed(context: BaseAudioContext, run: () => void, signal: AbortSignal): void {
  context.addEventListener('statechange', () => isClosed(context) && run(), { signal });
}

/**
 * The promise, unless the context closes first: what was asked of its audio thread is then answered by nobody.
 * @param over aborted when the promise is settled, or before by a caller who no longer waits: lets go of the context
 * @throws {NoiseSuppressorError} 'destroyed'
 */
export async function whileOpen<T>(context: BaseAudioContext, promise: Promise<T>, over: AbortController): Promise<T> {
  const closed = new Promise<never>((_, reject) => {
    const tell = (): void => reject(contextClosed());
    if (isClosed(context)) tell();
    else onClosed(context, tell, over.signal);
  });
  try {
    return await Promise.race([promise, closed]);
  } finally {
    over.abort();
    promise.catch(() => {});
  }
}
