/** Loads that callers share, each within its own limits. */
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { type Loader, SharedLoads } from '../../../src/loading/shared-loads';
import { NoiseSuppressorError } from '../../../src/shared/errors';
import { type LoadLimits, limited } from '../../../src/shared/limited';

/** A load that ends when the test says so. */
class Download {
  readonly signals: AbortSignal[] = [];
  readonly attempts: number[] = [];
  readonly ends: { resolve(value: string): void; reject(error: unknown): void }[] = [];
  readonly loader: Loader<string> = (signal, attempt) => {
    this.signals.push(signal);
    this.attempts.push(attempt);
    return new Promise((resolve, reject) => {
      this.ends.push({ resolve, reject });
    });
  };
}

let loads: SharedLoads<string>;
let download: Download;

beforeEach(() => {
  vi.useFakeTimers();
  loads = new SharedLoads();
  download = new Download();
});
afterEach(() => {
  vi.useRealTimers();
});

/** What a caller comes away with: the value or the code of its error. */
function call({ signal, timeoutMs = 1000 }: LoadLimits = {}): Promise<string> {
  return limited([signal], timeoutMs, 'it did not come', (wait) =>
    loads.get('key', 'the file', wait, download.loader),
  ).catch((error) => error.code ?? String(error));
}

describe('a shared load', () => {
  test('is begun once, given to all, and kept', async () => {
    const both = Promise.all([call(), call()]);
    download.ends[0]?.resolve('file');
    expect(await both).toEqual(['file', 'file']);
    expect(await call()).toBe('file');
    expect(download.attempts).toEqual([0]);
    expect(vi.getTimerCount()).toBe(0);
  });

  test('that failed is not kept', async () => {
    const both = Promise.all([call(), call()]);
    download.ends[0]?.reject(new NoiseSuppressorError('asset-not-found', 'gone'));
    expect(await both).toEqual(['asset-not-found', 'asset-not-found']);
    const next = call();
    download.ends[1]?.resolve('file');
    expect(await next).toBe('file');
    expect(download.attempts).toEqual([0, 1]);
  });

  test('goes on when one of two is aborted, and serves who comes later', async () => {
    const one = new AbortController();
    const first = call({ signal: one.signal });
    const second = call();
    one.abort();
    expect(await first).toBe('aborted');
    expect(download.signals[0]?.aborted).toBe(false);
    const third = call();
    download.ends[0]?.resolve('file');
    expect(await Promise.all([second, third])).toEqual(['file', 'file']);
    expect(download.attempts).toEqual([0]);
  });

  test('is cancelled when nobody waits any more, and asked for anew at once', async () => {
    const one = new AbortController();
    const two = new AbortController();
    const both = Promise.all([call({ signal: one.signal }), call({ signal: two.signal })]);
    one.abort();
    two.abort();
    expect(await both).toEqual(['aborted', 'aborted']);
    expect(download.signals[0]?.aborted).toBe(true);
    const next = call();
    // What comes of the cancelled one is nobody's concern.
    download.ends[0]?.reject(new Error('aborted fetch'));
    download.ends[1]?.resolve('file');
    expect(await next).toBe('file');
  });

  test('aborted by one and joined by another in one breath is not cancelled', async () => {
    const one = new AbortController();
    const first = call({ signal: one.signal });
    one.abort();
    const second = call();
    download.ends[0]?.resolve('file');
    expect(await Promise.all([first, second])).toEqual(['aborted', 'file']);
    expect(download.signals[0]?.aborted).toBe(false);
  });

  test.each([
    ['its own clock', (): LoadLimits => ({ timeoutMs: 500 })],
    ['AbortSignal.timeout()', (): LoadLimits => ({ signal: late(500) })],
  ])('that was too slow for somebody, by %s, is joined no more', async (_, limits) => {
    const patient = call({ timeoutMs: 1e6 });
    const first = call(limits());
    await vi.advanceTimersByTimeAsync(500);
    expect(await first).toMatch(/timeout|aborted/);
    expect(download.signals[0]?.aborted).toBe(false);
    const next = call();
    download.ends[1]?.resolve('new');
    expect(await next).toBe('new');
    download.ends[0]?.resolve('old');
    expect(await patient).toBe('old');
  });

  test('is let go of by a caller whose other load has failed', async () => {
    const other = new NoiseSuppressorError('invalid-model', 'damaged');
    const both = limited([], 1000, 'late', (wait) =>
      Promise.all([loads.get('key', 'the file', wait, download.loader), Promise.reject(other)]),
    );
    await expect(both).rejects.toBe(other);
    await vi.advanceTimersByTimeAsync(0);
    expect(download.signals[0]?.aborted).toBe(true);
  });
});

/** AbortSignal.timeout() runs on a clock that fake timers do not move. */
function late(ms: number): AbortSignal {
  const stop = new AbortController();
  setTimeout(() => stop.abort(new DOMException('late', 'TimeoutError')), ms);
  return stop.signal;
}

describe('limits', () => {
  test('the timeout says how long, and for what', async () => {
    const error = limited([], 250, 'it did not come', (wait) => loads.get('key', 'the file', wait, download.loader));
    const told = expect(error).rejects.toThrow('it did not come within 250 ms, still waiting for the file');
    await vi.advanceTimersByTimeAsync(250);
    await told;
  });

  test.each([2 ** 31 - 1, 2 ** 31, 2 ** 32 + 5, 1e15, Number.POSITIVE_INFINITY])(
    '%d ms is no time out',
    async (timeoutMs) => {
      const patient = call({ timeoutMs });
      await vi.advanceTimersByTimeAsync(1e6);
      expect(download.signals[0]?.aborted).toBe(false);
      download.ends[0]?.resolve('file');
      expect(await patient).toBe('file');
    },
  );

  test('an aborted signal ends before anything is begun, and no listener stays behind', async () => {
    expect(await call({ signal: AbortSignal.abort('why') })).toBe('aborted');
    expect(download.attempts).toEqual([]);
    const { signal } = new AbortController();
    const added = vi.spyOn(signal, 'addEventListener');
    const removed = vi.spyOn(signal, 'removeEventListener');
    const one = call({ signal });
    download.ends[0]?.resolve('file');
    await one;
    expect(removed.mock.calls.length).toBe(added.mock.calls.length);
    expect(added).toHaveBeenCalled();
  });
});
