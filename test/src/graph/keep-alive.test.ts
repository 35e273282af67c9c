/** What a page in the background asks of a phone's browser, with stand-ins for what only a browser has; and that all of it is given back. */
import { getEventListeners } from 'node:events';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { keepAlive } from '../../../src/graph/keep-alive';

/** Of all elements: refused without a gesture. */
let refuses = false;
/** Nodes that are connected, tracks that are live, elements with a stream. */
const left = new Set<unknown>();
let elements: Element[] = [];
let session: { type: string };
/** The page, the window and contexts, with what they were asked to tell. */
const asked = new Map<EventTarget, Set<string>>();
const listeners = (): number => {
  const of = ([target, types]: [EventTarget, Set<string>]): number =>
    [...types].reduce((sum, type) => sum + getEventListeners(target, type).length, 0);
  return [...asked].reduce((sum, entry) => sum + of(entry), 0);
};

class Target extends EventTarget {
  override addEventListener(type: string, run: () => void, options?: AddEventListenerOptions): void {
    super.addEventListener(type, run, options);
    asked.set(this, (asked.get(this) ?? new Set()).add(type));
  }
}

class Context extends Target {
  state = 'running';
  resumed = 0;

  async resume(): Promise<void> {
    this.resumed++;
    throw new DOMException('not yet', 'InvalidStateError');
  }

  become(state: string): void {
    this.state = state;
    this.dispatchEvent(new Event('statechange'));
  }
}

class Silence {
  constructor(
    readonly context: Context,
    readonly options: { offset: number },
  ) {}

  connect(): void {
    left.add(this);
  }

  start(): void {}

  disconnect(): void {
    left.delete(this);
  }
}

class Output {
  readonly stream: { getTracks(): { stop(): void }[] };

  constructor() {
    const track = { stop: () => left.delete(track) };
    left.add(track);
    this.stream = { getTracks: () => [track] };
  }
}

class Element {
  paused = true;
  asked = 0;
  private stream: unknown = null;

  get srcObject(): unknown {
    return this.stream;
  }

  set srcObject(stream: unknown) {
    this.stream = stream;
    if (stream) left.add(this);
    else left.delete(this);
  }

  async play(): Promise<void> {
    this.asked++;
    if (refuses) throw new DOMException('no gesture', 'NotAllowedError');
    this.paused = false;
  }

  pause(): void {
    this.paused = true;
  }
}

class Page extends Target {
  createElement(name: string): Element {
    expect(name).toBe('audio');
    const element = new Element();
    elements.push(element);
    return element;
  }
}

const begin = (context: Context): (() => void) => keepAlive(context as unknown as AudioContext);
const come = (type: string): boolean => document.dispatchEvent(new Event(type));

beforeEach(() => {
  refuses = false;
  left.clear();
  elements = [];
  asked.clear();
  session = { type: 'auto' };
  const windows = new Target();
  vi.stubGlobal('document', new Page());
  vi.stubGlobal('navigator', { audioSession: session });
  vi.stubGlobal('ConstantSourceNode', Silence);
  vi.stubGlobal('MediaStreamAudioDestinationNode', Output);
  vi.stubGlobal('addEventListener', windows.addEventListener.bind(windows));
  vi.stubGlobal('dispatchEvent', windows.dispatchEvent.bind(windows));
});

afterEach(() => {
  vi.unstubAllGlobals();
});

test('plays silence and says that the page is a call; at the end nothing of it is left', () => {
  const end = begin(new Context());
  const sources = [...left].filter((thing) => thing instanceof Silence);
  expect(sources.map(({ options }) => options.offset)).toEqual([0]);
  expect(elements.map(({ paused }) => paused)).toEqual([false]);
  expect(session.type).toBe('play-and-record');
  expect(listeners()).toBeGreaterThan(0);
  end();
  end();
  expect(elements.map(({ paused }) => paused)).toEqual([true]);
  expect(session.type).toBe('auto');
  expect([left.size, listeners()]).toEqual([0, 0]);
});

test('the first of several sets the session, and the last one gives back what was there', () => {
  session.type = 'transient';
  const ends = [begin(new Context()), begin(new Context())];
  ends[0]();
  ends[0]();
  expect(session.type).toBe('play-and-record');
  ends[1]();
  expect(session.type).toBe('transient');
  expect(left.size).toBe(0);
});

test('what the app says of its session meanwhile stays', () => {
  const end = begin(new Context());
  session.type = 'playback';
  end();
  expect(session.type).toBe('playback');
});

test.each([['pointerup'], ['keydown'], ['visibilitychange'], ['resume'], ['pageshow']])(
  'refused without a gesture it is tried again at %s, and not once it plays, nor after the end',
  async (type) => {
    const come = (): boolean => (type === 'pageshow' ? globalThis : document).dispatchEvent(new Event(type));
    refuses = true;
    const end = begin(new Context());
    const [element] = elements;
    come();
    await Promise.resolve();
    expect(element).toMatchObject({ paused: true, asked: 2 });
    refuses = false;
    come();
    expect(element).toMatchObject({ paused: false, asked: 3 });
    come();
    expect(element.asked).toBe(3);
    // A phone call pauses it.
    element.pause();
    come();
    expect(element).toMatchObject({ paused: false, asked: 4 });
    end();
    come();
    expect(element).toMatchObject({ paused: true, asked: 4 });
  },
);

test('an interrupted context is resumed, one that the app has suspended is not', async () => {
  const context = new Context();
  const end = begin(context);
  context.become('suspended');
  come('visibilitychange');
  expect(context.resumed).toBe(0);
  context.become('interrupted');
  expect(context.resumed).toBe(1);
  come('visibilitychange');
  expect(context.resumed).toBe(2);
  end();
  context.become('interrupted');
  come('visibilitychange');
  await Promise.resolve();
  expect(context.resumed).toBe(2);
});

describe('where something is lacking', () => {
  test('without a page nothing is done', () => {
    vi.stubGlobal('document', undefined);
    begin(new Context())();
    expect([left.size, session.type]).toEqual([0, 'auto']);
  });

  test('without an audio session the silence is played all the same', () => {
    vi.stubGlobal('navigator', {});
    const end = begin(new Context());
    expect(elements.map(({ paused }) => paused)).toEqual([false]);
    end();
    expect(left.size).toBe(0);
  });

  test.each([
    ['no audio elements', 'createElement'],
    ['no elements that play', 'play'],
  ])('%s: nothing is thrown, and nothing left', (_, what) => {
    const fail = (): never => {
      throw new DOMException('not here', 'NotSupportedError');
    };
    if (what === 'createElement') vi.stubGlobal('document', Object.assign(new Page(), { createElement: fail }));
    const spy = what === 'play' ? vi.spyOn(Element.prototype, 'play').mockImplementation(fail) : null;
    const end = begin(new Context());
    expect([left.size, listeners(), session.type]).toEqual([0, 0, 'auto']);
    end();
    spy?.mockRestore();
  });
});
