/**
 * What is tried in each browser: a question, how to answer it, and the answer that is known. When a browser learns something,
 * or forgets it, its test fails and the table of docs/browsers.md is made anew with `npm run browsers`.
 */
import type * as Offline from '../../src/entries/offline';
import { OLD_CHROMIUM } from '../helpers/browser';
import type { EngineName, Tab } from './engines';

export interface Ability {
  readonly name: string;
  /** 'yes', or in a few words what happens instead. */
  run(tab: Tab): Promise<string>;
  /** The page it runs on; default the empty page with the library. */
  readonly page?: string;
  /** Answers that are not 'yes'. */
  readonly known?: Partial<Record<EngineName, string>>;
  /** What an old version (OLD) may answer as well. */
  readonly old?: Partial<Record<EngineName, string>>;
}

/** Major versions below which a browser is old: what Debian packages lies on both sides. */
export const OLD: Partial<Record<EngineName, number>> = { Chromium: OLD_CHROMIUM, Firefox: 153 };

/** What an app needs. */
export const ABILITIES: readonly Ability[] = [
  {
    name: '`NoiseSuppressorNode.create()` in a live context',
    run: (tab) =>
      tab.evaluate(async () => {
        const context = new AudioContext();
        await context.resume();
        const node = await percepnet.NoiseSuppressorNode.create(context, { assets: await tools.assets() });
        const { framesProcessed } = await node.getStats();
        const { state } = node;
        await context.close();
        return state === 'running' && framesProcessed > 0 ? 'yes' : `${state}, ${framesProcessed} frames`;
      }, null),
  },
  {
    name: 'the same in an offline context; strength 0 is the delayed input bit for bit',
    run: (tab) =>
      tab.evaluate(async () => {
        const input = tools.noise(48000);
        const { output, delay } = await tools.offline({ rate: 48000, input: [input], options: { strength: 0 } });
        const { differing } = tools.compareDelayed(output[0], input, Math.round(delay));
        return differing === 0 ? 'yes' : `${differing} samples differ`;
      }, null),
  },
  {
    name: 'live contexts of 16, 44.1 and 96 kHz',
    run: (tab) =>
      tab.evaluate(async () => {
        for (const sampleRate of [16000, 44100, 96000]) {
          const context = new AudioContext({ sampleRate });
          await context.resume();
          const node = await percepnet.NoiseSuppressorNode.create(context, { assets: await tools.assets() });
          const { state } = node;
          await context.close();
          if (state !== 'running') return `${state} at ${sampleRate} Hz`;
        }
        return 'yes';
      }, null),
  },
  {
    name: 'stereo in, stereo out, identical sides stay identical',
    run: (tab) =>
      tab.evaluate(async () => {
        const side = tools.noise(24000, 3);
        const { output } = await tools.offline({ rate: 48000, input: [side, side], options: { channels: 'stereo' } });
        const { differing } = tools.compareDelayed(output[0], output[1], 0);
        return differing === 0 && output[0].some((x) => x !== 0) ? 'yes' : `${differing} samples differ`;
      }, null),
  },
  {
    name: '`suppressNoise()` on a microphone track',
    run: (tab) =>
      tab.evaluate(async () => {
        const stream = await navigator.mediaDevices.getUserMedia({ audio: percepnet.recommendedConstraints() });
        const handle = await percepnet.suppressNoise(stream.getAudioTracks()[0], {
          assets: await tools.assets(),
          strength: 0,
          fallback: false,
        });
        const samples = await tools.record(handle.node!.context as AudioContext, handle.stream, 3);
        const level = Math.sqrt(samples.reduce((sum, x) => sum + x * x, 0) / samples.length);
        await handle.destroy();
        for (const track of stream.getTracks()) track.stop();
        return level > 1e-4 ? 'yes' : 'silent';
      }, null),
  },
  {
    name: 'a call: the suppressed track arrives over `RTCPeerConnection`',
    run: (tab) =>
      tab.evaluate(async () => {
        if (typeof RTCPeerConnection !== 'function') return 'no RTCPeerConnection';
        const context = new AudioContext();
        await context.resume();
        const tone = new OscillatorNode(context, { frequency: 440 });
        const source = new MediaStreamAudioDestinationNode(context);
        tone.connect(source);
        tone.start();
        const handle = await percepnet.suppressNoise(source.stream.getAudioTracks()[0], {
          context,
          assets: await tools.assets(),
          strength: 0,
          fallback: false,
        });
        const far = await tools.loopBack(handle.track);
        const samples = (await tools.record(context, far, 3)).slice(-context.sampleRate);
        const level = Math.sqrt(samples.reduce((sum, x) => sum + x * x, 0) / samples.length);
        await handle.destroy();
        await context.close();
        return level > 0.1 ? 'yes' : `level ${level.toFixed(4)}`;
      }, null),
    known: { WebKitGTK: 'no RTCPeerConnection' },
  },
  {
    name: '`denoise()` in a worker gives the samples that Node gives',
    run: (tab) =>
      tab.evaluate(async () => {
        const script = `
          import { denoise } from '${location.origin}/dist/offline.js';
          onmessage = async ({ data }) => {
            try {
              const output = await denoise(data.input, { sampleRate: 48000, assets: { model: data.model } });
              postMessage(Array.from(new Uint8Array(await crypto.subtle.digest('SHA-256', output.buffer))));
            } catch (error) { postMessage(String(error)); }
          };`;
        const url = URL.createObjectURL(new Blob([script], { type: 'text/javascript' }));
        const worker = new Worker(url, { type: 'module' });
        const { model } = await tools.assets();
        const answer = new Promise<string | number[]>((resolve) => {
          worker.onmessage = ({ data }) => resolve(data);
          worker.onerror = (event) => resolve(`the worker failed: ${event.message}`);
        });
        worker.postMessage({ input: tools.noise(48000, 9), model: new URL(String(model), location.href).href });
        const digest = await answer;
        worker.terminate();
        return typeof digest === 'string' ? digest : digest.map((byte) => byte.toString(16).padStart(2, '0')).join('');
      }, null),
  },
  {
    name: '`denoiseStream()` of 16 kHz PCM, and a `Denoiser` in chunks, give what `denoise()` gives',
    run: (tab) =>
      tab.evaluate(async () => {
        // Not import(), which the runner of the tests makes its own.
        const load = new Function('return import("/dist/offline.js")');
        const { Denoiser, denoise, denoiseStream }: typeof Offline = await load();
        const { model } = await tools.assets();
        const options = { sampleRate: 16000, assets: { model: new URL(String(model), location.href) } };
        const pcm = Int16Array.from(tools.noise(16000, 9), (sample) => 16384 * sample);
        const whole = await denoise(
          Float32Array.from(pcm, (sample) => sample / 32768),
          options,
        );
        const denoiser = await Denoiser.create(options);
        const chunks: number[] = [];
        for (let at = 0; at < pcm.length; at += 333) chunks.push(...denoiser.process(pcm.slice(at, at + 333)));
        chunks.push(...denoiser.flush<Int16Array>());
        denoiser.destroy();
        const parts = new ReadableStream<Uint8Array>({
          start(controller) {
            for (let at = 0; at < 32000; at += 1001)
              controller.enqueue(new Uint8Array(pcm.buffer).slice(at, at + 1001));
            controller.close();
          },
        });
        const bytes = await new Response(
          parts.pipeThrough(denoiseStream({ ...options, format: 's16le' })) as ReadableStream<Uint8Array<ArrayBuffer>>,
        ).arrayBuffer();
        const streamed = new Int16Array(bytes);
        const near = (sample: number, n: number): boolean => Math.abs(sample - 32768 * whole[n]!) <= 1;
        const same =
          streamed.length === 16000 && streamed.every((sample, n) => sample === chunks[n] && near(sample, n));
        return same ? 'yes' : `${whole.length}, ${chunks.length} and ${streamed.length} samples, not the same`;
      }, null),
  },
  {
    name: "microphone page under `script-src 'self' 'wasm-unsafe-eval'`",
    page: '/microphone/',
    run: (tab) =>
      tab.evaluate(async () => {
        for (let tries = 0; tries < 300; tries++) {
          const state = document.getElementById('state')?.textContent;
          if (state === 'Running') return 'yes';
          // The first one may come before the script.
          if (state === 'Stopped' && tries % 10 === 0) document.getElementById('start')?.click();
          await new Promise((resolve) => setTimeout(resolve, 200));
        }
        return `${document.getElementById('live-problem')?.textContent || document.getElementById('state')?.textContent}`;
      }, null),
  },
  {
    name: 'call page',
    page: '/call/',
    run: (tab) =>
      tab.evaluate(async () => {
        if (typeof RTCPeerConnection !== 'function') return 'no RTCPeerConnection';
        for (let tries = 0; tries < 300; tries++) {
          const state = document.getElementById('state')?.textContent;
          if (state === 'No call' && tries % 10 === 0) document.getElementById('start')?.click();
          const codec = document.getElementById('codec')?.textContent ?? '';
          const level = document.getElementById('level-with-value')?.textContent ?? '';
          if (codec.includes('opus') && level.endsWith('dB')) return 'yes';
          await new Promise((resolve) => setTimeout(resolve, 200));
        }
        return `${document.getElementById('problem')?.textContent || document.getElementById('state')?.textContent}`;
      }, null),
    known: { WebKitGTK: 'no RTCPeerConnection' },
  },
  {
    name: 'file page',
    page: '/file/',
    run: (tab) =>
      tab.evaluate(async () => {
        for (let tries = 0; tries < 600; tries++) {
          const state = document.getElementById('state')?.textContent;
          if (state === 'No file' && tries % 10 === 0) document.getElementById('example')?.click();
          if (document.getElementById('result')?.hidden === false) return 'yes';
          await new Promise((resolve) => setTimeout(resolve, 200));
        }
        return `${document.getElementById('problem')?.textContent || document.getElementById('state')?.textContent}`;
      }, null),
  },
  {
    name: 'article page',
    page: '/article/',
    run: (tab) =>
      tab.evaluate(async () => {
        for (let tries = 0; tries < 600; tries++) {
          const state = document.getElementById('state')?.textContent;
          if (state === 'Ready') return 'yes';
          await new Promise((resolve) => setTimeout(resolve, 200));
        }
        return `${document.getElementById('problem')?.textContent || document.getElementById('state')?.textContent}`;
      }, null),
  },
];

