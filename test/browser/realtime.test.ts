/** What only long runs show: nothing allocated on the audio thread, memory and delay constant over ten minutes. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Browser, CDPSession, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { BUILD, launchChromium, openPage, type Site, serve } from '../helpers/browser';

const SECONDS = 600;
/** Until here the engine optimises; boxes of numbers in code not yet optimised are its business. */
const WARM_UP_SECONDS = 150;

let browser: Browser;
let site: Site;

/** The worklet with an allocation in each frame: what the runner has to notice. */
const PLANTED = `{
  const register = registerProcessor;
  globalThis.registerProcessor = (name, Processor) =>
    register(name, class extends Processor {
      frameEnd(speech) {
        this.kept = [];
        super.frameEnd(speech);
      }
    });
}
`;

beforeAll(async () => {
  site = await serve({
    '/planted/worklet.js': (_, response) =>
      response
        .setHeader('content-type', 'text/javascript')
        .end(PLANTED + readFileSync(join(BUILD, 'worklet.js'), 'utf8')),
  });
  browser = await launchChromium();
});

afterAll(async () => {
  await browser?.close();
  await site?.close();
});

interface AllocationNode {
  callFrame: { functionName: string; url: string };
  selfSize: number;
  children: AllocationNode[];
}

/** The inspector of the next audio worklet the page starts. */
async function inspectWorklet(page: Page): Promise<(method: string, params?: object) => Promise<unknown>> {
  const session: CDPSession = await page.context().newCDPSession(page);
  const waiting = new Map<number, (result: unknown) => void>();
  let worklet = '';
  let last = 0;
  session.on('Target.attachedToTarget', ({ sessionId, targetInfo }) => {
    if (targetInfo.type === 'worklet') worklet = sessionId;
  });
  session.on('Target.receivedMessageFromTarget', ({ message }) => {
    const { id, result, error } = JSON.parse(message);
    waiting.get(id)?.(result ?? error);
  });
  await session.send('Target.setAutoAttach', { autoAttach: true, waitForDebuggerOnStart: false, flatten: false });
  return (method, params = {}) =>
    new Promise((resolve) => {
      const id = ++last;
      waiting.set(id, resolve);
      session.send('Target.sendMessageToTarget', {
        sessionId: worklet,
        message: JSON.stringify({ id, method, params }),
      });
    });
}

/** Bytes allocated in functions of the worklet, by name, garbage already collected included. */
function allocations(node: AllocationNode, found: Record<string, number> = {}): Record<string, number> {
  if (node.callFrame.url.endsWith('/worklet.js')) {
    found[node.callFrame.functionName] = (found[node.callFrame.functionName] ?? 0) + node.selfSize;
  }
  for (const child of node.children) allocations(child, found);
  return found;
}

test.each([
  { rate: 48000, channels: 'mono' },
  { rate: 44100, channels: 'mono' },
  { rate: 48000, channels: 'stereo' },
] as const)(
  'ten minutes at $rate Hz in $channels allocate nothing and end with the delay they began with',
  async (c) => {
    const page = await openPage(browser, site);
    const inspect = await inspectWorklet(page);
    await page.evaluate(
      async ({ rate, channels, seconds, warmUp }) => {
        const context = new OfflineAudioContext(1, rate * seconds, rate);
        const node = await percepnet.NoiseSuppressorNode.create(context, {
          assets: await tools.assets(),
          strength: 0.37,
          channels,
          // Its events are messages, twice a second with this input.
          voiceActivity: false,
        });
        // Half a second of tone, half a second of silence.
        const loop = new AudioBuffer({ length: rate, sampleRate: rate });
        const data = loop.getChannelData(0);
        for (let n = 0; n < rate / 2; n++) data[n] = tools.tones([300, 997], n / rate);
        const source = new AudioBufferSourceNode(context, { buffer: loop, loop: true });
        source.connect(node).connect(context.destination);
        source.start();
        // The last second at strength 0, where the output must be the input of one latency before.
        node.strength.setValueAtTime(0, seconds - 2);
        const warm = context.suspend(warmUp);
        const rendering = context.startRendering();
        await warm;
        Object.assign(globalThis, { context, node, data, rendering });
      },
      { ...c, seconds: SECONDS, warmUp: WARM_UP_SECONDS },
    );
    await inspect('HeapProfiler.enable');
    await inspect('HeapProfiler.collectGarbage');
    const before = (await inspect('Runtime.getHeapUsage')) as { usedSize: number; backingStorageSize: number };
    await inspect('HeapProfiler.startSampling', {
      samplingInterval: 16,
      includeObjectsCollectedByMajorGC: true,
      includeObjectsCollectedByMinorGC: true,
    });
    const result = await page.evaluate(
      async ({ rate, seconds }) => {
        const { context, node, data, rendering } = globalThis as unknown as {
          context: OfflineAudioContext;
          node: InstanceType<typeof percepnet.NoiseSuppressorNode>;
          data: Float32Array;
          rendering: Promise<AudioBuffer>;
        };
        const latency = node.latency;
        await context.resume();
        const output = (await rendering).getChannelData(0);
        let error = 0;
        let power = 0;
        // The tone of the last period, without the edges that a resampler rounds.
        for (let n = Math.round(0.1 * rate); n < 0.4 * rate; n++) {
          const at = n + Math.round(latency * rate);
          const expected = tools.tones([300, 997], at / rate - latency);
          error += (output[(seconds - 1) * rate + at] - expected) ** 2;
          power += data[n] ** 2;
        }
        return { error: 10 * Math.log10(error / power + 1e-30), latency, last: node.latency, state: node.state };
      },
      { rate: c.rate, seconds: SECONDS },
    );
    const { profile } = (await inspect('HeapProfiler.stopSampling')) as { profile: { head: AllocationNode } };
    await inspect('HeapProfiler.collectGarbage');
    const after = (await inspect('Runtime.getHeapUsage')) as typeof before;
    await page.close();

    expect(result.state).toBe('running');
    expect(result.last).toBe(result.latency);
    expect(result.error).toBeLessThan(-70);
    // 45 000 frames and 165 000 callbacks: one box each would be a hundred times this.
    const bytes = allocations(profile.head);
    expect(
      Object.values(bytes).reduce((sum, size) => sum + size, 0),
      JSON.stringify(bytes),
    ).toBeLessThan(20_000);
    expect(after.usedSize - before.usedSize).toBeLessThan(20_000);
    expect(after.backingStorageSize).toBe(before.backingStorageSize);
  },
);

