/** The output track in a microphone's place: what it is and tells when the source, the context or the app changes something. */
import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { absent, launch } from '../../browser/engines';
import { BUILD, launchChromium, type Site, serve } from '../../helpers/browser';

let browser: Browser;
let site: Site;
let page: Page;
/** Answered when a test says so: the model of a start that is under way. */
let arrived: () => void;
let gate: Promise<void>;

beforeAll(async () => {
  site = await serve(
    {
      '/late.safetensors': async (_, response) => {
        await gate;
        response.writeHead(302, { location: '/test/golden/tiny.safetensors' }).end();
      },
      '/now': (_, response) => {
        arrived();
        response.end();
      },
    },
    {},
    { copy: BUILD },
  );
  browser = await launchChromium(['--use-fake-device-for-media-stream', '--use-fake-ui-for-media-stream']);
});

afterAll(async () => {
  await browser?.close();
  await site?.close();
});

beforeEach(async () => {
  gate = new Promise((resolve) => {
    arrived = resolve;
  });
  page = await browser.newPage();
  await page.goto(site.origin);
  await page.waitForFunction(() => 'tools' in globalThis);
});

afterEach(async () => {
  await page.close();
});

describe('the source', () => {
  const CHANGES: { change: string; is: string; told: string[] }[] = [
    { change: 'ended', is: 'ended', told: ['ended'] },
    { change: 'stopped', is: 'ended', told: ['ended'] },
    { change: 'muted', is: 'live, muted', told: ['mute'] },
    { change: 'disabled', is: 'live, muted', told: ['mute'] },
    { change: 'muted, then unmuted', is: 'live', told: ['mute', 'unmute'] },
    { change: 'disabled, then enabled', is: 'live', told: ['mute', 'unmute'] },
  ];
  const cases = CHANGES.flatMap((entry) =>
    ['before the start', 'during it', 'after it', 'before it replaces another'].map((when) => ({ when, ...entry })),
  );

  test.for(cases)('$change $when', async ({ when, change, is, told }) => {
    const result = await page.evaluate(
      async ({ when, change }) => {
        const source = await tools.received();
        const happen = async (): Promise<void> => {
          const [first, second] = change.split(', then ');
          if (first === 'ended') await source.end();
          if (first === 'stopped') source.track.stop();
          if (first === 'muted') await source.mute();
          if (first === 'disabled') source.track.enabled = false;
          if (second) await tools.sleep(600);
          if (second === 'unmuted') await source.unmute();
          if (second === 'enabled') source.track.enabled = true;
        };
        if (when.startsWith('before')) await happen();
        const replaces = when.endsWith('another');
        const start = replaces ? (await tools.received()).track : source.track;
        const starting = percepnet.suppressNoise(start, { assets: { model: '/late.safetensors' }, fallback: false });
        if (when === 'during it') await happen();
        await fetch('/now');
        let handle: Awaited<typeof starting>;
        try {
          handle = await starting;
        } catch (error) {
          return { refused: (error as { code: string }).code };
        }
        const output = tools.heardOf(handle.track);
        const clone = tools.heardOf(handle.track.clone());
        if (when === 'after it') await happen();
        const refused = replaces ? await tools.codeOf(handle.replaceSource(source.track)) : 'no error';
        await tools.sleep(700);
        const result = { is: output.is(), told: [...output.told], clone: [...clone.told], cloneIs: clone.is() };
        await handle.destroy();
        return refused === 'no error' ? result : { refused };
      },
      { when, change },
    );
    if (when.startsWith('before') && is === 'ended') return expect(result).toEqual({ refused: 'invalid-input' });
    // What was over before anybody listened is no news.
    const news = when === 'after it' || is !== 'live' ? told : [];
    expect(result).toEqual({ is, told: news, clone: news, cloneIs: is });
  });

  test('that ended is replaced: the same track lives and sounds again', async () => {
    const result = await page.evaluate(async () => {
      const [first, second, third] = [await tools.received(), await tools.received(), await tools.received()];
      const handle = await percepnet.suppressNoise(first.track, { assets: await tools.assets(), bypass: true });
      const output = tools.heardOf(handle.track);
      await first.end();
      await tools.until(() => output.told.length > 0);
      const ended = output.is();
      await handle.replaceSource(second.track);
      const lives = output.is();
      const samples = await tools.record(new AudioContext(), new MediaStream([handle.track]), 1);
      await third.mute();
      await handle.replaceSource(third.track);
      // No longer of this track.
      await second.end();
      await tools.sleep(500);
      const muted = output.is();
      await handle.replaceSource((await tools.received()).track);
      const unmuted = output.is();
      await handle.destroy();
      return { ended, lives, muted, unmuted, told: output.told, sound: Math.max(...samples) > 0.1 };
    });
    expect(result).toEqual({
      ended: 'ended',
      lives: 'live',
      muted: 'live, muted',
      unmuted: 'live',
      told: ['ended', 'mute', 'unmute'],
      sound: true,
    });
  });
});

