/** Waiting that ends: by the work itself, the clock, or whichever signal is first. */
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { NoiseSuppressorError } from '../../../src/shared/errors';
import { LIMITS, limited, orAborted, wasLate } from '../../../src/shared/limited';
import { checkOptions } from '../../../src/shared/options';

const checkLimits = (limits: object): void => checkOptions(limits, LIMITS);
const never = new Promise<never>(() => {});

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

describe('limits', () => {
  test.each([0, -1, Number.NaN, Number.NEGATIVE_INFINITY, '500', null, {}, [500], true, 5n])(
    'timeoutMs %o is refused by name',
    (timeoutMs) => {
      expect(() => checkLimits({ timeoutMs })).toThrow(/^timeoutMs is a number above 0/);
    },
  );

  test('a signal that is none is refused by name, one of another realm is taken', () => {
    expect(() => checkLimits({ signal: {} })).toThrow(/^signal is an AbortSignal/);
    checkLimits({ signal: null });
    const Foreign = class extends EventTarget {
      aborted = false;
    };
    checkLimits({ signal: new Foreign() });
  });

  test.each([1, 2 ** 31, Number.POSITIVE_INFINITY])('timeoutMs %d is one', (timeoutMs) => checkLimits({ timeoutMs }));
});

describe('limited work', () => {
  test('gives what it makes, and leaves neither a timer nor a listener', async () => {
    const { signal } = new AbortController();
    const [added, removed] = [vi.spyOn(signal, 'addEventListener'), vi.spyOn(signal, 'removeEventListener')];
    expect(await limited([signal, null, undefined], 1000, 'late', async () => 'made')).toBe('made');
    expect(vi.getTimerCount()).toBe(0);
    expect(added).toHaveBeenCalledTimes(1);
    expect(removed).toHaveBeenCalledTimes(1);
  });

  test('that takes too long is told of by all it still waits for, and learns of it', async () => {
    let own: AbortSignal | undefined;
    const told = expect(
      limited([], 250, 'it did not come', ({ signal, things }) => {
        own = signal;
        things.add('the core').add('the network').delete('the core');
        things.add('the first frame');
        return never;
      }),
    ).rejects.toMatchObject({
      code: 'timeout',
      message: 'it did not come within 250 ms, still waiting for the network and the first frame',
    });
    await vi.advanceTimersByTimeAsync(249);
    expect(own?.aborted).toBe(false);
    await vi.advanceTimersByTimeAsync(1);
    await told;
    expect(own?.aborted).toBe(true);
  });

  test.each([0, 1])('ends with signal %i of two, with its reason as the cause', async (which) => {
    const stops = [new AbortController(), new AbortController()];
    const error = limited(
      stops.map(({ signal }) => signal),
      1000,
      'late',
      () => never,
    ).catch((reason) => reason);
    stops[which]!.abort('enough');
    expect(await error).toMatchObject({ code: 'aborted', cause: 'enough' });
    expect(vi.getTimerCount()).toBe(0);
  });

  test('is not begun where a signal is aborted already', async () => {
    const work = vi.fn(async () => 'made');
    await expect(limited([AbortSignal.abort()], 1000, 'late', work)).rejects.toMatchObject({ code: 'aborted' });
    expect(work).not.toHaveBeenCalled();
  });

  test('that fails is let go of by the rest of it', async () => {
    const failure = new NoiseSuppressorError('invalid-model', 'damaged');
    let own: AbortSignal | undefined;
    const work = limited([], 1000, 'late', ({ signal }) => {
      own = signal;
      return Promise.reject(failure);
    });
    await expect(work).rejects.toBe(failure);
    expect(own?.reason).toBe(failure);
  });
});

test('orAborted() leaves the signal without a listener, whichever was first', async () => {
  for (const [promise, stop] of [
    [Promise.resolve(1), new AbortController()],
    [never, new AbortController()],
  ] as const) {
    const { signal } = stop;
    const [added, removed] = [vi.spyOn(signal, 'addEventListener'), vi.spyOn(signal, 'removeEventListener')];
    const ended = orAborted(promise, signal).catch((reason) => reason);
    if (promise === never) stop.abort('over');
    expect(await ended).toBe(promise === never ? 'over' : 1);
    expect(removed.mock.calls.map(([, listener]) => listener)).toEqual(
      added.mock.calls.map(([, listener]) => listener),
    );
  }
});

test.each<[what: string, reason: unknown, late: boolean]>([
  ['our clock', new NoiseSuppressorError('timeout', ''), true],
  [
    'AbortSignal.timeout()',
    new NoiseSuppressorError('aborted', '', { cause: new DOMException('', 'TimeoutError') }),
    true,
  ],
  ['a signal', new NoiseSuppressorError('aborted', '', { cause: new DOMException('', 'AbortError') }), false],
  ['a signal without a reason', new NoiseSuppressorError('aborted', ''), false],
])('ended by %s', (_, reason, late) => {
  expect(wasLate(reason)).toBe(late);
});
