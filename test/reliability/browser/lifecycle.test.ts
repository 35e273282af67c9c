/** Nodes, tracks and devices that come and go: heap, wasm memory and threads must be where they were. */
import { readdirSync, readFileSync } from 'node:fs';
import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { launchChromium, type Site, serve } from '../../browser/browser';
import { amount, record } from '../kit';
import { openTestPage } from './tools';

const CYCLES = amount(30, 1000);
/** Bytes of heap a cycle may leave: less than one object that matters. */
const LEFT_PER_CYCLE = 4096;
/** Bytes of resident memory a cycle may leave, a page of wasm memory, and what the engine's own caches may come to. */
const LEFT_RESIDENT = 65536;
const RESIDENT = 64 << 20;

let browser: Browser;
let site: Site;
let page: Page;

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
});

afterEach(async () => {
  await page.close();
});

interface Use {
  heap: number;
  /** ArrayBuffers and wasm memory of the page, bytes. */
  buffers: number;
  /** Memory of all renderers, bytes: the audio threads' wasm memory is in no heap that can be asked. */
  resident: number;
  /** Threads of all renderers whose name has to do with audio. */
  audioThreads: number;
}

async function measure(): Promise<Use> {
  const session = await page.context().newCDPSession(page);
  for (let i = 0; i < 3; i++) await session.send('HeapProfiler.collectGarbage');
  await page.waitForTimeout(500);
  const { usedSize, backingStorageSize } = (await session.send('Runtime.getHeapUsage')) as unknown as {
    usedSize: number;
    backingStorageSize: number;
  };
  await session.detach();
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
  return { heap: usedSize, buffers: backingStorageSize, resident, audioThreads };
}

/**
 * Runs some rounds to warm up, and the rest between two measurements. What Chromium itself keeps is measured by `control`, a
 * run without the library.
 */
async function flat(
  run: (rounds: number) => Promise<void>,
  control?: (rounds: number) => Promise<void>,
): Promise<string> {
  const growth = async (act: (rounds: number) => Promise<void>) => {
    await act(5);
    const before = await measure();
    await act(CYCLES);
    const after = await measure();
    const { heap, buffers, resident } = after;
    return {
      heap: heap - before.heap,
      buffers: buffers - before.buffers,
      resident: resident - before.resident,
      threads: [before.audioThreads, after.audioThreads] as const,
    };
  };
  const own = control ? (await growth(control)).resident : 0;
  const { heap, buffers, resident, threads } = await growth(run);
  expect(heap).toBeLessThan(LEFT_PER_CYCLE * CYCLES);
  expect(buffers).toBeLessThan(1 << 20);
  expect(resident - Math.max(0, own)).toBeLessThan(RESIDENT + LEFT_RESIDENT * CYCLES);
  expect(threads[1]).toBeLessThanOrEqual(threads[0] + 1);
  const without = control ? ` (the same without the library ${sign(own / 2 ** 20)} MiB)` : '';
  return `${CYCLES} times: JS heap ${sign(heap / 1024)} KiB, buffers ${sign(buffers / 1024)} KiB, memory of the renderers ${sign(resident / 2 ** 20)} MiB${without}, audio threads ${threads[0]} to ${threads[1]}`;
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

  test('tracks suppressed and destroyed, a context each', async (context) => {
    // A context with a worklet between a microphone and a stream, as any app could make it.
    const control = (rounds: number): Promise<void> =>
      page.evaluate(async (rounds) => {
        const code = `registerProcessor('empty', class extends AudioWorkletProcessor {
          constructor() { super(); this.port.postMessage('ready'); }
          process() { return true; }
        })`;
        const url = URL.createObjectURL(new Blob([code], { type: 'text/javascript' }));
        for (let i = 0; i < rounds; i++) {
          const context = new AudioContext();
          const source = await rel.microphone();
          await context.audioWorklet.addModule(url);
          const node = new AudioWorkletNode(context, 'empty');
          const ready = new Promise((resolve) => {
            node.port.onmessage = resolve;
          });
          new MediaStreamAudioSourceNode(context, { mediaStream: new MediaStream([source]) })
            .connect(node)
            .connect(new MediaStreamAudioDestinationNode(context));
          await ready;
          source.stop();
          await context.close();
        }
      }, rounds);
    const result = await flat(
      (rounds) =>
        page.evaluate(async (rounds) => {
          for (let i = 0; i < rounds; i++) {
            const source = await rel.microphone();
            const handle = await percepnet.suppressNoise(source, {
              assets: rel.tiny,
              stopSourceOnDestroy: true,
              timeoutMs: 60_000,
            });
            if (handle.error) throw handle.error;
            await handle.destroy();
          }
        }, rounds),
      control,
    );
    record(context, result);
  });

  test('device changes under one track', async (context) => {
    await page.evaluate(async () => {
      const handle = await percepnet.suppressNoise(await rel.microphone(), { assets: rel.tiny, timeoutMs: 60_000 });
      if (handle.error) throw handle.error;
      Object.assign(globalThis, { handle });
    });
    const result = await flat((rounds) =>
      page.evaluate(async (rounds) => {
        const { handle } = globalThis as unknown as { handle: Awaited<ReturnType<typeof percepnet.suppressNoise>> };
        for (let i = 0; i < rounds; i++) {
          const old = handle.source;
          await handle.replaceSource(await rel.microphone());
          old.stop();
        }
      }, rounds),
    );
    const sound = await page.evaluate(async () => {
      const { handle } = globalThis as unknown as { handle: Awaited<ReturnType<typeof percepnet.suppressNoise>> };
      const heard = await rel.heard(handle.track, 3);
      await handle.destroy();
      return heard > 0;
    });
    expect(sound).toBe(true);
    record(context, result);
  });
});
