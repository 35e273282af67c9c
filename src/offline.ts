/** Recordings and single frames, without Web Audio: in pages, workers and Node. */
import { Fold } from '../worklet/fold';
import type { AssetOptions } from './assets';
import { NoiseSuppressorError } from './errors';
import {
  acquireCore,
  CORE_DELAY,
  CORE_RATE,
  CoreBuffer,
  checkRate,
  checkStrength,
  created,
  FRAME,
  type SharedCore,
  Stream,
} from './stream';

export type { AssetOptions } from './assets';
export { NoiseSuppressorError, type NoiseSuppressorErrorCode } from './errors';

export interface DenoiseOptions {
  /** Hertz, 1000 to 768000. Required for Float32Array input; an AudioBuffer brings its own. */
  sampleRate?: number;
  /** 0 leaves the input untouched, 1 removes as much as the model can. Default 1. */
  strength?: number;
  /** 'mono' folds all channels into one that keeps each voice; 'stereo' keeps them, pairs sharing gains where they hear one source. Default: what the input has. */
  channels?: 'mono' | 'stereo';
  assets?: Omit<AssetOptions, 'worklet'>;
  /** Ends the work with code 'aborted'. */
  signal?: AbortSignal;
  /** Called with 0..1, in order, the last time with 1. */
  onProgress?: (fraction: number) => void;
}

/** Milliseconds of work between two breaths of the event loop. */
const SLICE_MS = 40;
/** Samples between two looks at the clock. */
const BLOCK = 48000;

/**
 * Suppresses noise in a recording. Same length and rate as the input, delay removed, input untouched. NaN and infinity count
 * as 0. Runs on the calling thread with a breath every 40 ms; for long recordings in a page use a worker.
 * @param input one channel, a list of channels of one length, or an AudioBuffer
 * @throws {NoiseSuppressorError} 'invalid-input', 'aborted', and what loading the assets throws
 */
export function denoise(input: AudioBuffer, options?: DenoiseOptions): Promise<AudioBuffer>;
export function denoise(input: Float32Array, options: DenoiseOptions & { sampleRate: number }): Promise<Float32Array>;
export function denoise(
  input: readonly Float32Array[],
  options: DenoiseOptions & { sampleRate: number },
): Promise<Float32Array[]>;
export async function denoise(
  input: AudioBuffer | Float32Array | readonly Float32Array[],
  options: DenoiseOptions = {},
): Promise<AudioBuffer | Float32Array | Float32Array[]> {
  if (isAudioBuffer(input)) {
    const channels = Array.from({ length: input.numberOfChannels }, (_, i) => input.getChannelData(i));
    const result = await denoiseChannels(channels, input.sampleRate, options);
    // The input's own class: AudioBuffer is no global where a Web Audio library for Node is used.
    const Buffer = input.constructor as typeof AudioBuffer;
    const buffer = new Buffer({
      length: input.length,
      numberOfChannels: result.length,
      sampleRate: input.sampleRate,
    });
    for (const [i, channel] of result.entries()) buffer.copyToChannel(channel, i);
    return buffer;
  }
  if (input instanceof Float32Array) return (await denoiseChannels([input], options.sampleRate, options))[0]!;
  if (!Array.isArray(input) || !input.every((channel) => channel instanceof Float32Array)) {
    throw new NoiseSuppressorError('invalid-input', 'the input is a Float32Array, a list of them or an AudioBuffer');
  }
  return denoiseChannels(input, options.sampleRate, options);
}

function isAudioBuffer(input: unknown): input is AudioBuffer {
  return typeof (input as Partial<AudioBuffer> | null)?.getChannelData === 'function';
}

async function denoiseChannels(
  input: readonly Float32Array[],
  sampleRate: number | undefined,
  options: DenoiseOptions,
): Promise<Float32Array<ArrayBuffer>[]> {
  const { signal, onProgress } = options;
  const strength = checkStrength(options.strength ?? 1);
  const rate = checkRate(sampleRate);
  const length = input[0]?.length ?? 0;
  if (input.some((channel) => channel.length !== length)) {
    throw new NoiseSuppressorError('invalid-input', 'all channels must have one length');
  }
  checkAborted(signal);
  let sources = input;
  if (options.channels === 'mono' && input.length > 1) {
    const mono = new Float32Array(length);
    new Fold(rate, input.length).process(input, mono, 0, length);
    sources = [mono];
  }
  const output = sources.map(() => new Float32Array(length));
  if (length > 0) {
    const core = await acquireCore(options.assets, sources.length);
    try {
      await run(core, sources, output, rate, strength, options);
    } finally {
      core.release();
    }
  }
  onProgress?.(1);
  return output;
}

