/** Any subject in an audio worklet of an offline context, where it runs as fast as it can. */
import { NoiseSuppressorNode } from 'percepnet-wasm';
import { testSignal } from './signal';
import { fetchBytes, processorOptions, type Subject } from './subjects';

const RATE = 48000;
/** Samples of a render quantum. */
const QUANTUM = 128;
/** Rendered before anything is measured: compiling and optimising. */
const WARM_UP_SECONDS = 2;
/** Of the signal, which is looped. */
const SIGNAL_SECONDS = 10;
/** What a subject that compiles asynchronously in its worklet gets before rendering starts. */
const SETTLE_MS = 300;

let signal: Float32Array<ArrayBuffer> | undefined;

/** The subject's node, as its package says it is to be made. */
export async function createNode(context: BaseAudioContext, subject: Subject): Promise<AudioWorkletNode> {
  const mono: AudioWorkletNodeOptions = {
    numberOfInputs: 1,
    numberOfOutputs: 1,
    outputChannelCount: [1],
    channelCount: 1,
    channelCountMode: 'explicit',
  };
  if (subject.kind === 'percepnet') {
    return NoiseSuppressorNode.create(context, {
      assets: { wasm: subject.wasm, model: subject.model },
      overload: 'report',
    });
  }
  await context.audioWorklet.addModule(subject.worklet);
  const options = await processorOptions(subject, fetchBytes);
  return new AudioWorkletNode(context, subject.processor ?? '', { ...mono, processorOptions: options });
}

export interface Rendering {
  /** Renders the warm-up; resolves where measuring begins. */
  warmUp(): Promise<void>;
  /** Renders the rest. Returns wall time in seconds, and the seconds of audio it covers. */
  finish(): Promise<{ wall: number; audio: number }>;
}

/**
 * A subject ready to render `seconds` of audio on top of the warm-up. An offline context has no end but its last sample: an abort of the
 * signal takes the subject out of the graph, and the rest is rendered in no time.
 */
export async function prepare(subject: Subject, seconds: number, signal?: AbortSignal): Promise<Rendering> {
  const start = (Math.ceil((WARM_UP_SECONDS * RATE) / QUANTUM) * QUANTUM) / RATE;
  const context = new OfflineAudioContext(1, Math.round((start + seconds) * RATE), RATE);
  const node = await createNode(context, subject);
  source(context).connect(node).connect(context.destination);
  signal?.addEventListener('abort', () => node.disconnect());
  await new Promise((resolve) => setTimeout(resolve, SETTLE_MS));
  signal?.throwIfAborted();
  // Firefox cannot suspend an offline context: the warm-up counts there.
  const canSuspend = typeof context.suspend === 'function';
  let began = 0;
  let rendered: Promise<AudioBuffer>;
  return {
    async warmUp() {
      const paused = canSuspend ? context.suspend(start) : Promise.resolve();
      began = performance.now();
      rendered = context.startRendering();
      await paused;
    },
    async finish() {
      if (canSuspend) {
        began = performance.now();
        await context.resume();
      }
      const output = (await rendered).getChannelData(0).subarray(Math.round(start * RATE));
      const wall = (performance.now() - began) / 1000;
      signal?.throwIfAborted();
      if (silent(output)) throw new Error(`${subject.label} (${subject.package}) gave only silence`);
      if (node instanceof NoiseSuppressorNode) node.destroy();
      return { wall, audio: canSuspend ? seconds : start + seconds };
    },
  };
}

/** A looped source of the test signal, started. */
export function source(context: BaseAudioContext): AudioBufferSourceNode {
  signal ??= testSignal(SIGNAL_SECONDS, RATE);
  const buffer = new AudioBuffer({ length: signal.length, numberOfChannels: 1, sampleRate: RATE });
  buffer.copyToChannel(signal, 0);
  const node = new AudioBufferSourceNode(context, { buffer, loop: true });
  node.start();
  return node;
}

function silent(samples: Float32Array): boolean {
  for (let i = 0; i < samples.length; i += 97) if (samples[i] !== 0) return false;
  return true;
}
