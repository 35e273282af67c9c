/** A CPU that is not enough: noticed, told, bridged with aligned dry sound, tried again, and left without a trace. */
import type { Browser, Page as Tab } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { launchChromium, type Site, serve } from '../../helpers/browser';
import { amount, record } from '../../helpers/kit';
import { openTestPage, patchedCore } from './tools';

let browser: Browser;
let site: Site;
let page: Tab;

beforeAll(async () => {
  site = await serve();
  browser = await launchChromium();
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

/** What the tests keep in the page. */
interface Page {
  node: InstanceType<typeof percepnet.NoiseSuppressorNode>;
  meter: AudioWorkletNode;
  latency: number;
  overload: Promise<Event>;
  back: Promise<void>;
  errors: string[];
  overloads(): number;
}

/** Sum of two inputs: the largest sample so far, after the first `skip` ones. */
const PEAK = `
  registerProcessor('peak', class extends AudioWorkletProcessor {
    constructor({ processorOptions }) {
      super();
      this.skip = processorOptions.skip;
      this.peak = 0;
      this.count = 0;
      this.port.onmessage = () => this.port.postMessage([this.peak, this.count]);
    }
    process([[channel]]) {
      if (channel) for (const x of channel) {
        if (this.count++ < this.skip) continue;
        if (!(Math.abs(x) <= this.peak)) this.peak = Math.abs(x);
      }
      return true;
    }
  });`;

/** Starts a thread per core and more that do nothing but compute; the page's `busy` are its workers. */
const BUSY = `globalThis.busy = Array.from({ length: 4 * navigator.hardwareConcurrency },
  () => new Worker(URL.createObjectURL(new Blob(['for (;;) Math.sqrt(2);'], { type: 'text/javascript' }))));`;
const CALM = 'for (const worker of globalThis.busy) worker.terminate();';

/** DevTools' CPU throttling of the page's main thread. */
async function throttle(rate: number): Promise<void> {
  const session = await page.context().newCDPSession(page);
  await session.send('Emulation.setCPUThrottlingRate', { rate });
  await session.detach();
}

describe('overload', () => {
  test('a core that takes longer than its sound: event, aligned dry sound without a click, retry, back', {
    timeout: 400_000,
  }, async (context) => {
    await page.evaluate(
      async ([burn, peak]) => {
        const context = new AudioContext({ sampleRate: 48_000 });
        await tools.inScope(context, burn);
        await tools.inScope(context, peak);
        // At strength 0 the output is the delayed input bit for bit in every state: whatever is lost, doubled, shifted or
        // queued up on the way from one state to another is a difference.
        const node = await percepnet.NoiseSuppressorNode.create(context, {
          assets: rel.tiny,
          strength: 0,
          timeoutMs: 60_000,
        });
        const overload = tools.event(node, 'overload', 100_000);
        const back = overload.then(async () => {
          // Until it has been running for a while.
          for (let calm = 0; calm < 15; calm++) {
            await rel.sleep(100);
            if (node.state !== 'running') calm = -1;
          }
        });
        const source = new OscillatorNode(context, { frequency: 440 });
        const delay = new DelayNode(context, { delayTime: node.latency, maxDelayTime: 1 });
        const minus = new GainNode(context, { gain: -1 });
        const meter = new AudioWorkletNode(context, 'peak', {
          numberOfOutputs: 1,
          channelCount: 1,
          processorOptions: { skip: 9600 },
        });
        source.connect(node).connect(meter);
        source.connect(delay).connect(minus).connect(meter);
        meter.connect(context.destination);
        source.start();
        Object.assign(globalThis, { node, overload, back, meter, latency: node.latency });
      },
      // From its 100th frame on each takes 12 ms, until this many have: one overload, in the long form a second in its retry.
      [
        patchedCore(
          'suppressorProcess',
          `if (count > 100 && count <= ${amount(212, 300)}) { const end = Date.now() + 12; while (Date.now() < end); } return original(...given);`,
        ),
        PEAK,
      ] as const,
    );
    await page.evaluate(BUSY);
    await throttle(10);
    const told = await page.evaluate(async () => {
      const { load, consecutive } = (await (globalThis as unknown as Page).overload) as InstanceType<
        typeof percepnet.OverloadEvent
      >;
      return { load, consecutive };
    });
    await throttle(1);
    await page.evaluate(CALM);
    const result = await page.evaluate(async () => {
      const { node, back, meter, latency } = globalThis as unknown as Page;
      const aside = { state: node.state, peak: await rel.peak(node, 0.3) };
      await back;
      const stats = await node.getStats();
      const [difference, samples] = await new Promise<[number, number]>((resolve) => {
        meter.port.onmessage = ({ data }) => resolve(data);
        meter.port.postMessage(0);
      });
      await (node.context as AudioContext).close();
      return { aside, difference, samples, stats, kept: node.latency === latency };
    });
    const { overloads, framesBypassed } = result.stats;
    expect(told.load).toBeGreaterThan(0.7);
    expect(told.consecutive).toBe(1);
    expect(result.aside.state).toBe('overloaded');
    expect(result.aside.peak).toBeCloseTo(1, 1);
    expect(overloads).toBeGreaterThanOrEqual(amount(1, 2));
    // 15 s, 30 s, 60 s: to the frame.
    expect(framesBypassed).toBe(1500 * (2 ** overloads - 1));
    expect(result.kept).toBe(true);
    // The delay node computes in f32 what the suppressor only moves.
    expect(result.difference).toBeLessThan(1e-5);
    record(
      context,
      `load ${told.load.toFixed(2)} told; back after ${framesBypassed / 100} s of dry sound (${overloads} times overloaded); largest difference from the delayed input over ${(result.samples / 48_000).toFixed(0)} s and all changes ${result.difference.toExponential(1)}; same delay`,
    );
  });

  test('busy threads and DevTools throttling: no error, no change of delay, over when they are', {
    timeout: 400_000,
  }, async (context) => {
    await page.evaluate(async () => {
      const context = new AudioContext();
      const { node, errors } = await rel.playing(context);
      let overloads = 0;
      node.addEventListener('overload', () => overloads++);
      Object.assign(globalThis, { node, errors, latency: node.latency, overloads: () => overloads });
    });
    await page.evaluate(BUSY);
    await throttle(10);
    await page.waitForTimeout(amount(4000, 60_000));
    await throttle(1);
    await page.evaluate(CALM);
    const result = await page.evaluate(async () => {
      const { node, errors, latency, overloads } = globalThis as unknown as Page;
      const told = overloads();
      const { lateCallbacks } = await node.getStats();
      await rel.sleep(1000);
      const sound = (await rel.peak(node, 0.3)) > 0;
      const { state } = node;
      await (node.context as AudioContext).close();
      return { errors, told, lateCallbacks, kept: node.latency === latency, state, sound };
    });
    expect(result).toMatchObject({ errors: [], kept: true, state: 'running', sound: true });
    record(
      context,
      `four busy threads per core and tenfold throttling: ${result.lateCallbacks} late callbacks, ${result.told} overloads told; delay kept, sound goes on`,
    );
  });
});
