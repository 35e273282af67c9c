/** Whatever way a public function ends: listeners, edges of the graph, timers, contexts, processors and elements are as many as before, and the audio session is what it was. */
import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { launchChromium, type Site, serve } from '../helpers/browser';
import { keepElements } from '../helpers/elements';

let browser: Browser;
let site: Site;
let page: Page;

declare global {
  var left: { count(): Record<string, number> };
}

/** Runs before the library: counts what is made and taken away. */
function counted(): void {
  const listeners = new Set<object>();
  const edges = new Map<AudioNode, Set<unknown>>();
  const timers = new Set<unknown>();
  const contexts = new Set<AudioContext>();
  let processors = 0;
  // As in Safari.
  const session = { type: 'auto' };
  Object.defineProperty(navigator, 'audioSession', { value: session });

  const { addEventListener, removeEventListener } = EventTarget.prototype;
  const known = new WeakMap<EventTarget, Map<string, Map<unknown, object>>>();
  EventTarget.prototype.addEventListener = function (type, listener, options) {
    addEventListener.call(this, type, listener, options);
    // What a node hears of itself goes with it, but for those who wait for a change of its state.
    const waits = !(this instanceof AudioNode) || type === 'statechange';
    if (!waits || !listener) return;
    const entry = { type };
    const ofType = known.get(this) ?? new Map<string, Map<unknown, object>>();
    known.set(this, ofType);
    ofType.set(type, (ofType.get(type) ?? new Map()).set(listener, entry));
    listeners.add(entry);
    const { signal, once } = typeof options === 'object' ? (options ?? {}) : ({} as AddEventListenerOptions);
    const gone = (): boolean => listeners.delete(entry);
    if (signal?.aborted) gone();
    else if (signal) addEventListener.call(signal, 'abort', gone);
    if (once) addEventListener.call(this, type, gone, { once: true });
  };
  EventTarget.prototype.removeEventListener = function (type, listener, options) {
    removeEventListener.call(this, type, listener, options);
    listeners.delete(known.get(this)?.get(type)?.get(listener) ?? {});
  };

  const { connect, disconnect } = AudioNode.prototype;
  AudioNode.prototype.connect = function (this: AudioNode, to: never, ...rest: never[]) {
    edges.set(this, (edges.get(this) ?? new Set()).add(to));
    return Reflect.apply(connect, this, [to, ...rest]);
  } as never;
  AudioNode.prototype.disconnect = function (this: AudioNode, ...given: never[]) {
    Reflect.apply(disconnect, this, given);
    if (given.length > 0) edges.get(this)?.delete(given[0]);
    else edges.delete(this);
  } as never;

  const { setInterval, clearInterval, setTimeout, clearTimeout } = globalThis;
  Object.assign(globalThis, {
    setInterval: (...given: Parameters<typeof setInterval>) => {
      const id = setInterval(...given);
      timers.add(id);
      return id;
    },
    setTimeout: (run: () => void, ms?: number) => {
      const id = setTimeout(() => {
        timers.delete(id);
        run();
      }, ms);
      timers.add(id);
      return id;
    },
    clearInterval: (id: never) => {
      timers.delete(id);
      clearInterval(id);
    },
    clearTimeout: (id: never) => {
      timers.delete(id);
      clearTimeout(id);
    },
    AudioContext: new Proxy(AudioContext, {
      construct(target, given, extended) {
        const context = Reflect.construct(target, given, extended);
        contexts.add(context);
        return context;
      },
    }),
    AudioWorkletNode: new Proxy(AudioWorkletNode, {
      construct(target, given, extended) {
        const node = Reflect.construct(target, given, extended);
        processors++;
        const { port } = node;
        const post = port.postMessage.bind(port);
        port.postMessage = (message: { type?: string }) => {
          if (message.type === 'destroy') processors--;
          post(message);
        };
        return node;
      },
    }),
  });

  globalThis.left = {
    count: () => ({
      listeners: listeners.size,
      edges: [...edges.values()].reduce((sum, to) => sum + to.size, 0),
      timers: timers.size,
      contexts: [...contexts].filter(({ state }) => state !== 'closed').length,
      processors,
      elements: elements.filter((element) => !element.paused || element.srcObject).length,
      calls: session.type === 'auto' ? 0 : 1,
    }),
  };
}

beforeAll(async () => {
  site = await serve({
    // Never answered.
    '/stalled': () => {},
  });
  browser = await launchChromium(['--use-fake-device-for-media-stream', '--use-fake-ui-for-media-stream']);
});

afterAll(async () => {
  await browser?.close();
  await site?.close();
});

beforeEach(async () => {
  page = await browser.newPage();
  await page.addInitScript(keepElements);
  await page.addInitScript(counted);
  await page.goto(site.origin);
  await page.waitForFunction(() => 'tools' in globalThis);
});

afterEach(async () => {
  await page.close();
});