/** What differs, and does no harm. */
export const DIFFERENCES: readonly Ability[] = [
  {
    name: 'relaxed SIMD, so the faster core',
    run: (tab) =>
      tab.evaluate(async () => {
        const context = new AudioContext();
        await context.resume();
        const node = await percepnet.NoiseSuppressorNode.create(context, { assets: await tools.assets() });
        const { relaxedSimd } = await node.getStats();
        await context.close();
        return relaxedSimd ? 'yes' : 'no';
      }, null),
    known: { WebKitGTK: 'no' },
    old: { Firefox: 'no' },
  },
  {
    name: '`renderSizeHint: 480`: delay at 48 kHz',
    run: (tab) =>
      tab.evaluate(async () => {
        const { node } = await tools.offline({ rate: 48000, input: [tools.noise(4800)], quantum: 480 });
        return `${(node.latency * 1000).toFixed(1)} ms`;
      }, null),
    known: { Chromium: '30.0 ms', Firefox: '39.3 ms', WebKitGTK: '39.3 ms' },
    old: { Chromium: '39.3 ms' },
  },
  {
    name: 'a microphone in a context of another rate',
    run: (tab) =>
      tab.evaluate(async () => {
        const stream = await navigator.mediaDevices.getUserMedia({ audio: true });
        const context = new AudioContext({ sampleRate: 16000 });
        try {
          new MediaStreamAudioSourceNode(context, { mediaStream: stream });
          return 'yes';
        } catch (error) {
          return (error as DOMException).name;
        } finally {
          for (const track of stream.getTracks()) track.stop();
          await context.close();
        }
      }, null),
    old: { Firefox: 'NotSupportedError' },
  },
  {
    name: 'a compiled module sent to a worklet arrives (the library sends bytes)',
    old: { Chromium: 'messageerror' },
    run: (tab) =>
      tab.evaluate(async () => {
        const context = new AudioContext();
        await context.resume();
        await tools.inScope(
          context,
          `registerProcessor('module-taker', class extends AudioWorkletProcessor {
             constructor() {
               super();
               this.port.onmessage = ({ data }) => this.port.postMessage(data instanceof WebAssembly.Module ? 'yes' : 'something else');
               this.port.onmessageerror = () => this.port.postMessage('messageerror');
             }
             process() { return true; }
           });`,
        );
        const node = new AudioWorkletNode(context, 'module-taker');
        node.connect(context.destination);
        const answer = tools.answerOf(node, 'lost');
        const header = Uint8Array.of(0, 97, 115, 109, 1, 0, 0, 0);
        let sent = '';
        try {
          node.port.postMessage(new WebAssembly.Module(header));
        } catch (error) {
          sent = (error as DOMException).name;
        }
        const result = sent || (await answer);
        await context.close();
        return result;
      }, null),
  },
];

