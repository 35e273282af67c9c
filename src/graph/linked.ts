/** Aborted along with the app's signal; abort it in the end, so that the app's forgets it. */
export function linked(signal?: AbortSignal | null): AbortController {
  const own = new AbortController();
  const abort = (): void => own.abort(signal?.reason);
  if (signal?.aborted) abort();
  else signal?.addEventListener('abort', abort, { signal: own.signal });
  return own;
}
