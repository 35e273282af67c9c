/** Contexts that tracks share, with stand-ins: run while somebody uses them, are suspended while nobody does, and are left alone where they are the app's. */
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type * as Lease from '../../../src/graph/lease';

class Context extends EventTarget {
  state = 'suspended';
  currentTime = 0;
  /** What was asked of it. */
  readonly asked: string[] = [];
  constructor(readonly options: AudioContextOptions & { renderSizeHint?: number }) {
    super();
    made.push(this);
  }
  private to(word: string, state: string): Promise<void> {
    this.asked.push(word);
    this.set(state);
    return Promise.resolve();
  }
  resume = (): Promise<void> => this.to('resume', 'running');
  suspend = (): Promise<void> => this.to('suspend', 'suspended');
  close = (): Promise<void> => this.to('close', 'closed');
  set(state: string): void {
    if (this.state === state || this.state === 'closed') return;
    this.state = state;
    this.dispatchEvent(new Event('statechange'));
  }
}

let made: Context[];
let leaseContext: typeof Lease.leaseContext;
beforeEach(async () => {
  made = [];
  vi.stubGlobal('AudioContext', Context);
  vi.stubGlobal('document', new EventTarget());
  vi.resetModules();
  ({ leaseContext } = await import('../../../src/graph/lease'));
});
afterEach(() => vi.unstubAllGlobals());

const lease = (refused?: AudioContext[]) => leaseContext(undefined, refused);

describe('contexts of ours', () => {
  test('are shared, made with the quantum of a frame, suspended with the last user and resumed for the next', () => {
    const [first, second] = [lease(), lease()];
    expect([first.fresh, second.fresh]).toEqual([true, false]);
    expect(second.context).toBe(first.context);
    const [context] = made as [Context];
    expect(context.options.renderSizeHint).toBe(480);
    first.release();
    first.release();
    expect(context.state).toBe('running');
    second.release();
    expect(context.asked).toEqual(['resume', 'suspend']);
    expect(lease().context).toBe(first.context);
    expect(context.state).toBe('running');
    expect(made).toHaveLength(1);
  });

  test('that went on or stopped by themselves are put right', () => {
    const use = lease();
    const [context] = made as [Context];
    context.set('interrupted');
    expect(context.state).toBe('running');
    use.release();
    context.set('running');
    expect(context.state).toBe('suspended');
  });

  test('that need a gesture wait for one while somebody uses them, and no longer', () => {
    const use = lease();
    const [context] = made as [Context];
    context.resume = () => {
      context.asked.push('refused');
      return Promise.reject(new DOMException('no gesture', 'NotAllowedError'));
    };
    context.set('suspended');
    const before = context.asked.length;
    document.dispatchEvent(new Event('keydown'));
    expect(context.asked.slice(before)).toEqual(['refused']);
    use.release();
    const after = context.asked.length;
    document.dispatchEvent(new Event('keydown'));
    expect(context.asked).toHaveLength(after);
  });

  test('that a microphone does not take are passed over, and both are kept', () => {
    const first = lease();
    const second = lease([first.context]);
    expect(second.context).not.toBe(first.context);
    expect(second.fresh).toBe(true);
    first.release();
    second.release();
    expect(lease().context).toBe(first.context);
    expect(lease([first.context]).context).toBe(second.context);
    expect(made).toHaveLength(2);
  });

  test('that the app has closed are forgotten', () => {
    const first = lease();
    made[0]!.set('closed');
    first.release();
    const second = lease();
    expect([second.fresh, second.context === first.context]).toEqual([true, false]);
  });

  test.each([
    [0, 'close'],
    [0.5, 'suspend'],
  ])('of which somebody has waited in vain, and whose clock is at %f: %s', (time, word) => {
    const use = lease();
    made[0]!.currentTime = time;
    use.release(true);
    expect(made[0]!.asked.at(-1)).toBe(word);
    expect(lease().fresh).toBe(word === 'close');
  });
});

test("the app's own is used and left as it is", () => {
  const own = new Context({}) as Context & AudioContext;
  const use = leaseContext(own);
  expect([use.context === own, use.fresh]).toEqual([true, false]);
  use.release(true);
  expect(own.asked).toEqual([]);
});