/** Each is the reason of a work-around in the library, which goes when the last browser has learnt it. */
export const QUIRKS: readonly (Ability & { readonly workAround: string })[] = [
  {
    name: 'the audio thread has `performance.now()`',
    known: { Chromium: 'no', Firefox: 'no', WebKitGTK: 'no' },
    workAround: '`worklet/overload.ts` sums `Date.now()` over windows of 1 s',
    run: (tab) =>
      tab.evaluate(async () => {
        const context = new AudioContext();
        await context.resume();
        await tools.inScope(
          context,
          `registerProcessor('clock', class extends AudioWorkletProcessor {
             constructor() { super(); this.port.postMessage(typeof globalThis.performance?.now === 'function' ? 'yes' : 'no'); }
             process() { return false; }
           });`,
        );
        const node = new AudioWorkletNode(context, 'clock');
        const answer = await tools.answerOf(node, 'no answer');
        await context.close();
        return answer;
      }, null),
  },
  {
    name: 'a processor that threw lets its input through',
    known: { Chromium: 'no: silence', Firefox: 'no: silence', WebKitGTK: 'no: silence' },
    workAround:
      '`worklet/processor.ts` catches what the core throws; `src/graph/track.ts` leads the microphone around a dead node',
    run: (tab) =>
      tab.evaluate(async () => {
        const context = new OfflineAudioContext(1, 24000, 48000);
        await tools.inScope(
          context,
          `registerProcessor('thrower', class extends AudioWorkletProcessor {
             process([input], [output]) {
               if (currentFrame > 4800) throw new Error('on purpose');
               if (input[0]) output[0].set(input[0]);
               return true;
             }
           });`,
        );
        const source = new ConstantSourceNode(context, { offset: 0.5 });
        source.connect(new AudioWorkletNode(context, 'thrower')).connect(context.destination);
        source.start();
        const output = (await context.startRendering()).getChannelData(0);
        if (output[2400] !== 0.5) return 'silent from the start';
        return output[20000] === 0 ? 'no: silence' : 'yes';
      }, null),
  },
  {
    name: 'a processor that threw fires `processorerror`',
    known: { Chromium: 'no: `error`' },
    workAround: '`src/graph/node.ts` takes an `ErrorEvent` named `error` for it',
    run: (tab) =>
      tab.evaluate(async () => {
        const context = new AudioContext();
        await context.resume();
        await tools.inScope(
          context,
          `registerProcessor('failure', class extends AudioWorkletProcessor { process() { throw new Error('on purpose'); } });`,
        );
        const node = new AudioWorkletNode(context, 'failure');
        const answer = new Promise<string>((resolve) => {
          node.addEventListener('processorerror', () => resolve('yes'));
          node.addEventListener('error', () => resolve('no: `error`'));
          setTimeout(resolve, 5000, 'no event');
        });
        node.connect(context.destination);
        const result = await answer;
        await context.close();
        return result;
      }, null),
  },
  {
    name: 'a node whose output leads to no destination runs',
    known: { Chromium: 'no', WebKitGTK: 'no' },
    workAround: '`src/graph/node.ts` pulls a new node through a silent gain until its first frame',
    run: (tab) =>
      tab.evaluate(async () => {
        const context = new AudioContext();
        await context.resume();
        await tools.inScope(
          context,
          `registerProcessor('lonely', class extends AudioWorkletProcessor {
             process() { if (!this.told) { this.told = true; this.port.postMessage('yes'); } return true; }
           });`,
        );
        const node = new AudioWorkletNode(context, 'lonely');
        // As an app does that builds its graph from the front.
        node.connect(new GainNode(context));
        const answer = await tools.answerOf(node, 'no');
        await context.close();
        return answer;
      }, null),
  },
  {
    name: 'an event that a script sends to a track is heard by its listeners',
    known: { Firefox: 'no' },
    workAround:
      '`src/graph/output-track.ts` adds those of its tracks with the argument of Firefox that asks for untrusted events',
    run: (tab) =>
      tab.evaluate(async () => {
        const context = new AudioContext();
        const [track] = new MediaStreamAudioDestinationNode(context).stream.getAudioTracks();
        let heard = 'no';
        track.addEventListener('mute', () => {
          heard = 'yes';
        });
        track.dispatchEvent(new Event('mute'));
        await context.close();
        return heard;
      }, null),
  },
  {
    name: 'a remote track is heard in Web Audio without an element that plays it',
    known: { Chromium: 'no: silence', WebKitGTK: 'no RTCPeerConnection' },
    workAround: '`examples/call/peers.ts` plays each into a muted element',
    // One element that plays any remote track is enough for the whole page, so it has to be a page that never had one.
    page: '/microphone/',
    run: (tab) =>
      tab.evaluate(async () => {
        if (typeof RTCPeerConnection !== 'function') return 'no RTCPeerConnection';
        const context = new AudioContext();
        await context.resume();
        const tone = new OscillatorNode(context);
        const source = new MediaStreamAudioDestinationNode(context);
        tone.connect(source);
        tone.start();
        const [near, far] = [new RTCPeerConnection(), new RTCPeerConnection()];
        near.onicecandidate = ({ candidate }) => candidate && far.addIceCandidate(candidate);
        far.onicecandidate = ({ candidate }) => candidate && near.addIceCandidate(candidate);
        near.addTrack(source.stream.getAudioTracks()[0]);
        await near.setLocalDescription();
        await far.setRemoteDescription(near.localDescription!);
        await far.setLocalDescription();
        await near.setRemoteDescription(far.localDescription!);
        const mediaStream = new MediaStream([far.getReceivers()[0].track]);
        const analyser = new AnalyserNode(context);
        new MediaStreamAudioSourceNode(context, { mediaStream }).connect(analyser).connect(context.destination);
        const samples = new Float32Array(analyser.fftSize);
        const heardWithin = async (seconds: number): Promise<boolean> => {
          for (let tries = 0; tries < 20 * seconds; tries++) {
            await new Promise((resolve) => setTimeout(resolve, 50));
            analyser.getFloatTimeDomainData(samples);
            if (samples.some((x) => Math.abs(x) > 0.01)) return true;
          }
          return false;
        };
        const without = await heardWithin(6);
        const element = new Audio();
        element.muted = true;
        element.srcObject = mediaStream;
        await element.play();
        const withElement = without || (await heardWithin(30));
        near.close();
        far.close();
        await context.close();
        if (without) return 'yes';
        return withElement ? 'no: silence' : 'no: silence even with one';
      }, null),
  },
];