describe("the app's context", () => {
  test.for(['before the start', 'during it', 'after it'])('closed %s', async (when) => {
    const result = await page.evaluate(async (when) => {
      const { track } = await tools.received();
      const context = new AudioContext();
      if (when === 'before the start') await context.close();
      const options = { context, assets: { model: '/late.safetensors' } };
      const starts = [
        percepnet.suppressNoise(track, options),
        percepnet.suppressNoise(track, { ...options, fallback: false }),
        percepnet.NoiseSuppressorNode.create(context, { assets: options.assets }),
        percepnet.NoiseSuppressorNode.register(context, options.assets),
      ] as const;
      const codes = Promise.all(starts.slice(1).map((start) => tools.codeOf(start)));
      if (when === 'during it') {
        // The worklet's module is there or nearly so.
        await tools.sleep(300);
        await context.close();
      }
      if (when === 'after it') await fetch('/now');
      const handle = await starts[0];
      if (when !== 'after it') {
        const { error, track: given } = handle;
        await handle.destroy();
        return { untouched: given === track && track.readyState === 'live', code: error?.code, codes: await codes };
      }
      await codes;
      const node = await starts[2];
      const told: string[] = [];
      node.addEventListener('statechange', () => told.push(node.state));
      const output = tools.heardOf(handle.track);
      const clone = tools.heardOf(handle.track.clone());
      const pending = tools.codeOf(node.getStats());
      await context.close();
      const states = [handle.node?.state, node.state];
      await tools.until(() => output.told.length > 0 && told.length > 0);
      const replaced = await tools.codeOf(handle.replaceSource(track));
      await handle.destroy();
      await handle.destroy();
      node.destroy();
      return {
        states,
        told,
        output: [output.is(), ...output.told],
        clone: [clone.is(), ...clone.told],
        answered: ['no error', 'destroyed'].includes(await pending),
        replaced,
        source: track.readyState,
      };
    }, when);
    if (when === 'after it') {
      expect(result).toEqual({
        states: ['destroyed', 'destroyed'],
        told: ['destroyed'],
        output: ['ended', 'ended'],
        clone: ['ended', 'ended'],
        answered: true,
        replaced: 'destroyed',
        source: 'live',
      });
    } else {
      expect(result).toEqual({ untouched: true, code: 'context-closed', codes: Array(3).fill('context-closed') });
    }
  });

  test('suspended and resumed: the track is muted meanwhile', async () => {
    const result = await page.evaluate(async () => {
      const { track } = await tools.received();
      const context = new AudioContext();
      await context.suspend();
      const handle = await percepnet.suppressNoise(track, { context, assets: await tools.assets() });
      const output = tools.heardOf(handle.track);
      const before = output.is();
      await tools.sleep(100);
      await context.resume();
      await tools.until(() => output.told.length > 1);
      const running = output.is();
      await context.suspend();
      await tools.until(() => output.told.length > 2);
      const after = output.is();
      await handle.destroy();
      return { before, running, after, told: output.told, is: output.is(), state: handle.node?.state };
    });
    expect(result).toEqual({
      before: 'live, muted',
      running: 'live',
      after: 'live, muted',
      told: ['mute', 'unmute', 'mute'],
      is: 'ended',
      state: 'destroyed',
    });
  });

  test('running, but for its clock: the track is muted until that goes on', async () => {
    const result = await page.evaluate(async () => {
      const context = new AudioContext();
      const handle = await percepnet.suppressNoise(tools.tone(), { context, assets: await tools.assets() });
      const output = tools.heardOf(handle.track);
      await tools.sleep(1000);
      const before = [...output.told];
      Object.defineProperty(context, 'currentTime', { configurable: true, value: context.currentTime });
      await tools.until(() => output.told.length > 0);
      const still = output.is();
      Reflect.deleteProperty(context, 'currentTime');
      await tools.until(() => output.told.length > 1);
      const goesOn = output.is();
      await handle.destroy();
      return { before, still, goesOn, told: output.told };
    });
    expect(result).toEqual({ before: [], still: 'live, muted', goesOn: 'live', told: ['mute', 'unmute'] });
  });

  test('of the library, closed by the app: the track ends, destroy() resolves, the next start gets another', async () => {
    const result = await page.evaluate(async () => {
      const { track } = await tools.received();
      const assets = await tools.assets();
      const handle = await percepnet.suppressNoise(track, { assets, stopSourceOnDestroy: true });
      const output = tools.heardOf(handle.track);
      const context = handle.node?.context as AudioContext;
      // At once with destroy(), which closes it too.
      const closed = tools.codeOf(context.close());
      const destroyed = await tools.codeOf(handle.destroy());
      const source = track.readyState;
      const next = await percepnet.suppressNoise((await tools.received()).track, { assets });
      const again = [next.node?.state, next.node?.context !== context];
      await (next.node!.context as AudioContext).close();
      await tools.until(() => next.track.readyState === 'ended');
      const late = await tools.codeOf(next.destroy());
      return { is: output.is(), closed: await closed, destroyed, source, again, late };
    });
    expect(result).toEqual({
      is: 'ended',
      closed: 'no error',
      destroyed: 'no error',
      source: 'ended',
      again: ['running', true],
      late: 'no error',
    });
  });
});

