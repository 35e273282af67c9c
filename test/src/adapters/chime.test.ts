/** The transform device in amazon-chime-sdk-js's own device controller. */
import { describe, expect, test } from 'vitest';
import { keepElements } from '../../helpers/elements';
import { openedWith, page } from './page';

openedWith('chime');

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

describe('calls that overlap', () => {
  const CALLS = ['create', 'create in another context', 'create of another device', 'mute', 'unmute', 'stop'];
  const pairs = CALLS.flatMap((first) => CALLS.map((second) => ({ calls: [first, second] })));
  const longer = [{ calls: ['create', 'stop', 'create'] }, { calls: ['create', 'mute', 'stop', 'create', 'unmute'] }];

  test.for([...pairs, ...longer])('$calls', async ({ calls }) => {
    const has = calls.slice(calls.lastIndexOf('stop') + 1).some((call) => call?.startsWith('create'));
    const muted = calls.filter((call) => call?.endsWith('mute')).at(-1) === 'mute';
    const state = muted ? 'bypassed' : 'running';
    const results = await page.evaluate(
      async ({ calls, state }) => {
        const { NoiseSuppressorTransformDevice } = chime;
        const made = tools.nodesMade();
        const assets = { model: '/test/golden/tiny.safetensors' };
        await percepnet.NoiseSuppressorNode.preload(assets);
        const contexts = [new AudioContext(), new AudioContext()] as const;
        const results: unknown[] = [];
        for (const gap of [0, 20, 400]) {
          const device = new NoiseSuppressorTransformDevice('default', { assets });
          const call = (name: string | undefined): Promise<unknown> => {
            if (name === 'create') return device.createAudioNode(contexts[0]);
            if (name === 'create in another context') return device.createAudioNode(contexts[1]);
            if (name === 'create of another device')
              return device.withInnerDevice('other').createAudioNode(contexts[0]);
            if (name === 'stop') return device.stop();
            return device.mute(name === 'mute');
          };
          const answers: Promise<unknown>[] = [];
          for (const name of calls) {
            if (answers.length > 0) await tools.sleep(gap);
            answers.push(call(name));
          }
          const last = (await Promise.all(answers)).filter((answer) => answer !== undefined).at(-1);
          const { node } = device;
          await tools.until(() => !node || node.state === state);
          const alive = made.filter(({ state }) => state !== 'destroyed');
          const fits = !node || (alive[0] === node && (last as { start: AudioNode }).start.context === node.context);
          const during = [alive.length, node?.state ?? 'none', fits];
          await device.stop();
          results.push({ during, after: made.filter(({ state }) => state !== 'destroyed').length });
        }
        return results;
      },
      { calls, state },
    );
    for (const result of results) {
      expect(result).toEqual({ during: has ? [1, state, true] : [0, 'none', true], after: 0 });
    }
  });
});

test('unmute, another context and a stop keep what the app has set', async () => {
  const result = await page.evaluate(async () => {
    const { NoiseSuppressorTransformDevice } = chime;
    const device = new NoiseSuppressorTransformDevice('default', { assets: await tools.assets(), bypass: true });
    const context = new AudioContext();
    await device.createAudioNode(context);
    const first = device.node!;
    first.strength.value = 0.5;
    first.bypass = false;
    await tools.until(() => first.state === 'running');
    await device.mute(true);
    await tools.until(() => first.state === 'bypassed');
    const muted = first.bypass;
    await device.mute(false);
    await tools.until(() => first.state === 'running');
    const unmuted = [first.state, first.bypass, first.strength.value];
    await device.mute(true);
    first.bypass = true;
    await device.mute(false);
    const set = first.bypass;
    await device.createAudioNode(new AudioContext());
    const second = device.node!;
    const kept = [second !== first, first.state, second.bypass, second.strength.value];
    await device.stop();
    await device.createAudioNode(context);
    const third = [device.node?.bypass, device.node?.strength.value];
    await device.stop();
    return { muted, unmuted, set, kept, third };
  });
  expect(result).toEqual({
    muted: false,
    unmuted: ['running', false, 0.5],
    set: true,
    kept: [true, 'destroyed', true, 0.5],
    third: [true, 0.5],
  });
});

test('stopped while Chime still uses it, the microphone passes', async () => {
  const result = await page.evaluate(async () => {
    const { NoiseSuppressorTransformDevice } = chime;
    const device = new NoiseSuppressorTransformDevice('default', { assets: await tools.assets() });
    const context = new AudioContext();
    const nodes = await device.createAudioNode(context);
    const tone = new OscillatorNode(context);
    const destination = new MediaStreamAudioDestinationNode(context);
    tone.connect(nodes!.start);
    nodes!.end.connect(destination);
    tone.start();
    await device.stop();
    const heard = await tools.sounds(destination.stream.getAudioTracks()[0] as MediaStreamTrack);
    return { heard, code: device.error?.code, inner: await device.intrinsicDevice() };
  });
  expect(result).toEqual({ heard: true, code: 'destroyed', inner: 'default' });
});

test.each([[true], [false]])('keepAlive: %s, in each context that Chime makes, to the end', async (keepAlive) => {
  await page.evaluate(keepElements);
  const result = await page.evaluate(async (keepAlive) => {
    const { NoiseSuppressorTransformDevice, controller } = chime;
    const devices = controller();
    const device = new NoiseSuppressorTransformDevice('default', {
      assets: { model: '/test/golden/tiny.safetensors' },
      keepAlive,
    });
    const seen = [kept()];
    await devices.startAudioInput(device);
    seen.push(kept());
    await device.withInnerDevice('other').createAudioNode(new AudioContext());
    seen.push(kept());
    await device.stop();
    seen.push(kept());
    const context = new AudioContext();
    await device.createAudioNode(context);
    seen.push(kept());
    await context.close();
    await tools.until(() => kept()[0] === 0);
    seen.push(kept());
    await device.createAudioNode(new AudioContext());
    device.node?.destroy();
    seen.push(kept());
    return seen;
  }, keepAlive);
  const off = [0, 0, 'auto'];
  const on = keepAlive ? [1, 1, 'play-and-record'] : off;
  expect(result).toEqual([off, on, on, off, on, off, off]);
});
