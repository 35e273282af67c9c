/** The transform device in amazon-chime-sdk-js's own device controller. */
import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { launchChromium, type Site, serve } from '../browser/browser';
import { makeMicrophone, microphoneSwitches } from '../browser/microphone';
import { bundle, openAdapter } from './page';

let browser: Browser;
let site: Site;
let page: Page;

beforeAll(async () => {
  await bundle('chime');
  site = await serve();
  browser = await launchChromium(microphoneSwitches(makeMicrophone().path));
});

afterAll(async () => {
  await browser?.close();
  await site?.close();
});

beforeEach(async () => {
  page = await openAdapter(browser, site, 'chime');
});

afterEach(async () => {
  await page.close();
});

test('started by the controller, muted, moved to another microphone, stopped', async () => {
  const result = await page.evaluate(async () => {
    const { NoiseSuppressorTransformDevice, controller } = chime;
    const devices = controller();
    const device = new NoiseSuppressorTransformDevice('default', { assets: await tools.assets() });
    const supported = await NoiseSuppressorTransformDevice.isSupported();
    const stream = (await devices.startAudioInput(device)) as MediaStream;
    const { node } = device;
    const started = { state: node?.state, error: device.error };
    const context = node?.context as AudioContext;
    const level = await loudest();

    await device.mute(true);
    await tools.event(node as EventTarget, 'statechange');
    const muted = node?.state;
    await device.mute(false);
    await tools.event(node as EventTarget, 'statechange');

    const inner = await navigator.mediaDevices.getUserMedia({ audio: true });
    const moved = device.withInnerDevice(inner);
    const same = (await devices.startAudioInput(moved)) === stream && moved.node === node;
    const asked = (await moved.intrinsicDevice()) === inner;
    const movedLevel = await loudest();
    await moved.stop();
    await device.stop();
    return { supported, started, level, muted, same, asked, movedLevel, after: node?.state, node: device.node };

    /** Of the first recording that holds speech: a busy machine may bring the microphone late. */
    async function loudest(): Promise<number> {
      let peak = 0;
      for (let turn = 0; turn < 4 && peak < 0.05; turn++) {
        const samples = await tools.record(context, stream, 4);
        peak = samples.reduce((max, x) => Math.max(max, Math.abs(x)), 0);
      }
      return peak;
    }
  });
  expect(result.supported).toBe(true);
  expect(result.started).toEqual({ state: 'running', error: null });
  expect(result.level).toBeGreaterThan(0.05);
  expect(result.muted).toBe('bypassed');
  expect(result.same).toBe(true);
  expect(result.asked).toBe(true);
  expect(result.movedLevel).toBeGreaterThan(0.05);
  expect(result.after).toBe('destroyed');
  expect(result.node).toBe(null);
});

test('constraints switch the suppression of the browser off, unless ours could not start', async () => {
  const result = await page.evaluate(async () => {
    const { NoiseSuppressorTransformDevice, controller } = chime;
    const good = new NoiseSuppressorTransformDevice({ deviceId: 'default', autoGainControl: false });
    const broken = new NoiseSuppressorTransformDevice('default', { assets: { model: '/nowhere.safetensors' } });
    const devices = controller();
    const stream = (await devices.startAudioInput(broken)) as MediaStream;
    const samples = await tools.record(new AudioContext(), stream, 4);
    return {
      byId: await new NoiseSuppressorTransformDevice('default').intrinsicDevice(),
      byConstraints: await good.intrinsicDevice(),
      unstarted: await broken.intrinsicDevice(),
      code: broken.error?.code,
      level: samples.reduce((max, x) => Math.max(max, Math.abs(x)), 0),
    };
  });
  const ours = { echoCancellation: true, noiseSuppression: false, voiceIsolation: false, channelCount: 1 };
  expect(result.byId).toEqual({ ...ours, deviceId: { exact: 'default' } });
  expect(result.byConstraints).toEqual({ ...ours, deviceId: 'default', autoGainControl: false });
  expect(result.unstarted).toBe('default');
  expect(result.code).toBe('asset-not-found');
  expect(result.level).toBeGreaterThan(0.05);
});