async function run(
  core: SharedCore,
  input: readonly Float32Array[],
  output: readonly Float32Array[],
  rate: number,
  strength: number,
  { signal, onProgress }: DenoiseOptions,
): Promise<void> {
  const length = input[0]!.length;
  let written = 0;
  const stream = new Stream(core, rate, input.length, strength, (channels, count) => {
    for (const [i, samples] of channels.entries()) output[i]!.set(samples, written);
    written += count;
  });
  try {
    let breath = performance.now();
    for (let at = 0; at < length; at += BLOCK) {
      checkAborted(signal);
      stream.push(input, at, Math.min(at + BLOCK, length));
      if (performance.now() - breath < SLICE_MS) continue;
      onProgress?.(written / length);
      await yieldToHost();
      breath = performance.now();
    }
    checkAborted(signal);
    stream.finish();
  } finally {
    stream.destroy();
  }
}

function checkAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw new NoiseSuppressorError('aborted', 'denoise() was aborted', { cause: signal.reason });
}

/** Lets events run. Not setTimeout: background tabs slow it down to once a second. */
function yieldToHost(): Promise<void> {
  if (typeof setImmediate === 'function') return new Promise((resolve) => setImmediate(resolve));
  return new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      port1.close();
      resolve();
    };
    port2.postMessage(null);
  });
}

/**
 * Frame by frame, for custom pipelines. The output of a call is the input `delay` samples ago, denoised.
 * process(), reset() and strength are real-time safe: they allocate nothing.
 */
export class Denoiser {
  /** Hertz. */
  readonly sampleRate = CORE_RATE;
  /** Samples per channel and call: 10 ms. */
  readonly frameLength = FRAME;
  /** Samples from input to output: 30 ms. */
  readonly delay = CORE_DELAY;
  private core: SharedCore | null;
  private readonly suppressors: number[] = [];
  private readonly inputs: CoreBuffer[] = [];
  private readonly outputs: CoreBuffer[] = [];
  private currentStrength: number;

  /**
   * @throws {NoiseSuppressorError} 'invalid-input' for a sampleRate other than 48000 (denoise() takes any) or a strength
   * outside 0..1, and what loading the assets throws
   */
  static async create(options: Omit<DenoiseOptions, 'signal' | 'onProgress'> = {}): Promise<Denoiser> {
    const strength = checkStrength(options.strength ?? 1);
    if (options.sampleRate !== undefined && options.sampleRate !== CORE_RATE) {
      throw new NoiseSuppressorError('invalid-input', `a Denoiser runs at ${CORE_RATE} Hz: resample, or use denoise()`);
    }
    const channels = options.channels === 'stereo' ? 2 : 1;
    const core = await acquireCore(options.assets, channels);
    try {
      return new Denoiser(core, channels, strength);
    } catch (error) {
      core.release();
      throw error;
    }
  }

  private constructor(core: SharedCore, channels: number, strength: number) {
    this.core = core;
    this.currentStrength = strength;
    const { exports } = core;
    for (let i = 0; i < channels; i++) {
      const suppressor = created(exports.suppressorCreate(core.network));
      this.suppressors.push(suppressor);
      this.inputs.push(new CoreBuffer(exports.memory, exports.suppressorInput(suppressor), FRAME));
      this.outputs.push(new CoreBuffer(exports.memory, exports.suppressorOutput(suppressor), FRAME));
    }
  }

  /** 0..1, from the next frame on. */
  get strength(): number {
    return this.currentStrength;
  }

  set strength(value: number) {
    this.currentStrength = checkStrength(value);
  }

  /**
   * One frame. Returns its speech probability, 0..1.
   * @param input frameLength samples in +-1; in stereo the left frame followed by the right one
   * @param output as input; may be the same array
   * @throws {NoiseSuppressorError} 'invalid-input' when an array is too short, 'destroyed'
   */
  process(input: Float32Array, output: Float32Array): number {
    const { exports } = this.living();
    const length = FRAME * this.suppressors.length;
    if (input.length < length || output.length < length) {
      throw new NoiseSuppressorError('invalid-input', `a frame has ${length} samples`);
    }
    for (let i = 0; i < this.inputs.length; i++) {
      const view = this.inputs[i]!.view;
      for (let n = 0; n < FRAME; n++) view[n] = input[i * FRAME + n]!;
    }
    const left = this.suppressors[0]!;
    const right = this.suppressors[1];
    const speech =
      right === undefined
        ? exports.suppressorProcess(left, this.currentStrength)
        : exports.suppressorProcessLinked(left, right, this.currentStrength);
    for (let i = 0; i < this.outputs.length; i++) output.set(this.outputs[i]!.view, i * FRAME);
    return speech;
  }

  /** Forgets all that was heard. */
  reset(): void {
    const { exports } = this.living();
    for (const suppressor of this.suppressors) exports.suppressorReset(suppressor);
  }

  /** Idempotent. */
  destroy(): void {
    if (!this.core) return;
    for (const suppressor of this.suppressors) this.core.exports.suppressorDestroy(suppressor);
    this.core.release();
    this.core = null;
  }

  [Symbol.dispose](): void {
    this.destroy();
  }

  private living(): SharedCore {
    if (!this.core) throw new NoiseSuppressorError('destroyed', 'this Denoiser was destroyed');
    return this.core;
  }
}
