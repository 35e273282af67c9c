/** The processor on livekit-client's own LocalAudioTrack. */
import { describe, expect, test } from 'vitest';
import { keepElements } from '../../helpers/elements';
import { openedWith, page } from './page';

openedWith('livekit');

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

describe('calls that overlap', () => {
  const CALLS = ['init', 'restart', 'restart without a context', 'restart in another context', 'setEnabled', 'destroy'];
  const pairs = CALLS.flatMap((first) => CALLS.map((second) => ({ calls: [first, second] })));
  const longer = [
    { calls: ['init', 'destroy', 'init'] },
    { calls: ['init', 'restart', 'destroy'] },
    { calls: ['init', 'init', 'restart', 'restart'] },
    { calls: ['init', 'destroy', 'destroy', 'restart', 'destroy'] },
  ];

  test.for([...pairs, ...longer])('$calls', async ({ calls }) => {
    // The last one that asks for a suppressor, or for none, decides.
    const last = calls.filter((call) => call !== 'setEnabled').at(-1);
    const results = await page.evaluate(async (calls) => {
      const { NoiseSuppressorProcessor } = livekit;
      type Options = Parameters<InstanceType<typeof NoiseSuppressorProcessor>['init']>[0];
      const kind = 'audio' as Options['kind'];
      const made = tools.nodesMade();
      const alive = (): number => made.filter((node) => node.state !== 'destroyed').length;
      const assets = { model: '/test/golden/tiny.safetensors' };
      await percepnet.NoiseSuppressorNode.preload(assets);
      const context = new AudioContext();
      const results: unknown[] = [];
      for (const gap of [0, 20, 400]) {
        const processor = new NoiseSuppressorProcessor({ assets, bypass: true });
        let track: MediaStreamTrack;
        const call = (name: string): Promise<void> => {
          track = tools.tone();
          if (name === 'init') return processor.init({ kind, track, audioContext: context });
          if (name === 'restart') return processor.restart({ kind, track, audioContext: context });
          if (name === 'restart without a context') return processor.restart({ kind, track } as Options);
          if (name === 'setEnabled') return processor.setEnabled(false);
          if (name === 'destroy') return processor.destroy();
          return processor.restart({ kind, track, audioContext: new AudioContext() });
        };
        const codes: Promise<string>[] = [];
        for (const name of calls) {
          if (codes.length > 0) await tools.sleep(gap);
          codes.push(tools.codeOf(call(name)));
        }
        const settled = await Promise.all(codes);
        const { processedTrack, node } = processor;
        const runs = processedTrack ? [processedTrack.readyState, await tools.sounds(processedTrack)] : [];
        const during = [node?.state ?? 'none', alive(), ...runs];
        await processor.destroy();
        const after = [processor.node?.state ?? 'none', alive(), processedTrack?.readyState];
        results.push({ during, after, failed: settled.filter((code) => !['no error', 'destroyed'].includes(code)) });
      }
      return results;
    }, calls);
    const running = last !== undefined && last !== 'destroy';
    for (const result of results) {
      expect(result).toEqual({
        during: running ? ['bypassed', 1, 'live', true] : ['none', 0],
        after: ['none', 0, running ? 'ended' : undefined],
        failed: [],
      });
    }
  });

  test('an init that destroy() overtakes says so, and leaves the browser as it was', async () => {
    const result = await page.evaluate(async () => {
      const { LocalAudioTrack, NoiseSuppressorProcessor } = livekit;
      const [source] = (await navigator.mediaDevices.getUserMedia({ audio: true })).getAudioTracks();
      const track = new LocalAudioTrack(source, undefined, false, new AudioContext());
      const processor = new NoiseSuppressorProcessor({ assets: await tools.assets() });
      const code = tools.codeOf(track.setProcessor(processor));
      // LiveKit has a lock to take first.
      await tools.sleep(5);
      await processor.destroy();
      return {
        code: await code,
        sends: track.mediaStreamTrack === source && source.readyState,
        suppression: source.getSettings().noiseSuppression,
        processor: track.getProcessor() ?? 'none',
        node: processor.node ?? 'none',
      };
    });
    expect(result).toEqual({ code: 'destroyed', sends: 'live', suppression: true, processor: 'none', node: 'none' });
  });

  test('the track stopped while LiveKit restarts it', async () => {
    const result = await page.evaluate(async () => {
      const { LocalAudioTrack, NoiseSuppressorProcessor } = livekit;
      const [source] = (await navigator.mediaDevices.getUserMedia({ audio: true })).getAudioTracks();
      const track = new LocalAudioTrack(source, undefined, false, new AudioContext());
      const processor = new NoiseSuppressorProcessor({ assets: await tools.assets() });
      await track.setProcessor(processor);
      const { node } = processor;
      const restarted = track.restartTrack().then(
        () => 'no error',
        (error) => String(error),
      );
      track.stop();
      const told = await restarted;
      await tools.until(() => node?.state === 'destroyed');
      return [told, node?.state, processor.node ?? 'none', track.mediaStreamTrack.readyState];
    });
    expect(result).toEqual(['no error', 'destroyed', 'none', 'ended']);
  });
});

