/** Other doors than the microphone's node, in a page: denoiseStream(), a worker between two tracks, what others send. */
import { resolve } from 'node:path';
import { type BuildOptions, build } from 'esbuild';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type * as Insertable from '../../examples/insertable/insertable';
import type * as Incoming from '../../examples/recipes/incoming';
import type * as Offline from '../../src/entries/offline';
import { BUILD, launchChromium, openPage, type Site, serve } from '../helpers/browser';

declare global {
  var doors: typeof Insertable & typeof Incoming & { offline: typeof Offline };
}

let browser: Browser;
let site: Site;
let page: Page;

/** A module next to the files of the library, with the library in it. */
async function bundle(name: string, source: Pick<BuildOptions, 'stdin' | 'entryPoints'>): Promise<void> {
  await build({
    ...source,
    bundle: true,
    format: 'esm',
    target: 'es2022',
    alias: {
      'percepnet-wasm': resolve(BUILD, 'index.js'),
      'percepnet-wasm/offline': resolve(BUILD, 'offline.js'),
    },
    outfile: `${BUILD}/${name}.js`,
    logLevel: 'error',
  });
}

beforeAll(async () => {
  const contents = `import * as insertable from './examples/insertable/insertable';
     import * as incoming from './examples/recipes/incoming';
     import * as offline from 'percepnet-wasm/offline';
     globalThis.doors = { ...insertable, ...incoming, offline };`;
  await bundle('doors-page', { stdin: { contents, resolveDir: process.cwd() } });
  await bundle('doors-worker', { entryPoints: ['examples/insertable/worker.ts'] });
  site = await serve();
  browser = await launchChromium();
  page = await openPage(browser, site);
  await page.addScriptTag({ url: '/dist/doors-page.js', type: 'module' });
  await page.waitForFunction(() => 'doors' in globalThis);
});

afterAll(async () => {
  await browser?.close();
  await site?.close();
});

test('denoiseStream() in a page: in step, and given up by a cancel', async () => {
  const result = await page.evaluate(async () => {
    const { denoise, denoiseStream } = doors.offline;
    const sampleRate = 16_000;
    const sound = tools.noise(20_000);
    const parts: number[] = [];
    const source = new ReadableStream<Float32Array>({
      start(controller) {
        for (let at = 0; at < sound.length; at += 777) controller.enqueue(sound.subarray(at, at + 777));
        controller.close();
      },
    });
    const sink = new WritableStream<Offline.Chunk>({ write: (chunk) => void parts.push(...(chunk as Float32Array)) });
    await source.pipeThrough(denoiseStream({ sampleRate })).pipeTo(sink);
    const expected = await denoise(sound, { sampleRate });
    // A core has room for 64 channels: more are opened here than that, one after the other.
    let cores = 0;
    const { Instance } = WebAssembly;
    WebAssembly.Instance = new Proxy(Instance, {
      construct(target, given: [WebAssembly.Module]) {
        cores++;
        return new target(...given);
      },
    });
    const keeper = await doors.offline.Denoiser.create({ sampleRate });
    for (let k = 0; k < 130; k++) {
      const stream = denoiseStream({ sampleRate });
      const writer = stream.writable.getWriter();
      await writer.ready;
      if (k % 2) await stream.readable.cancel();
      else await writer.abort();
    }
    keeper.destroy();
    WebAssembly.Instance = Instance;
    return { length: parts.length, differing: expected.filter((x, n) => x !== parts[n]).length, cores };
  });
  expect(result).toEqual({ length: 20_000, differing: 0, cores: 1 });
});