describe('a frame that is removed', () => {
  test('takes its context along without an event: the track has ended, all is freed, and a start says why', async () => {
    const result = await page.evaluate(async () => {
      const framed = async () => {
        const frame = document.createElement('iframe');
        frame.srcdoc = '<!doctype html>';
        document.body.append(frame);
        await tools.event(frame, 'load');
        const { AudioContext: Framed } = frame.contentWindow as unknown as typeof globalThis;
        return { frame, context: new Framed() };
      };
      const assets = await tools.assets();
      const { frame, context } = await framed();
      const source = tools.tone();
      const handle = await percepnet.suppressNoise(source, { context, assets, stopSourceOnDestroy: true });
      frame.remove();
      // Its own track is of that frame, too, where events reach nobody any more.
      await tools.until(() => handle.track.readyState === 'ended');
      const after = [handle.node?.state, source.readyState, await tools.codeOf(handle.destroy())];
      const other = await framed();
      const starting = tools.codeOf(
        percepnet.NoiseSuppressorNode.create(other.context, {
          assets: { model: '/late.safetensors' },
          timeoutMs: 1000,
        }),
      );
      other.frame.remove();
      return [...after, await starting];
    });
    expect(result).toEqual(['destroyed', 'ended', 'no error', 'context-closed']);
  });
});

