/** Loads that callers share, each waiting on its own terms. Only what came out well is kept. */
import { orAborted, type Wait, wasLate } from '../shared/limited';

/**
 * @param signal aborted when nobody waits any more
 * @param attempt 0 at first; above, an earlier one did not come to a good end
 */
export type Loader<T> = (signal: AbortSignal, attempt: number) => Promise<T>;

interface Load<T> {
  readonly result: Promise<T>;
  readonly stop: AbortController;
  waiting: number;
  over: boolean;
}

export class SharedLoads<T> {
  private readonly kept = new Map<string, T>();
  private readonly running = new Map<string, Load<T>>();
  private readonly attempts = new Map<string, number>();

  /**
   * What was kept under the key, what is already on its way, or what `load` gives.
   *
   * One caller's end is not the others': the load is aborted when the last of them has left. A load that somebody found too slow
   * is joined no more, so the next call asks anew even while others are still patient with it.
   * @param thing what is waited for, for the text of a timeout
   * @throws what `load` throws, or the reason of the caller's signal
   */
  async get(key: string, thing: string, { signal, things }: Wait, load: Loader<T>): Promise<T> {
    if (signal.aborted) throw signal.reason;
    if (this.kept.has(key)) return this.kept.get(key) as T;
    const joined = this.running.get(key) ?? this.begin(key, load);
    joined.waiting++;
    things.add(thing);
    try {
      return await orAborted(joined.result, signal);
    } finally {
      things.delete(thing);
      joined.waiting--;
      if (joined.waiting === 0 || wasLate(signal.reason ?? {})) this.forget(key, joined);
      if (joined.waiting === 0 && !joined.over) joined.stop.abort();
    }
  }

  /** What was kept turned out to be wrong: the next call asks anew. */
  clear(): void {
    this.kept.clear();
  }

  private begin(key: string, load: Loader<T>): Load<T> {
    const attempt = this.attempts.get(key) ?? 0;
    this.attempts.set(key, attempt + 1);
    const stop = new AbortController();
    const begun: Load<T> = { stop, waiting: 0, over: false, result: load(stop.signal, attempt) };
    this.running.set(key, begun);
    const end = (): void => {
      begun.over = true;
      this.forget(key, begun);
    };
    begun.result.then((value) => {
      this.kept.set(key, value);
      end();
    }, end);
    return begun;
  }

  private forget(key: string, load: Load<T>): void {
    if (this.running.get(key) === load) this.running.delete(key);
  }
}