test('examples/insertable: a track through a worker loses no sample, is without its noise, and ends with its source', async () => {
  const result = await page.evaluate(async () => {
    const { suppressInWorker } = doors;
    interface Reader {
      readable: ReadableStream<AudioData>;
    }
    const Processor = (globalThis as unknown as { MediaStreamTrackProcessor: new (init: object) => Reader })
      .MediaStreamTrackProcessor;
    const hear = async (track: MediaStreamTrack, seconds: number): Promise<Float32Array> => {
      const reader = new Processor({ track }).readable.getReader();
      const samples: number[] = [];
      for (let rate = 48_000; samples.length < seconds * rate; ) {
        const { value, done } = await reader.read();
        if (done) break;
        rate = value.sampleRate;
        const plane = new Float32Array(value.numberOfFrames);
        value.copyTo(plane, { planeIndex: 0, format: 'f32-planar' });
        samples.push(...plane);
        value.close();
      }
      return Float32Array.from(samples);
    };
    const worker = (): Worker => new Worker('/dist/doors-worker.js', { type: 'module' });
    const context = new AudioContext({ sampleRate: 48_000 });
    const play = (source: AudioScheduledSourceNode): MediaStreamTrack => {
      const out = new MediaStreamAudioDestinationNode(context, { channelCount: 1 });
      source.connect(out);
      source.start();
      return out.stream.getAudioTracks()[0]!;
    };
    const tone = play(new OscillatorNode(context, { frequency: 440 }));
    const [first, second] = [worker(), worker()];
    const heard = await hear(suppressInWorker(tone, first, { strength: 0 }), 1.5);
    // Of a sine, x[n+1] + x[n-1] = 2 cos(w) x[n]: a sample too many or too few would show.
    const turn = 2 * Math.cos((2 * Math.PI * 440) / 48_000);
    let worst = 0;
    for (let n = 48_000; n < heard.length - 1; n++)
      worst = Math.max(worst, Math.abs(heard[n + 1]! + heard[n - 1]! - turn * heard[n]!));
    const buffer = new AudioBuffer({ length: 48_000, sampleRate: 48_000 });
    buffer.copyToChannel(tools.noise(48_000) as Float32Array<ArrayBuffer>, 0);
    const rain = play(new AudioBufferSourceNode(context, { buffer, loop: true }));
    const clean = suppressInWorker(rain, second);
    const quiet = await hear(clean, 2.5);
    const level = (x: Float32Array): number => 10 * Math.log10(x.reduce((sum, v) => sum + v * v, 0) / x.length);
    const ended = tools.event(clean, 'ended');
    rain.stop();
    await ended;
    first.terminate();
    second.terminate();
    await context.close();
    return {
      worst,
      loud: Math.max(...heard.subarray(48_000)),
      removed: level(tools.noise(48_000)) - level(quiet.subarray(-48_000)),
      state: clean.readyState,
    };
  });
  expect(result.worst).toBeLessThan(1e-3);
  expect(result.loud).toBeGreaterThan(0.5);
  expect(result.removed).toBeGreaterThan(15);
  expect(result.state).toBe('ended');
});

test('examples/insertable says so where the browser has no such track', async () => {
  const told = await page.evaluate(() => {
    const there = doors.isSupported();
    const name = 'MediaStreamTrackGenerator';
    const kept = Object.getOwnPropertyDescriptor(globalThis, name)!;
    delete (globalThis as Record<string, unknown>)[name];
    try {
      doors.suppressInWorker(tools.tone(), {} as Worker);
      return 'taken';
    } catch (error) {
      return `${there} ${doors.isSupported()} ${(error as Error).message}`;
    } finally {
      Object.defineProperty(globalThis, name, kept);
    }
  });
  expect(told).toMatch(/^true false .*use suppressNoise\(track\)/);
});

test('examples/recipes/incoming.ts: what participants send is heard without its noise, a node for each in one context', async () => {
  const result = await page.evaluate(async () => {
    const [here, there] = [new RTCPeerConnection(), new RTCPeerConnection()];
    here.onicecandidate = ({ candidate }) => void there.addIceCandidate(candidate ?? undefined);
    there.onicecandidate = ({ candidate }) => void here.addIceCandidate(candidate ?? undefined);
    const remote: MediaStreamTrack[] = [];
    there.ontrack = ({ track }) => void remote.push(track);
    const context = new AudioContext();
    const sources = [0, 1].map(() => {
      const out = new MediaStreamAudioDestinationNode(context);
      const oscillator = new OscillatorNode(context, { frequency: 440 });
      oscillator.connect(out);
      oscillator.start();
      return out.stream;
    });
    for (const stream of sources) here.addTrack(stream.getAudioTracks()[0]!, stream);
    await here.setLocalDescription();
    await there.setRemoteDescription(here.localDescription!);
    await there.setLocalDescription();
    await here.setRemoteDescription(there.localDescription!);
    const participants = new doors.CleanParticipants({ strength: 0 });
    const clean = await Promise.all(remote.map((track, k) => participants.add(String(k), track)));
    const levels = await Promise.all(
      clean.map(async ({ stream }) => {
        const analyser = new AnalyserNode(context, { fftSize: 2048 });
        new MediaStreamAudioSourceNode(context, { mediaStream: stream }).connect(analyser);
        const samples = new Float32Array(2048);
        const end = performance.now() + 20_000;
        for (;;) {
          analyser.getFloatTimeDomainData(samples);
          const level = Math.max(...samples);
          if (level > 0.1 || performance.now() > end) return level;
          await new Promise((resolve) => setTimeout(resolve, 50));
        }
      }),
    );
    const contexts = new Set(clean.map(({ node }) => node?.context));
    await participants.setOriginalSound('0', true);
    const bypass = clean.map(({ node }) => node?.bypass);
    await Promise.all([participants.remove('0'), participants.remove('1'), participants.remove('nobody')]);
    const states = clean.map(({ node }) => node?.state);
    here.close();
    there.close();
    await context.close();
    return { levels, contexts: contexts.size, bypass, states, errors: clean.map(({ error }) => error?.message) };
  });
  for (const level of result.levels) expect(level).toBeGreaterThan(0.1);
  expect(result).toMatchObject({
    contexts: 1,
    bypass: [true, false],
    states: ['destroyed', 'destroyed'],
    errors: [undefined, undefined],
  });
});
