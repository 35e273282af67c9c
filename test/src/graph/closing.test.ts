/** Contexts that close: what was asked of them ends, with nothing left behind. */
import { expect, test, vi } from 'vitest';
import { checkOpen, isClosed, onClosed, whileOpen } from '../../../src/graph/closing';

class Context extends EventTarget {
  state = 'running';
  constructor(readonly kind = 'AudioContext') {
    super();
  }
  get [Symbol.toStringTag](): string {
    return this.kind;
  }
  set(state: string): void {
    this.state = state;
    this.dispatchEvent(new Event('statechange'));
  }
}
const make = (kind?: string): Context & AudioContext => new Context(kind) as Context & AudioContext;
const never = new Promise<never>(() => {});

test('an offline context that has rendered says that it is closed, and is not', () => {
  const [live, offline] = [make(), make('OfflineAudioContext')];
  for (const context of [live, offline]) context.state = 'closed';
  expect([isClosed(live), isClosed(offline)]).toEqual([true, false]);
  checkOpen(offline);
  expect(() => checkOpen(live, 'why')).toThrow(expect.objectContaining({ code: 'context-closed', cause: 'why' }));
});

test('tells of the end, not of other changes, and of nothing after the signal', () => {
  const context = make();
  const stop = new AbortController();
  const closed = vi.fn();
  onClosed(context, closed, stop.signal);
  context.set('suspended');
  context.set('running');
  expect(closed).not.toHaveBeenCalled();
  context.set('closed');
  expect(closed).toHaveBeenCalledTimes(1);
  stop.abort();
  context.set('closed');
  expect(closed).toHaveBeenCalledTimes(1);
});

test.each<
  [what: string, begin: () => Promise<unknown>, end: (context: Context, stop: AbortController) => void, told: unknown]
>([
  ['what it was', () => Promise.resolve('made'), () => {}, 'made'],
  ['its own error', () => Promise.reject(new RangeError('no')), () => {}, expect.any(RangeError)],
  [
    'that the context has closed',
    () => never,
    (context) => context.set('closed'),
    expect.objectContaining({ code: 'context-closed' }),
  ],
  ["the signal's reason", () => never, (_, stop) => stop.abort('enough'), 'enough'],
])('a promise comes to %s, and the context is let go', async (_, begin, end, told) => {
  const context = make();
  const stop = new AbortController();
  const added = vi.spyOn(context, 'addEventListener');
  const result = whileOpen(context, begin(), stop.signal).catch((error) => error);
  end(context, stop);
  expect(await result).toEqual(told);
  const [, , options] = added.mock.calls[0]!;
  // The platform takes a listener away whose signal is aborted.
  expect((options as AddEventListenerOptions).signal?.aborted).toBe(true);
});

test('nothing is waited for in a context that is closed already', async () => {
  const context = make();
  context.state = 'closed';
  await expect(whileOpen(context, never)).rejects.toMatchObject({ code: 'context-closed' });
});
