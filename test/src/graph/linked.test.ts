/** A signal of one's own that goes with the app's. */
import { expect, test, vi } from 'vitest';
import { linked } from '../../../src/graph/linked';

test("is aborted with the app's, for its reason, also where that was before", () => {
  const app = new AbortController();
  const own = linked(app.signal);
  expect(own.signal.aborted).toBe(false);
  app.abort('enough');
  expect(own.signal.reason).toBe('enough');
  expect(linked(app.signal).signal.reason).toBe('enough');
});

test("ended by itself it leaves the app's alone, and without a listener", () => {
  const app = new AbortController();
  const added = vi.spyOn(app.signal, 'addEventListener');
  const own = linked(app.signal);
  own.abort('mine');
  expect(app.signal.aborted).toBe(false);
  expect(own.signal.reason).toBe('mine');
  // The platform takes a listener away whose signal is aborted.
  expect(added.mock.calls.map(([, , options]) => (options as AddEventListenerOptions).signal)).toEqual([own.signal]);
});

test('needs no signal of the app', () => {
  const own = linked();
  own.abort('mine');
  expect(own.signal.reason).toBe('mine');
});
