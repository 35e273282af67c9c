/** The processor on livekit-client's own LocalAudioTrack. */
import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { launchChromium, type Site, serve } from '../browser/browser';
import { makeMicrophone, microphoneSwitches } from '../browser/microphone';
import { bundle, openAdapter } from './page';

let browser: Browser;
let site: Site;
let page: Page;

beforeAll(async () => {
  await bundle('livekit');
  site = await serve();
  browser = await launchChromium(microphoneSwitches(makeMicrophone().path));
});

afterAll(async () => {
  await browser?.close();
  await site?.close();
});

beforeEach(async () => {
  page = await openAdapter(browser, site, 'livekit');
});

afterEach(async () => {
  await page.close();
});

test('set, mute, unmute, change of device, enable and stop', async () => {
  const result = await page.evaluate(async () => {
    const { LocalAudioTrack, NoiseSuppressorProcessor } = livekit;
    const microphone = await navigator.mediaDevices.getUserMedia({ audio: true });
    const context = new AudioContext();
    const track = new LocalAudioTrack(microphone.getAudioTracks()[0], undefined, false, context);
    const processor = new NoiseSuppressorProcessor({ assets: await tools.assets() });
    await processor.setEnabled(false);
    await track.setProcessor(processor);
    const sent = track.mediaStreamTrack;
    const before = {
      supported: NoiseSuppressorProcessor.isSupported(),
      sends: sent === processor.processedTrack,
      current: track.getProcessor() === processor,
      enabled: processor.isEnabled(),
      state: processor.node?.state,
    };
    await processor.setEnabled(true);
    await tools.event(processor.node as EventTarget, 'statechange');
    const enabled = processor.node?.state;

    // LiveKit ends the microphone when muted and asks for a new one afterwards.
    track.stopOnMute = true;
    const first = track.getSourceTrackSettings().deviceId;
    await track.mute();
    await track.unmute();
    await track.restartTrack({ noiseSuppression: true });
    const same = track.mediaStreamTrack === sent && processor.processedTrack === sent && sent.readyState === 'live';
    const browserSuppression = track.getSourceTrackSettings().noiseSuppression;
    const level = await loudest(sent);

    const { node } = processor;
    await track.stopProcessor();
    const after = { sends: track.mediaStreamTrack !== sent, node: node?.state, gone: processor.node === undefined };
    const raw = await loudest(track.mediaStreamTrack);

    await track.setProcessor(processor);
    const again = processor.node?.state;
    track.stop();
    await context.close();
    return { before, enabled, first: Boolean(first), same, browserSuppression, level, after, raw, again };

    async function loudest(sent: MediaStreamTrack): Promise<number> {
      const samples = await tools.record(context, new MediaStream([sent]), 4);
      return samples.reduce((max, x) => Math.max(max, Math.abs(x)), 0);
    }
  });
  expect(result.before).toEqual({ supported: true, sends: true, current: true, enabled: false, state: 'bypassed' });
  expect(result.enabled).toBe('running');
  expect(result.same).toBe(true);
  expect(result.level).toBeGreaterThan(0.05);
  expect(result.after).toEqual({ sends: true, node: 'destroyed', gone: true });
  expect(result.raw).toBeGreaterThan(0.05);
  expect(result.again).toBe('running');
});

test('a failing start leaves LiveKit with the untouched microphone', async () => {
  const result = await page.evaluate(async () => {
    const { LocalAudioTrack, NoiseSuppressorProcessor } = livekit;
    const microphone = await navigator.mediaDevices.getUserMedia({ audio: true });
    const [source] = microphone.getAudioTracks();
    const track = new LocalAudioTrack(source, undefined, false, new AudioContext());
    const processor = new NoiseSuppressorProcessor({ assets: { model: '/nowhere.safetensors' } });
    const code = await tools.codeOf(track.setProcessor(processor));
    return {
      code,
      untouched: track.mediaStreamTrack === source && source.readyState === 'live',
      suppression: source.getSettings().noiseSuppression,
      processor: track.getProcessor() === undefined && processor.node === undefined,
    };
  });
  expect(result).toEqual({ code: 'asset-not-found', untouched: true, suppression: true, processor: true });
});

test('restart without a context, as older versions call it, keeps the one of init', async () => {
  const result = await page.evaluate(async () => {
    const { NoiseSuppressorProcessor } = livekit;
    type Init = Parameters<InstanceType<typeof NoiseSuppressorProcessor>['init']>[0];
    const capture = async () => (await navigator.mediaDevices.getUserMedia({ audio: true })).getAudioTracks()[0];
    const context = new AudioContext();
    const processor = new NoiseSuppressorProcessor({ assets: await tools.assets() });
    const kind = 'audio' as Init['kind'];
    await processor.init({ kind, track: await capture(), audioContext: context });
    const { node, processedTrack } = processor;
    await processor.restart({ kind, track: await capture() } as Init);
    const kept = processor.node === node && processor.processedTrack === processedTrack;
    // An output that somebody stopped cannot be used again.
    processedTrack?.stop();
    await processor.restart({ kind, track: await capture() } as Init);
    const rebuilt = processor.processedTrack?.readyState === 'live' && processor.node?.context === context;
    await processor.destroy();
    await processor.destroy();
    return { kept, rebuilt, old: node?.state };
  });
  expect(result).toEqual({ kept: true, rebuilt: true, old: 'destroyed' });
});