/** What each exit is given: a context of the app's and a track, which outlive it. */
interface Given {
  context: AudioContext;
  track: MediaStreamTrack;
  assets: { model: string };
  stalled: { model: string };
}

const { suppressNoise, NoiseSuppressorNode: Node } = {} as typeof import('../../src/entries/index');
/** They run in the page, where these names are the library's. `answer` is how it ended, to see that it ended there. */
const EXITS: { exit: string; answer: unknown; run(given: Given): Promise<unknown> }[] = [
  {
    exit: 'create(), destroy()',
    answer: 'destroyed',
    run: async ({ context, assets }) => {
      const node = await Node.create(context, { assets });
      node.destroy();
      node.destroy();
      return node.state;
    },
  },
  {
    exit: 'create() in a suspended context, destroy() before the first frame',
    answer: 'destroyed',
    run: async ({ context, assets }) => {
      await context.suspend();
      const node = await Node.create(context, { assets });
      node.destroy();
      await context.resume();
      return node.state;
    },
  },
  {
    exit: 'create() with an option out of range',
    answer: 'invalid-input',
    run: ({ context }) => tools.codeOf(Node.create(context, { strength: 2 })),
  },
  {
    exit: 'create() aborted before',
    answer: 'aborted',
    run: ({ context, assets }) => tools.codeOf(Node.create(context, { assets, signal: AbortSignal.abort() })),
  },
  {
    exit: 'create() aborted meanwhile',
    answer: 'aborted',
    run: async ({ context, stalled }) => {
      const abort = new AbortController();
      const code = tools.codeOf(Node.create(context, { assets: stalled, signal: abort.signal }));
      await tools.sleep(200);
      abort.abort();
      return code;
    },
  },
  {
    exit: 'create() out of time',
    answer: 'timeout',
    run: ({ context, stalled }) => tools.codeOf(Node.create(context, { assets: stalled, timeoutMs: 200 })),
  },
  {
    exit: 'create() out of time while its processor starts',
    answer: 'timeout',
    run: async ({ context, assets }) => {
      await Node.register(context, assets);
      // A thread that is busy answers late.
      const busy = tools.inScope(context, 'const until = Date.now() + 2000; while (Date.now() < until);');
      await tools.sleep(500);
      const code = await tools.codeOf(Node.create(context, { assets, timeoutMs: 100 }));
      await busy;
      return code;
    },
  },
  {
    exit: 'create() without its files',
    answer: 'asset-not-found',
    run: ({ context }) => tools.codeOf(Node.create(context, { assets: { model: '/nowhere' } })),
  },
  {
    exit: 'create() in a context closed meanwhile',
    answer: 'context-closed',
    run: async ({ stalled }) => {
      const context = new AudioContext();
      const code = tools.codeOf(Node.create(context, { assets: stalled }));
      await tools.sleep(200);
      await context.close();
      return code;
    },
  },
  {
    exit: 'create(), its context closed',
    answer: 'destroyed',
    run: async ({ assets }) => {
      const context = new AudioContext();
      const node = await Node.create(context, { assets });
      const asked = node.getStats().catch(() => {});
      await context.close();
      await asked;
      await tools.sleep(100);
      return node.state;
    },
  },
  {
    exit: 'register(), preload(), checkSupport()',
    answer: true,
    run: async ({ context, assets }) => {
      await Node.register(context, assets);
      await Node.preload(assets);
      return (await Node.checkSupport({ measure: true, assets })).supported;
    },
  },
  {
    exit: "suppressNoise(), destroy(), in the app's context",
    answer: 'ended',
    run: async ({ context, track, assets }) => {
      const handle = await suppressNoise(track, { context, assets, fallback: false });
      await handle.destroy();
      return handle.track.readyState;
    },
  },
  {
    exit: 'suppressNoise(), replaceSource(), clone(), destroy()',
    answer: ['ended', 'invalid-input'],
    run: async ({ track, assets }) => {
      const handle = await suppressNoise(track, { assets, fallback: false });
      const clone = handle.track.clone();
      await handle.replaceSource(track);
      const ended = track.clone();
      ended.stop();
      const code = await tools.codeOf(handle.replaceSource(ended));
      await handle.destroy();
      return [clone.readyState, code];
    },
  },
  {
    exit: 'suppressNoise(), stop() of the output',
    answer: 'destroyed',
    run: async ({ track, assets }) => {
      const handle = await suppressNoise(track, { assets, fallback: false });
      handle.track.stop();
      await tools.until(() => handle.node?.context.state === 'suspended');
      return handle.node?.state;
    },
  },
  {
    exit: 'suppressNoise(), its context closed',
    answer: 'ended',
    run: async ({ track, assets }) => {
      const handle = await suppressNoise(track, { assets, fallback: false });
      await (handle.node!.context as AudioContext).close();
      await tools.until(() => handle.track.readyState === 'ended');
      return handle.track.readyState;
    },
  },
  {
    exit: 'suppressNoise(), its node destroyed',
    answer: 'ended',
    run: async ({ track, assets }) => {
      const handle = await suppressNoise(track, { assets, fallback: false });
      handle.node?.destroy();
      await tools.until(() => handle.node?.context.state === 'suspended');
      return handle.track.readyState;
    },
  },
  {
    exit: 'suppressNoise(), kept alive twice, destroy() and stop()',
    answer: [2, 1, 'play-and-record'],
    run: async ({ context, track, assets }) => {
      const handle = await suppressNoise(track, { assets, keepAlive: true, fallback: false });
      const other = await suppressNoise(track, { context, assets, keepAlive: true, fallback: false });
      const { elements, calls } = left.count();
      const { type } = (navigator as unknown as { audioSession: { type: string } }).audioSession;
      await handle.destroy();
      other.track.stop();
      return [elements, calls, type];
    },
  },
  {
    exit: 'suppressNoise(), kept alive, its context closed',
    answer: [1, 'ended'],
    run: async ({ track, assets }) => {
      const handle = await suppressNoise(track, { assets, keepAlive: true, fallback: false });
      const { elements } = left.count();
      await (handle.node!.context as AudioContext).close();
      await tools.until(() => handle.track.readyState === 'ended');
      return [elements, handle.track.readyState];
    },
  },
  {
    exit: 'suppressNoise(), to be kept alive, without its files',
    answer: 'asset-not-found',
    run: async ({ track }) => {
      const handle = await suppressNoise(track, { assets: { model: '/nowhere' }, keepAlive: true });
      await handle.destroy();
      return handle.error?.code;
    },
  },
  {
    exit: 'suppressNoise() without its files, with the fallback',
    answer: 'asset-not-found',
    run: async ({ track }) => {
      const handle = await suppressNoise(track, { assets: { model: '/nowhere' } });
      await handle.destroy();
      return handle.error?.code;
    },
  },
  {
    exit: 'suppressNoise() out of time',
    answer: 'timeout',
    run: ({ track, stalled }) =>
      tools.codeOf(suppressNoise(track, { assets: stalled, timeoutMs: 200, fallback: false })),
  },
  {
    exit: 'suppressNoise() aborted meanwhile',
    answer: 'aborted',
    run: ({ track, stalled }) =>
      tools.codeOf(suppressNoise(track, { assets: stalled, signal: AbortSignal.timeout(200) })),
  },
  {
    exit: 'suppressNoise() in a context that does not start',
    answer: 'timeout',
    run: async ({ track, assets }) => {
      const { resume } = AudioContext.prototype;
      AudioContext.prototype.resume = () => Promise.resolve();
      const made = globalThis.AudioContext;
      globalThis.AudioContext = new Proxy(made, {
        construct(target, given, extended) {
          const context = Reflect.construct(target, given, extended);
          context.suspend();
          return context;
        },
      });
      const code = await tools.codeOf(suppressNoise(track, { assets, timeoutMs: 3000, fallback: false }));
      globalThis.AudioContext = made;
      AudioContext.prototype.resume = resume;
      return code;
    },
  },
  {
    exit: "suppressNoise() whose source node cannot be made, in the app's context",
    answer: 'unsupported',
    run: async ({ context, track, assets }) => {
      const made = globalThis.MediaStreamAudioSourceNode;
      globalThis.MediaStreamAudioSourceNode = class {
        constructor() {
          throw new DOMException('another rate', 'NotSupportedError');
        }
      } as never;
      const code = await tools.codeOf(suppressNoise(track, { context, assets, fallback: false }));
      globalThis.MediaStreamAudioSourceNode = made;
      return code;
    },
  },
  {
    exit: 'suppressNoise() on an ended track',
    answer: 'invalid-input',
    run: ({ track }) => {
      const ended = track.clone();
      ended.stop();
      return tools.codeOf(suppressNoise(ended));
    },
  },
];

test.for(EXITS)('$exit', async ({ run, answer }) => {
  const result = await page.evaluate(
    async (run) => {
      const act = new Function('suppressNoise', 'Node', `return ${run}`)(
        percepnet.suppressNoise,
        percepnet.NoiseSuppressorNode,
      );
      const given = {
        context: new AudioContext(),
        track: tools.tone(),
        assets: { model: '/test/golden/tiny.safetensors' },
        stalled: { model: '/stalled' },
      };
      // For what is kept for the life of the page: files, and one context, unless it was closed.
      const settle = async (): Promise<void> => {
        const handle = await percepnet.suppressNoise(given.track, { assets: given.assets, fallback: false });
        await handle.destroy();
        await tools.until(() => handle.node?.context.state === 'suspended');
        await tools.sleep(300);
      };
      await percepnet.NoiseSuppressorNode.register(given.context, given.assets);
      await settle();
      const before = left.count();
      const answer = await act(given);
      await settle();
      return { answer, before, after: left.count() };
    },
    String(run).replace(/^(async )?run\(/, '$1function ('),
  );
  expect(result.answer).toEqual(answer);
  expect(result.after).toEqual(result.before);
});
