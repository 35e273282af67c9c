/** Files alone, within what the caller allows: a minute where nothing is said. */
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { loading } from '../../../src/loading/loading';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());
const never = (): Promise<never> => new Promise(() => {});

test.each([
  [{}, 60_000],
  [{ timeoutMs: 500 }, 500],
])('with %o it gives up after %i ms', async (limits, ms) => {
  const told = vi.fn();
  loading({}, limits, never).catch(told);
  await vi.advanceTimersByTimeAsync(ms - 1);
  expect(told).not.toHaveBeenCalled();
  await vi.advanceTimersByTimeAsync(1);
  expect(told).toHaveBeenCalledWith(
    expect.objectContaining({ code: 'timeout', message: `the files did not come within ${ms} ms` }),
  );
});

test.each(['signal', 'fetchInit.signal'])('ends with its %s', async (which) => {
  const stop = new AbortController();
  const { signal } = stop;
  const work = which === 'signal' ? loading({}, { signal }, never) : loading({ fetchInit: { signal } }, {}, never);
  stop.abort('enough');
  await expect(work).rejects.toMatchObject({ code: 'aborted', cause: 'enough' });
});

test('options and limits that are none are refused before anything is begun', () => {
  const work = vi.fn(never);
  expect(() => loading({ network: 'huge' } as never, {}, work)).toThrow(/assets\.network/);
  expect(() => loading({}, { timeoutMs: 0 }, work)).toThrow(/limits\.timeoutMs/);
  expect(() => loading({}, { strength: 1 } as never, work)).toThrow(/no option limits\.strength/);
  expect(work).not.toHaveBeenCalled();
});