describe('the output track', () => {
  test('is no microphone of its own, by whatever way round: the old one goes on', async () => {
    const result = await page.evaluate(async () => {
      const assets = await tools.assets();
      const first = await percepnet.suppressNoise(tools.tone(), { assets });
      const second = await percepnet.suppressNoise(first.track, { assets });
      const other = await percepnet.suppressNoise(tools.tone(), { assets });
      const { source } = first;
      const told = [];
      for (const track of [first.track, first.track.clone(), second.track, second.track.clone()]) {
        told.push(await tools.codeOf(first.replaceSource(track)));
      }
      const kept = [first.source === source, first.track.readyState, first.track.muted];
      // Of another suppressor it is one.
      told.push(
        await tools.codeOf(second.replaceSource(other.track)),
        await tools.codeOf(first.replaceSource(second.track)),
      );
      for (const handle of [first, second, other]) await handle.destroy();
      return { told, kept };
    });
    expect(result).toEqual({
      told: [...Array(4).fill('invalid-input'), 'no error', 'no error'],
      kept: [true, 'live', false],
    });
  });

  test('is none either by way of another copy of the library', async () => {
    const told = await page.evaluate(async () => {
      // Out of sight of vite, which would put its own import there.
      const copy: typeof percepnet = await new Function("return import('/copy/index.js')")();
      const assets = await tools.assets();
      const first = await percepnet.suppressNoise(tools.tone(), { assets });
      const second = await copy.suppressNoise(first.track, { assets });
      const told = [copy === percepnet, await tools.codeOf(first.replaceSource(second.track)), first.track.readyState];
      for (const handle of [second, first]) await handle.destroy();
      return told;
    });
    expect(told).toEqual([false, 'invalid-input', 'live']);
  });

  test('stopped: so are all microphones that are ours', async () => {
    const result = await page.evaluate(async () => {
      const sources = [tools.tone(), tools.tone(), tools.tone()] as const;
      const assets = await tools.assets();
      const handle = await percepnet.suppressNoise(sources[0], { assets, stopSourceOnDestroy: true });
      await handle.replaceSource(sources[1]);
      await handle.replaceSource(sources[2]);
      const before = sources.map(({ readyState }) => readyState);
      handle.track.stop();
      return [...before, ...sources.map(({ readyState }) => readyState)];
    });
    expect(result).toEqual(['live', 'live', 'live', 'ended', 'ended', 'ended']);
  });

  test('of what only looks like a track is refused', async () => {
    const codes = await page.evaluate(async () => {
      const stand = { kind: 'audio', readyState: 'live' } as MediaStreamTrack;
      const handle = await percepnet.suppressNoise(tools.tone(), { assets: await tools.assets() });
      const codes = [
        await tools.codeOf(percepnet.suppressNoise(stand)),
        await tools.codeOf(handle.replaceSource(stand)),
      ];
      await handle.destroy();
      return codes;
    });
    expect(codes).toEqual(['invalid-input', 'invalid-input']);
  });

  test.for([true, false])('stopped: all is freed; the microphone is stopped where it is ours (%s)', async (owns) => {
    const result = await page.evaluate(async (owns) => {
      const { track } = await tools.received();
      const handle = await percepnet.suppressNoise(track, { assets: await tools.assets(), stopSourceOnDestroy: owns });
      const context = handle.node?.context as AudioContext;
      const output = tools.heardOf(handle.track);
      handle.track.stop();
      await tools.until(() => context.state === 'suspended');
      await tools.sleep(500);
      const freed = [handle.node?.state, context.state, track.readyState];
      await handle.destroy();
      const late = await tools.codeOf(handle.replaceSource((await tools.received()).track));
      const cloned = handle.track.clone().readyState;
      return [...freed, output.is(), ...output.told, late, cloned];
    }, owns);
    // As of any track: who stops it is not told.
    expect(result).toEqual(['destroyed', 'suspended', owns ? 'ended' : 'live', 'ended', 'destroyed', 'ended']);
  });

  test('cloned: the clone sounds until it is stopped itself', async () => {
    const result = await page.evaluate(async () => {
      const { track } = await tools.received();
      const handle = await percepnet.suppressNoise(track, { assets: await tools.assets(), bypass: true });
      const clone = handle.track.clone();
      const [another] = handle.stream.clone().getAudioTracks() as [MediaStreamTrack];
      handle.track.stop();
      clone.stop();
      const first = handle.track.readyState;
      const samples = await tools.record(new AudioContext(), new MediaStream([another]), 1);
      const during = [another.readyState, handle.node?.state, Math.max(...samples) > 0.1];
      another.stop();
      return { first, during, after: [another.readyState, handle.node?.state] };
    });
    expect(result).toEqual({
      first: 'ended',
      during: ['live', 'bypassed', true],
      after: ['ended', 'destroyed'],
    });
  });

  test('whose node is destroyed ends with an event', async () => {
    const result = await page.evaluate(async () => {
      const handle = await percepnet.suppressNoise((await tools.received()).track, { assets: await tools.assets() });
      const output = tools.heardOf(handle.track);
      handle.node?.destroy();
      return [output.is(), ...output.told];
    });
    expect(result).toEqual(['ended', 'ended']);
  });

  test.for(['mono', 'stereo'] as const)('says what is true of the microphone, and of itself (%s)', async (channels) => {
    const result = await page.evaluate(async (channels) => {
      const get = async (audio: MediaTrackConstraints) =>
        (await navigator.mediaDevices.getUserMedia({ audio })).getAudioTracks()[0] as MediaStreamTrack;
      const microphone = await get({ echoCancellation: false, noiseSuppression: false });
      microphone.contentHint = 'speech';
      const context = new AudioContext({ sampleRate: 32000 });
      const handle = await percepnet.suppressNoise(microphone, { context, channels, assets: await tools.assets() });
      const { track } = handle;
      const clone = track.clone();
      const own = ['channelCount', 'sampleRate', 'latency'];
      const compare = (track: MediaStreamTrack, source: MediaStreamTrack) => {
        const settings = track.getSettings() as Record<string, unknown>;
        const given = source.getSettings() as Record<string, unknown>;
        return {
          settings: Object.keys(given).every((key) => own.includes(key) || settings[key] === given[key]),
          device: settings.deviceId !== undefined,
          channelCount: settings.channelCount,
          sampleRate: settings.sampleRate,
          delay: Math.round(((settings.latency as number) - (given.latency as number) - handle.node!.latency) * 1e6),
          label: track.label === source.label && track.label !== '',
          hint: track.contentHint,
          constraints: JSON.stringify(track.getConstraints()) === JSON.stringify(source.getConstraints()),
          capabilities: JSON.stringify(track.getCapabilities()) === JSON.stringify(source.getCapabilities()),
        };
      };
      const results = [compare(track, microphone), compare(clone, microphone)];
      await track.applyConstraints({ echoCancellation: true });
      const forwarded = [microphone, track, clone].map((track) => track.getConstraints().echoCancellation);
      clone.contentHint = 'music';
      const second = await get({ autoGainControl: false });
      await handle.replaceSource(second);
      results.push(compare(track, second));
      const hints = [track.contentHint, clone.contentHint];
      const refused = await track.applyConstraints({ deviceId: { exact: 'none' } }).catch((error) => error.name);
      await handle.destroy();
      return { results, forwarded, hints, refused };
    }, channels);
    const truth = {
      settings: true,
      device: true,
      channelCount: channels === 'mono' ? 1 : 2,
      sampleRate: 32000,
      delay: 0,
      label: true,
      constraints: true,
      capabilities: true,
    };
    expect(result).toEqual({
      results: [
        { ...truth, hint: 'speech' },
        { ...truth, hint: 'speech' },
        { ...truth, hint: '' },
      ],
      forwarded: [true, true, true],
      hints: ['', 'music'],
      refused: 'OverconstrainedError',
    });
  });
});