/** Bytes per frame that reading the clock may take, every fifth frame, where the engine boxes what it reads. */
const CLOCK_BYTES = 8;
const WINDOW_SECONDS = 2;

/**
 * The least that the worklet of a live context allocated per frame in any of several short windows. Until the engine has done with
 * optimising, and while it does so again, code allocates for its sake, for a while; what the code itself allocates, it does in each window.
 */
async function leastPerFrame(worklet: string, windows: number): Promise<{ least: number; found: object }> {
  const page = await openPage(browser, site);
  const inspect = await inspectWorklet(page);
  await page.evaluate(
    async ({ worklet }) => {
      const context = new AudioContext();
      const assets = { ...(await tools.assets()), worklet };
      const node = await percepnet.NoiseSuppressorNode.create(context, { assets, strength: 0.37 });
      const source = new OscillatorNode(context, { frequency: 300 });
      source.connect(node).connect(context.destination);
      source.start();
      Object.assign(globalThis, { context, node });
    },
    { worklet },
  );
  const now = (): Promise<number> => page.evaluate(() => (globalThis as unknown as Playing).context.currentTime);
  await page.waitForTimeout(10_000);
  await inspect('HeapProfiler.enable');
  let best = { least: Number.POSITIVE_INFINITY, found: {} };
  for (let i = 0; i < windows && best.least > CLOCK_BYTES; i++) {
    const from = await now();
    await inspect('HeapProfiler.startSampling', {
      samplingInterval: 16,
      includeObjectsCollectedByMajorGC: true,
      includeObjectsCollectedByMinorGC: true,
    });
    await page.waitForTimeout(1000 * WINDOW_SECONDS);
    const { profile } = (await inspect('HeapProfiler.stopSampling')) as { profile: { head: AllocationNode } };
    const frames = 100 * ((await now()) - from);
    // A thread that stood still allocates nothing either.
    if (frames < 50 * WINDOW_SECONDS) continue;
    const found = allocations(profile.head);
    const least = Object.values(found).reduce((sum, size) => sum + size, 0) / frames;
    if (least < best.least) best = { least, found };
  }
  expect(await page.evaluate(() => (globalThis as unknown as Playing).node.state)).toBe('running');
  await page.close();
  return best;
}

interface Playing {
  context: AudioContext;
  node: InstanceType<typeof percepnet.NoiseSuppressorNode>;
}

test('in a live context only reading the clock, every fifth frame, may allocate', async () => {
  const { least, found } = await leastPerFrame('/dist/worklet.js', 20);
  expect(least, JSON.stringify(found)).toBeLessThan(CLOCK_BYTES);
});

test('an empty array a frame would be seen in a live context', async () => {
  const { least } = await leastPerFrame('/planted/worklet.js', 5);
  expect(least).toBeGreaterThan(CLOCK_BYTES);
  expect(least).toBeLessThan(Number.POSITIVE_INFINITY);
});
