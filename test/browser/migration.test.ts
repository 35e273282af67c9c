/**
 * The pairs of examples/migration, before and after, in a page that Vite builds. `npm run check` compiles all of them. What was before in
 * LiveKit, Krisp's filter and that of deepfilternet3-noise-filter, is not run; docs/migration.md says why.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type * as DeepAfter from '../../examples/migration/deepfilternet3-after';
import type * as Frames from '../../examples/migration/jitsi-after';
import type * as KrispAfter from '../../examples/migration/krisp-after';
import type * as Nodes from '../../examples/migration/sapphi-after';
import type * as Tracks from '../../examples/migration/timephy-after';
import { BUILD, launchChromium, openPage, type Site, serve } from '../helpers/browser';

interface Pair<T> {
  before: T;
  after: T;
}

declare global {
  var pairs: {
    jitsi: Pair<typeof Frames>;
    sapphi: Pair<typeof Nodes>;
    timephy: Pair<typeof Tracks>;
    krisp: typeof KrispAfter;
    deepfilternet3: typeof DeepAfter;
    LocalAudioTrack: typeof import('livekit-client').LocalAudioTrack;
  };
}

const ROOT = 'test-results/migration';
const MAIN = `
  import * as jitsiBefore from '/examples/migration/jitsi-before';
  import * as jitsiAfter from '/examples/migration/jitsi-after';
  import * as sapphiBefore from '/examples/migration/sapphi-before';
  import * as sapphiAfter from '/examples/migration/sapphi-after';
  import * as timephyBefore from '/examples/migration/timephy-before';
  import * as timephyAfter from '/examples/migration/timephy-after';
  import * as krisp from '/examples/migration/krisp-after';
  import * as deepfilternet3 from '/examples/migration/deepfilternet3-after';
  import { LocalAudioTrack } from 'livekit-client';
  globalThis.pairs = {
    jitsi: { before: jitsiBefore, after: jitsiAfter },
    sapphi: { before: sapphiBefore, after: sapphiAfter },
    timephy: { before: timephyBefore, after: timephyAfter },
    krisp,
    deepfilternet3,
    LocalAudioTrack,
  };`;

let browser: Browser;
let site: Site;
let page: Page;

beforeAll(async () => {
  mkdirSync(ROOT, { recursive: true });
  writeFileSync(`${ROOT}/main.js`, MAIN.replaceAll("'/examples", `'${resolve('examples')}`));
  const { build } = await import('vite');
  await build({
    root: ROOT,
    base: '/migration/',
    configFile: false,
    logLevel: 'error',
    resolve: {
      alias: [
        { find: /^percepnet-wasm$/, replacement: resolve(BUILD, 'index.js') },
        { find: /^percepnet-wasm\/(.*)$/, replacement: `${resolve(BUILD)}/$1.js` },
      ],
    },
    worker: { format: 'es' },
    build: {
      target: 'es2022',
      lib: { entry: 'main.js', formats: ['es'], fileName: 'main' },
      assetsInlineLimit: 0,
      outDir: 'out',
      emptyOutDir: true,
    },
  });
  site = await serve({}, {}, { migration: `${ROOT}/out` });
  browser = await launchChromium();
  page = await openPage(browser, site);
  await page.addScriptTag({ url: '/migration/main.js', type: 'module' });
  await page.waitForFunction(() => 'pairs' in globalThis);
});

afterAll(async () => {
  await browser?.close();
  await site?.close();
});

test('@jitsi/rnnoise-wasm: frames', async () => {
  const removed = await page.evaluate(() => {
    const { before, after } = globalThis.pairs.jitsi;
    return [before, after].map(({ denoiseFrame }) => {
      const noise = tools.noise(48_000 * 3).map((x) => x / 4);
      let speech = 0;
      for (let at = 0; at < noise.length; at += 480) speech = denoiseFrame(noise.subarray(at, at + 480));
      const energy = (x: Float32Array): number => x.reduce((sum, v) => sum + v * v, 1e-12);
      const decibels = 10 * Math.log10(energy(noise.subarray(-48_000)) / energy(tools.noise(48_000).map((x) => x / 4)));
      return { decibels, speech };
    });
  });
  for (const { decibels, speech } of removed) {
    expect(decibels).toBeLessThan(-6);
    expect(speech).toBeGreaterThanOrEqual(0);
    expect(speech).toBeLessThan(0.5);
  }
});

test.each(['sapphi', 'timephy'] as const)('%s: a node, or a track', async (name) => {
  const levels = await page.evaluate(async (name) => {
    const context = new AudioContext({ sampleRate: 48_000 });
    const samples = tools.noise(96_000).map((x) => x / 4);
    const buffer = new AudioBuffer({ length: samples.length, sampleRate: 48_000 });
    buffer.copyToChannel(samples as Float32Array<ArrayBuffer>, 0);
    const source = new AudioBufferSourceNode(context, { buffer, loop: true });
    source.start();
    const microphone = new MediaStreamAudioDestinationNode(context, { channelCount: 1 });
    source.connect(microphone);
    const levelOf = async (node: AudioNode): Promise<number> => {
      const analyser = new AnalyserNode(context, { fftSize: 8192 });
      node.connect(analyser);
      await new Promise((resolve) => setTimeout(resolve, 2500));
      const heard = new Float32Array(8192);
      analyser.getFloatTimeDomainData(heard);
      return 10 * Math.log10(heard.reduce((sum, v) => sum + v * v, 1e-12) / heard.length);
    };
    const input = await levelOf(source);
    const outputs: number[] = [];
    const { sapphi, timephy } = globalThis.pairs;
    if (name === 'sapphi') {
      for (const { connect } of [sapphi.before, sapphi.after]) {
        const out = new GainNode(context);
        const stop = await connect(source, out);
        outputs.push(await levelOf(out));
        stop();
      }
    } else {
      for (const { suppress } of [timephy.before, timephy.after]) {
        const { track, stop } = await suppress(microphone.stream);
        const mediaStream = new MediaStream([track]);
        outputs.push(await levelOf(new MediaStreamAudioSourceNode(context, { mediaStream })));
        stop();
      }
    }
    await context.close();
    return { input, outputs };
  }, name);
  // RNNoise leaves much of a noise as even as this.
  const [before, after] = levels.outputs as [number, number];
  expect([before < levels.input - 1, after < levels.input - 10], JSON.stringify(levels)).toEqual([true, true]);
});

test('LiveKit: what was Krisp, and what was DeepFilterNet3', async () => {
  const result = await page.evaluate(async () => {
    const { krisp, deepfilternet3, LocalAudioTrack } = globalThis.pairs;
    const context = new AudioContext();
    const make = (): InstanceType<typeof LocalAudioTrack> =>
      new LocalAudioTrack(tools.tone(), undefined, true, context);
    const [one, two] = [make(), make()];
    const setEnabled = await krisp.suppress(one);
    const first = one.getProcessor() as unknown as { isEnabled(): boolean; node: { strength: AudioParam } };
    const states = [first.isEnabled()];
    await setEnabled(false);
    states.push(first.isEnabled());
    const setLimit = await deepfilternet3.suppress(two);
    const second = two.getProcessor() as unknown as typeof first;
    const strengths = [second.node.strength.value];
    setLimit(6);
    strengths.push(second.node.strength.value);
    await one.stopProcessor();
    await two.stopProcessor();
    await context.close();
    return { states, strengths };
  });
  expect(result.states).toEqual([true, false]);
  expect(result.strengths[0]).toBeCloseTo(0.9, 5);
  expect(result.strengths[1]).toBeCloseTo(0.4988, 3);
});