const reason = absent('Firefox');
describe.skipIf(reason)(reason ? `Firefox (skipped: ${reason})` : 'Firefox', () => {
  test('tells of a source that ended or is disabled, of a suspended and a closed context', {
    timeout: 300_000,
  }, async () => {
    const engine = await launch('Firefox');
    try {
      const tab = await engine.open(site.origin);
      const result = await tab.evaluate(async () => {
        while (!('tools' in globalThis)) await new Promise((resolve) => setTimeout(resolve, 50));
        const context = new AudioContext();
        const source = await tools.received();
        const handle = await percepnet.suppressNoise(source.track, { context, assets: await tools.assets() });
        const output = tools.heardOf(handle.track);
        const handlers: string[] = [];
        handle.track.onended = () => handlers.push('ended');
        source.track.enabled = false;
        await tools.until(() => output.told.length > 0);
        source.track.enabled = true;
        await tools.until(() => output.told.length > 1);
        await context.suspend();
        await tools.until(() => output.told.length > 2);
        await context.resume();
        await tools.until(() => output.told.length > 3);
        await source.end();
        await tools.until(() => output.told.length > 4);
        const ended = output.is();
        await handle.replaceSource(tools.tone());
        const lives = output.is();
        const clone = tools.heardOf(handle.track.clone());
        await context.close();
        await tools.until(() => clone.told.length > 0);
        await handle.destroy();
        return {
          told: output.told,
          handlers,
          ended,
          lives,
          is: output.is(),
          clone: clone.told,
          state: handle.node?.state,
        };
      }, null);
      expect(result).toEqual({
        told: ['mute', 'unmute', 'mute', 'unmute', 'ended', 'ended'],
        handlers: ['ended', 'ended'],
        ended: 'ended',
        lives: 'live',
        is: 'ended',
        clone: ['ended'],
        state: 'destroyed',
      });
    } finally {
      await engine.close();
    }
  });
});