test('a restart that fails sends the untouched microphone, and says why', async () => {
  const result = await page.evaluate(async () => {
    const { LocalAudioTrack, NoiseSuppressorProcessor } = livekit;
    const [source] = (await navigator.mediaDevices.getUserMedia({ audio: true })).getAudioTracks();
    const context = new AudioContext();
    const track = new LocalAudioTrack(source, undefined, false, context);
    const assets = await tools.assets();
    const processor = new NoiseSuppressorProcessor({ assets });
    await track.setProcessor(processor);
    const { create } = percepnet.NoiseSuppressorNode;
    percepnet.NoiseSuppressorNode.create = () =>
      Promise.reject(new percepnet.NoiseSuppressorError('processor-failed', 'injected'));
    await context.close();
    await track.restartTrack();
    const failed = [processor.error?.code, processor.node ?? 'none', track.mediaStreamTrack.readyState];
    const suppression = track.mediaStreamTrack.getSettings().noiseSuppression;
    percepnet.NoiseSuppressorNode.create = create;
    await track.restartTrack();
    const again = [processor.error, processor.node?.state, track.mediaStreamTrack === processor.processedTrack];
    track.stop();
    return { failed, suppression, again };
  });
  expect(result).toEqual({
    failed: ['processor-failed', 'none', 'live'],
    suppression: true,
    again: [null, 'running', true],
  });
});

test('what is no track is told; a restart never rejects', async () => {
  const result = await page.evaluate(async () => {
    const { NoiseSuppressorProcessor } = livekit;
    type Options = Parameters<InstanceType<typeof NoiseSuppressorProcessor>['init']>[0];
    const kind = 'audio' as Options['kind'];
    const audioContext = new AudioContext();
    const processor = new NoiseSuppressorProcessor({ assets: await tools.assets() });
    const told = [];
    for (const track of [undefined, {}, { kind: 'audio', readyState: 'live' }]) {
      const options = { kind, audioContext, track } as unknown as Options;
      told.push(await tools.codeOf(processor.init(options)), await tools.codeOf(processor.restart(options)));
      told.push(processor.error?.code);
    }
    await processor.init({ kind, audioContext, track: tools.tone() });
    const state = processor.node?.state;
    await processor.destroy();
    return { told, state };
  });
  expect(result).toEqual({
    told: Array(3).fill(['invalid-input', 'no error', 'invalid-input']).flat(),
    state: 'running',
  });
});

test('what the app has set goes on in the next context', async () => {
  const result = await page.evaluate(async () => {
    const { NoiseSuppressorProcessor } = livekit;
    type Options = Parameters<InstanceType<typeof NoiseSuppressorProcessor>['init']>[0];
    const kind = 'audio' as Options['kind'];
    const processor = new NoiseSuppressorProcessor({ assets: await tools.assets(), strength: 0.9 });
    const context = new AudioContext();
    await processor.init({ kind, track: tools.tone(), audioContext: context });
    const { node } = processor;
    node!.strength.value = 0.5;
    node!.bypass = true;
    const enabled = processor.isEnabled();
    await context.close();
    await tools.until(() => processor.processedTrack?.readyState === 'ended');
    await processor.restart({ kind, track: tools.tone() } as Options);
    const next = processor.node!;
    const result = [enabled, next !== node, next.strength.value, next.bypass, processor.isEnabled()];
    await processor.destroy();
    await tools.until(() => next.context.state !== 'running');
    return [...result, next.state, next.context.state];
  });
  expect(result).toEqual([false, true, 0.5, true, false, 'destroyed', 'suspended']);
});

test.each([[true], [false]])(
  'keepAlive: %s, from the start across another microphone to the end',
  async (keepAlive) => {
    await page.evaluate(keepElements);
    const result = await page.evaluate(async (keepAlive) => {
      const { LocalAudioTrack, NoiseSuppressorProcessor } = livekit;
      const microphone = await navigator.mediaDevices.getUserMedia({ audio: true });
      const context = new AudioContext();
      const track = new LocalAudioTrack(microphone.getAudioTracks()[0], undefined, false, context);
      const processor = new NoiseSuppressorProcessor({ assets: { model: '/test/golden/tiny.safetensors' }, keepAlive });
      const seen = [kept()];
      await track.setProcessor(processor);
      seen.push(kept());
      await track.restartTrack();
      seen.push(kept());
      await track.stopProcessor();
      seen.push(kept());
      await track.setProcessor(processor);
      seen.push(kept());
      await context.close();
      await tools.until(() => processor.processedTrack?.readyState === 'ended');
      seen.push(kept());
      track.stop();
      return seen;
    }, keepAlive);
    const off = [0, 0, 'auto'];
    const on = keepAlive ? [1, 1, 'play-and-record'] : off;
    expect(result).toEqual([off, on, on, off, on, off]);
  },
);

test("LiveKit's own track is never stopped, whatever the app does to its options", async () => {
  const result = await page.evaluate(async () => {
    const { LocalAudioTrack, NoiseSuppressorProcessor } = livekit;
    const [source] = (await navigator.mediaDevices.getUserMedia({ audio: true })).getAudioTracks();
    const track = new LocalAudioTrack(source, undefined, false, new AudioContext());
    const options = { assets: await tools.assets() };
    const processor = new NoiseSuppressorProcessor(options);
    Object.assign(options, { stopSourceOnDestroy: true });
    await track.setProcessor(processor);
    await track.stopProcessor();
    const own = source.readyState;
    track.stop();
    return own;
  });
  expect(result).toBe('live');
});
