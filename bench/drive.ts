/**
 * Any subject's processor without Web Audio, block by block under a fine clock: worklets have none. The scope of an audio worklet
 * is played by globals, so it runs in a worker of a page and in Node alike, one subject per worker or process.
 */

import { parseModel } from '../src/core/model';
import type { ProcessorOptions } from '../src/graph/messages';
import { testSignal } from './signal';
import { median } from './statistics';
import { processorOptions, type Subject } from './subjects';

const RATE = 48000;
const QUANTUM = 128;
/** Callbacks after which frames and quanta are in step again: 4 frames of 480 samples. */
const PERIOD = 15;
const FRAMES_PER_PERIOD = 4;
const WARM_UP_PERIODS = 100;
/** For subjects that compile asynchronously. */
const SETTLE_MS = 500;
const SIGNAL_SECONDS = 10;
/** 32 MB, more than the last cache of most machines has for one core, and how many rounds pay for it. */
const EVICTION_WORDS = 4_000_000;
const COLD_PERIODS = 3;

export interface Driven {
  /** Mean of all callbacks of 10 ms. */
  usPer10ms: number;
  /** The busiest of the 15 callbacks after which quanta and frames are in step again, by its median over all rounds. */
  peakCallbackUs: number;
  /** The same with the caches full of something else before each callback. */
  peakCallbackColdUs: number;
  wasmMemoryBytes: number;
  /** From the processor's constructor until the first frame is done. */
  firstFrameMs: number;
}

export interface Machine {
  /** Milliseconds, as fine as it gets. */
  now(): number;
  read(path: string): Promise<ArrayBuffer>;
  /** Runs the script at this address. */
  load(path: string): Promise<unknown>;
}

interface Processor {
  process(inputs: Float32Array[][], outputs: Float32Array[][], parameters: Record<string, Float32Array>): boolean;
}
type ProcessorClass = new (init: { processorOptions: unknown }) => Processor;

const memories = new Set<WebAssembly.Memory>();

/** Remembers every memory that comes with an instance. */
function watchMemories(): void {
  const remember = (instance: WebAssembly.Instance, imports?: WebAssembly.Imports): void => {
    const given = Object.values(imports ?? {}).flatMap((module) => Object.values(module));
    for (const value of [...Object.values(instance.exports), ...given]) {
      if (value instanceof WebAssembly.Memory) memories.add(value);
    }
  };
  const { instantiate } = WebAssembly;
  WebAssembly.instantiate = (async (source: WebAssembly.Module, imports?: WebAssembly.Imports) => {
    const result = (await instantiate(source, imports)) as unknown as WebAssembly.WebAssemblyInstantiatedSource;
    remember(result.instance ?? result, imports);
    return result;
  }) as unknown as typeof WebAssembly.instantiate;
  WebAssembly.Instance = new Proxy(WebAssembly.Instance, {
    construct(target, args: [WebAssembly.Module, WebAssembly.Imports?]) {
      const instance = new target(...args);
      remember(instance, args[1]);
      return instance;
    },
  });
}

/** Plays an audio worklet's global scope; returns the processors that scripts register. */
function playScope(): Map<string, ProcessorClass> {
  const registered = new Map<string, ProcessorClass>();
  const port = {
    onmessage: null,
    start() {},
    close() {},
    addEventListener() {},
    postMessage(message: { type?: string; message?: string }) {
      if (message?.type === 'failed') throw new Error(message.message);
    },
  };
  Object.assign(globalThis, {
    sampleRate: RATE,
    currentFrame: 0,
    currentTime: 0,
    AudioWorkletProcessor: class {
      readonly port = port;
    },
    registerProcessor: (name: string, processor: ProcessorClass) => registered.set(name, processor),
  });
  return registered;
}

async function options(subject: Subject, machine: Machine): Promise<unknown> {
  if (subject.kind !== 'percepnet') return processorOptions(subject, machine.read);
  const core = {
    key: subject.id,
    wasm: await machine.read(subject.wasm!),
    model: parseModel(await machine.read(subject.model!)),
  };
  const own: ProcessorOptions = {
    core,
    channels: 1,
    bypass: false,
    realtime: true,
    overload: 'report',
    voiceActivity: { start: 0.6, stop: 0.4, holdMs: 200 },
    quantum: QUANTUM,
    ...subject.options,
  };
  return own;
}

/** Measures a subject. To be called once per worker or process. @param seconds of audio */
export async function drive(subject: Subject, seconds: number, machine: Machine): Promise<Driven> {
  watchMemories();
  const registered = playScope();
  const given = await options(subject, machine);
  await machine.load(subject.worklet);
  const name = subject.processor ?? [...registered.keys()][0] ?? '';
  const Processor = registered.get(name);
  if (!Processor) throw new Error(`${subject.worklet} registers no ${name}`);
  const signal = testSignal(SIGNAL_SECONDS, RATE);
  const input = [new Float32Array(QUANTUM)];
  const output = [new Float32Array(QUANTUM)];
  const parameters = { strength: new Float32Array([1]) };
  let at = 0;
  const scope = globalThis as unknown as { currentFrame: number; currentTime: number };
  let processor: Processor;
  const callback = (): number => {
    input[0]!.set(signal.subarray(at, at + QUANTUM));
    at = (at + QUANTUM) % (signal.length - (signal.length % QUANTUM));
    scope.currentFrame += QUANTUM;
    scope.currentTime = scope.currentFrame / RATE;
    const began = machine.now();
    processor.process([input], [output], parameters);
    return machine.now() - began;
  };
  const created = machine.now();
  processor = new Processor({ processorOptions: given });
  let firstFrameMs = machine.now() - created;
  if (subject.kind === 'peer') await new Promise((resolve) => setTimeout(resolve, SETTLE_MS));
  for (let i = 0; i < FRAMES_PER_PERIOD; i++) firstFrameMs += callback();
  for (let i = 0; i < WARM_UP_PERIODS * PERIOD; i++) callback();

  const periods = Math.ceil((seconds * RATE) / (PERIOD * QUANTUM));
  const phases: number[][] = Array.from({ length: PERIOD }, () => []);
  for (let i = 0; i < periods * PERIOD; i++) phases[i % PERIOD]!.push(callback());
  const typical = phases.map(median);
  const cold: number[][] = Array.from({ length: PERIOD }, () => []);
  const eviction = new Float64Array(EVICTION_WORDS);
  for (let i = 0; i < COLD_PERIODS * PERIOD; i++) {
    eviction.fill(i);
    cold[i % PERIOD]!.push(callback());
  }
  if (subject.kind !== 'pass-through' && output[0]!.every((x) => x === 0)) throw new Error(`${subject.id} is silent`);
  return {
    usPer10ms: (typical.reduce((sum, ms) => sum + ms, 0) * 1000) / FRAMES_PER_PERIOD,
    peakCallbackUs: Math.max(...typical) * 1000,
    peakCallbackColdUs: Math.max(...cold.map(median)) * 1000,
    wasmMemoryBytes: [...memories].reduce((sum, { buffer }) => sum + buffer.byteLength, 0),
    firstFrameMs,
  };
}
