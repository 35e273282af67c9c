/** Nodes, tracks and devices that come and go: heap, wasm memory and threads must be where they were. */
import { readdirSync, readFileSync } from 'node:fs';
import type { Browser, CDPSession, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { launchChromium, type Site, serve } from '../../helpers/browser';
import { amount, record } from '../../helpers/kit';
import { openTestPage } from './tools';

const CYCLES = amount(30, 1000);
/** Bytes of heap a cycle may leave: less than one object that matters. */
const LEFT_PER_CYCLE = 4096;
/** Bytes of resident memory a cycle may leave, a page of wasm memory, and what the engine's own caches may come to. */
const LEFT_RESIDENT = 65536;
/** The same beyond what a bare worklet of the same shape leaves in Chromium, which is 50 to 90 KiB. */
const LEFT_BESIDE = 16384;
const RESIDENT = 64 << 20;
/** Listeners and nodes of the last round or two, which the collector may not have taken yet. */
const LEFT_OBJECTS = 20;
/** Runs in each worklet scope before the library: counts the streams of its cores, and tells the count to whoever makes the node 'streams'. */
const COUNTING = `
  const { Instance } = WebAssembly;
  let streams = 0;
  WebAssembly.Instance = function (...args) {
    const exports = { ...new Instance(...args).exports };
    const { suppressorCreate, suppressorDestroy } = exports;
    exports.suppressorCreate = (network) => {
      streams++;
      return suppressorCreate(network);
    };
    exports.suppressorDestroy = (suppressor) => {
      streams--;
      return suppressorDestroy(suppressor);
    };
    return { exports };
  };
  registerProcessor('streams', class extends AudioWorkletProcessor {
    constructor() {
      super();
      this.port.postMessage(streams);
    }
    process() {
      return false;
    }
  });`;

let browser: Browser;
let site: Site;
let page: Page;
let session: CDPSession;
/** Audio nodes of the page that are not collected yet, as DevTools sees them. */
let nodes: Set<string>;
/** Ask the worklet scopes of the page, by DevTools. */
let scopes: ((method: string) => Promise<HeapUsage>)[];

interface HeapUsage {
  usedSize: number;
  backingStorageSize: number;
}

beforeAll(async () => {
  site = await serve();
  browser = await launchChromium([
    '--use-fake-device-for-media-stream',
    '--use-fake-ui-for-media-stream',
    '--js-flags=--expose-gc',
  ]);
});

afterAll(async () => {
  await browser?.close();
  await site?.close();
});

beforeEach(async () => {
  page = await openTestPage(browser, site);
  session = await page.context().newCDPSession(page);
  nodes = new Set();
  session.on('WebAudio.audioNodeCreated', ({ node }) => nodes.add(node.nodeId));
  session.on('WebAudio.audioNodeWillBeDestroyed', ({ nodeId }) => nodes.delete(nodeId));
  await session.send('WebAudio.enable');
  scopes = [];
  session.on('Target.attachedToTarget', ({ sessionId, targetInfo }) => {
    if (targetInfo.type === 'worklet') scopes.push((method) => askScope(sessionId, method));
  });
  await session.send('Target.setAutoAttach', { autoAttach: true, waitForDebuggerOnStart: false, flatten: false });
  await session.send('Performance.enable');
});

afterEach(async () => {
  await page.close();
});

let asked = 0;

function askScope(sessionId: string, method: string): Promise<HeapUsage> {
  const id = ++asked;
  return new Promise((resolve, reject) => {
    const hear = (event: { sessionId: string; message: string }): void => {
      const answer = JSON.parse(event.message);
      if (event.sessionId !== sessionId || answer.id !== id) return;
      session.off('Target.receivedMessageFromTarget', hear);
      resolve(answer.result);
    };
    session.on('Target.receivedMessageFromTarget', hear);
    const message = JSON.stringify({ id, method });
    session.send('Target.sendMessageToTarget', { sessionId, message }).catch(reject);
  });
}

interface Use {
  heap: number;
  /** ArrayBuffers and wasm memory of the page, bytes. */
  buffers: number;
  /** The same of the audio threads: heap, and buffers and wasm memory. */
  audioHeap: number;
  audioBuffers: number;
  /** Memory of all renderers, bytes. */
  resident: number;
  /** Event listeners of the page, and its audio nodes. */
  listeners: number;
  nodes: number;
  /** Threads of all renderers whose name has to do with audio. */
  audioThreads: number;
}

async function measure(): Promise<Use> {
  for (let i = 0; i < 3; i++) {
    await session.send('HeapProfiler.collectGarbage');
    for (const scope of scopes) await scope('HeapProfiler.collectGarbage');
    await page.waitForTimeout(300);
  }
  const { usedSize, backingStorageSize } = (await session.send('Runtime.getHeapUsage')) as unknown as HeapUsage;
  const audio = await Promise.all(scopes.map((scope) => scope('Runtime.getHeapUsage')));
  const sum = (part: keyof HeapUsage): number => audio.reduce((total, use) => total + use[part], 0);
  const { metrics } = await session.send('Performance.getMetrics');
  const listeners = metrics.find(({ name }) => name === 'JSEventListeners')?.value ?? Number.NaN;
  const system = await browser.newBrowserCDPSession();
  const { processInfo } = await system.send('SystemInfo.getProcessInfo');
  await system.detach();
  let audioThreads = 0;
  let resident = 0;
  for (const { type, id } of processInfo) {
    if (type !== 'renderer') continue;
    try {
      resident += Number(/VmRSS:\s*(\d+)/.exec(readFileSync(`/proc/${id}/status`, 'utf8'))?.[1]) * 1024;
      for (const thread of readdirSync(`/proc/${id}/task`)) {
        if (/audio/i.test(readFileSync(`/proc/${id}/task/${thread}/comm`, 'utf8'))) audioThreads++;
      }
    } catch {
      // The process, or the thread, has just ended; or this is no Linux.
    }
  }
  return {
    heap: usedSize,
    buffers: backingStorageSize,
    audioHeap: sum('usedSize'),
    audioBuffers: sum('backingStorageSize'),
    resident,
    listeners,
    nodes: nodes.size,
    audioThreads,
  };
}

interface Own {
  /** The same without the library, for the memory that Chromium itself keeps. */
  control?(rounds: number): Promise<void>;
  /** Source nodes made in a round: Chromium keeps each in a running context until it is suspended. */
  sources?: number;
}

/** Runs some rounds to warm up, and the rest between two measurements. */
async function flat(run: (rounds: number) => Promise<void>, { control, sources = 0 }: Own = {}): Promise<string> {
  const growth = async (act: (rounds: number) => Promise<void>): Promise<Use> => {
    await act(5);
    const before = await measure();
    await act(CYCLES);
    const after = await measure();
    const grown = Object.entries(after).map(([what, value]) => [what, value - before[what as keyof Use]]);
    return Object.fromEntries(grown) as unknown as Use;
  };
  const own = control ? (await growth(control)).resident : 0;
  const { heap, buffers, audioHeap, audioBuffers, resident, listeners, nodes, audioThreads } = await growth(run);
  expect(heap).toBeLessThan(LEFT_PER_CYCLE * CYCLES);
  expect(buffers).toBeLessThan(1 << 20);
  expect(audioHeap).toBeLessThan(LEFT_PER_CYCLE * CYCLES);
  expect(audioBuffers).toBeLessThan(1 << 20);
  expect(resident - Math.max(0, own)).toBeLessThan(RESIDENT + (control ? LEFT_BESIDE : LEFT_RESIDENT) * CYCLES);
  expect(listeners).toBeLessThanOrEqual(LEFT_OBJECTS);
  expect(nodes).toBeLessThanOrEqual(LEFT_OBJECTS + sources * CYCLES);
  expect(audioThreads).toBeLessThanOrEqual(1);
  const without = control ? ` (the same without the library ${sign(own / 2 ** 20)} MiB)` : '';
  const audio = `on the audio thread ${sign(audioHeap / 1024)} and ${sign(audioBuffers / 1024)} KiB`;
  const memory = `JS heap ${sign(heap / 1024)} KiB, buffers ${sign(buffers / 1024)} KiB, ${audio}, memory of the renderers ${sign(resident / 2 ** 20)} MiB${without}`;
  return `${CYCLES} times: ${memory}, listeners ${sign(listeners)}, audio nodes ${sign(nodes)}, audio threads ${sign(audioThreads)}`;
}

function sign(value: number): string {
  return `${value < 0 ? '-' : '+'}${Math.abs(value).toFixed(0)}`;
}

describe('soak of a page', { timeout: 7_200_000 }, () => {
  test('nodes made and destroyed in one context', async (context) => {
    await page.evaluate(() => Object.assign(globalThis, { context: new AudioContext() }));
    const result = await flat((rounds) =>
      page.evaluate(async (rounds) => {
        const { context } = globalThis as unknown as { context: AudioContext };
        for (let i = 0; i < rounds; i++) {
          const node = await percepnet.NoiseSuppressorNode.create(context, { assets: rel.tiny, timeoutMs: 60_000 });
          node.destroy();
        }
      }, rounds),
    );
    const failed = await page.evaluate(async () => {
      const { context } = globalThis as unknown as { context: AudioContext };
      const node = await percepnet.NoiseSuppressorNode.create(context, { assets: rel.tiny, timeoutMs: 60_000 });
      return node.state !== 'running';
    });
    expect(failed).toBe(false);
    record(context, result);
  });

  test('tracks suppressed and destroyed, all in one context', async (context) => {
    await page.evaluate((counting) => {
      const made: AudioContext[] = [];
      Object.assign(globalThis, { made });
      globalThis.AudioContext = new Proxy(AudioContext, {
        construct(target, given, extended) {
          const context = Reflect.construct(target, given, extended);
          made.push(context);
          return context;
        },
      });
      const { addModule } = AudioWorklet.prototype;
      AudioWorklet.prototype.addModule = async function (...given) {
        const url = URL.createObjectURL(new Blob([counting], { type: 'text/javascript' }));
        await addModule.call(this, url);
        URL.revokeObjectURL(url);
        return addModule.apply(this, given);
      };
    }, COUNTING);
    // A worklet between a microphone and a stream, as any app could make it: in one context, too, which stays open.
    await page.evaluate(async () => {
      const bare = new AudioContext();
      const code = `registerProcessor('bare', class extends AudioWorkletProcessor {
        constructor() { super(); this.port.onmessage = () => { this.over = true; }; }
        process([input], [output]) {
          if (this.over) return false;
          if (!this.told) this.port.postMessage(this.told = 'running');
          if (input.length > 0) output[0].set(input[0]);
          return true;
        }
      })`;
      const url = URL.createObjectURL(new Blob([code], { type: 'text/javascript' }));
      await bare.audioWorklet.addModule(url);
      await bare.suspend();
      Object.assign(globalThis, { bare });
    });
    const control = (rounds: number): Promise<void> =>
      page.evaluate(async (rounds) => {
        const { bare: context } = globalThis as unknown as { bare: AudioContext };
        const source = await rel.microphone();
        for (let i = 0; i < rounds; i++) {
          await context.resume();
          const input = new MediaStreamAudioSourceNode(context, { mediaStream: new MediaStream([source]) });
          const node = new AudioWorkletNode(context, 'bare');
          const running = new Promise((resolve) => {
            node.port.onmessage = resolve;
          });
          const output = new MediaStreamAudioDestinationNode(context);
          input.connect(node).connect(output);
          await running;
          input.disconnect();
          node.port.postMessage('over');
          node.port.close();
          node.disconnect();
          output.stream.getAudioTracks()[0]?.stop();
          await context.suspend();
        }
        source.stop();
      }, rounds);
    const library = (rounds: number): Promise<void> =>
      page.evaluate(async (rounds) => {
        const source = await rel.microphone();
        for (let i = 0; i < rounds; i++) {
          const handle = await percepnet.suppressNoise(source, { assets: rel.tiny, timeoutMs: 60_000 });
          if (handle.error) throw handle.error;
          await handle.destroy();
        }
        source.stop();
      }, rounds);
    const result = await flat(library, { control });
    const left = await page.evaluate(async () => {
      const { made } = globalThis as unknown as { made: AudioContext[] };
      const { bare } = globalThis as unknown as { bare: AudioContext };
      const open = made.filter((context) => context !== bare && context.state !== 'closed');
      const source = await rel.microphone();
      const handle = await percepnet.suppressNoise(source, { assets: rel.tiny, timeoutMs: 60_000 });
      const ask = (): Promise<number> =>
        new Promise((resolve) => {
          new AudioWorkletNode(open[0]!, 'streams').port.onmessage = ({ data }) => resolve(data);
        });
      const during = await ask();
      await handle.destroy();
      await tools.until(() => open[0]?.state === 'suspended');
      return { contexts: open.length, during, after: await ask() };
    });
    expect(left).toEqual({ contexts: 1, during: 1, after: 0 });
    record(context, `${result}, 1 context, its core has no stream left`);
  });

  test('device changes under one track', async (context) => {
    await page.evaluate(async () => {
      const handle = await percepnet.suppressNoise(await rel.microphone(), { assets: rel.tiny, timeoutMs: 60_000 });
      if (handle.error) throw handle.error;
      Object.assign(globalThis, { handle });
    });
    const change = (rounds: number): Promise<void> =>
      page.evaluate(async (rounds) => {
        const { handle } = globalThis as unknown as { handle: Awaited<ReturnType<typeof percepnet.suppressNoise>> };
        for (let i = 0; i < rounds; i++) {
          const old = handle.source;
          await handle.replaceSource(await rel.microphone());
          old.stop();
        }
      }, rounds);
    const result = await flat(change, { sources: 1 });
    const sound = await page.evaluate(async () => {
      const { handle } = globalThis as unknown as { handle: Awaited<ReturnType<typeof percepnet.suppressNoise>> };
      const heard = await rel.heard(handle.track, 3);
      await handle.destroy();
      return heard > 0;
    });
    expect(sound).toBe(true);
    const { nodes } = await measure();
    expect(nodes).toBeLessThan(LEFT_OBJECTS);
    record(context, `${result}, ${nodes} audio nodes when it has ended`);
  });
});
