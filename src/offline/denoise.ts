import { Fold } from '../channel/fold';
import { CORE_CHANNELS } from '../core/exports';
import { type AssetOptions, assetsOf } from '../loading/asset-options';
import type { NetworkName } from '../loading/networks';
import { NoiseSuppressorError } from '../shared/errors';
import { isFloat32Array, shown } from '../shared/realm';
import { checkDenoise, checkSamples } from './options';
import { acquireCore, CoreLost, checkRate, type SharedCore, Stream } from './stream';

/** What denoise() and Denoiser take. */
export interface DenoiseOptions {
  /**
   * Rate of the samples. `denoise` needs it for Float32Array input; an AudioBuffer brings its own. A Denoiser takes 48000 alone.
   * @defaultValue none in denoise(), 48000 in a Denoiser
   * @example `{ sampleRate: 16000 }`
   */
  sampleRate?: number;
  /**
   * How much may be taken away: no band falls by more than -20 log10(1 - strength) dB. 0.5 is 6 dB, 0.9 is 20 dB, 1 is all that the
   * network can; 0 gives the input, bit for bit.
   * @defaultValue 1
   * @example `{ strength: 0.9 }`
   */
  strength?: number;
  /**
   * 'mono' folds all channels into one that keeps each voice; 'stereo' keeps them, pairs sharing gains where they hear one source.
   * @defaultValue what the input has; 'mono' in a Denoiser
   * @example `{ channels: 'mono' }`
   */
  channels?: 'mono' | 'stereo';
  /**
   * Which network of the package runs: 'lite' (1.0 MB), or 'full' (3.5 MB, twice the CPU), which needs
   * `import 'percepnet-wasm/full'` or `assets.base`. Not together with `assets.model`.
   * @defaultValue 'lite'
   * @throws 'asset-not-found' for 'full' that is neither imported nor in a folder
   * @example `{ network: 'full' }`
   */
  network?: NetworkName;
  /**
   * Where the files are; the worklet is not needed.
   * @defaultValue the files of the package
   * @example `{ assets: { base: '/percepnet/' } }`
   */
  assets?: Omit<AssetOptions, 'worklet'>;
  /**
   * Ends loading and work when aborted.
   * @defaultValue none
   * @throws 'aborted'
   * @example `{ signal: AbortSignal.timeout(5000) }`
   */
  signal?: AbortSignal;
  /**
   * How long to wait for core and network.
   * @defaultValue 60000
   * @throws 'timeout'
   * @example `{ timeoutMs: 10000 }`
   */
  timeoutMs?: number;
  /**
   * Called with the share that is done, 0 to 1, in order, the last time with 1. Not for a Denoiser.
   * @defaultValue none
   * @example `{ onProgress: (done) => bar.value = done }`
   */
  onProgress?: (fraction: number) => void;
}

/** Milliseconds of work between two breaths of the event loop. */
const SLICE_MS = 40;
/** Samples between two looks at the clock. */
const BLOCK = 48000;

/**
 * Suppresses noise in a recording. Same length and rate as the input, delay removed, input untouched. NaN and infinity count
 * as 0. Runs on the calling thread with a breath every 40 ms; for long recordings in a page use a worker.
 * @param input one channel, a list of up to 64 channels of one length (any number for 'mono'), or an AudioBuffer; of any realm
 * @throws {NoiseSuppressorError} 'invalid-input' for an option or argument that is none, which it names; 'aborted', 'timeout';
 * 'processor-failed' when the core traps; and what loading the assets throws
 * @example `const clean = await denoise(samples, { sampleRate: 16000 });`
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
  checkDenoise(options);
  if (isAudioBuffer(input)) {
    if (options.sampleRate !== undefined && options.sampleRate !== input.sampleRate) {
      const text = `sampleRate is that of the AudioBuffer, ${input.sampleRate}, not ${options.sampleRate}: leave it out`;
      throw new NoiseSuppressorError('invalid-input', text);
    }
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
  if (isFloat32Array(input)) return (await denoiseChannels([input], options.sampleRate, options))[0]!;
  if (!Array.isArray(input)) {
    throw new NoiseSuppressorError(
      'invalid-input',
      `input is a Float32Array, a list of them or an AudioBuffer, not ${shown(input)}`,
    );
  }
  for (const [i, channel] of input.entries()) checkSamples(`channel ${i} of input`, channel);
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
  const { signal, onProgress, strength = 1 } = options;
  const rate = checkRate(sampleRate);
  const length = input[0]?.length ?? 0;
  if (input.some((channel) => channel.length !== length)) {
    throw new NoiseSuppressorError('invalid-input', 'all channels of input must have one length');
  }
  checkAborted(signal);
  let sources = input;
  if (options.channels === 'mono' && input.length > 1) {
    const mono = new Float32Array(length);
    new Fold(rate, input.length).process(input, mono, 0, length);
    sources = [mono];
  }
  if (sources.length > CORE_CHANNELS) {
    throw new NoiseSuppressorError('invalid-input', `input has up to ${CORE_CHANNELS} channels, not ${sources.length}`);
  }
  const output = sources.map(() => new Float32Array(length));
  let told = 0;
  const tell = (fraction: number): void => {
    // Not again what was done before, when the work began anew.
    if (fraction >= told) onProgress?.(fraction);
    told = Math.max(told, fraction);
  };
  for (let done = length === 0; !done; ) {
    const core = await acquireCore(assetsOf(options), sources.length, options);
    try {
      await run(core, sources, output, rate, strength, signal, tell);
      done = true;
    } catch (error) {
      if (!(error instanceof CoreLost)) throw error;
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
  signal: AbortSignal | undefined,
  tell: (fraction: number) => void,
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
      tell(written / length);
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
  if (signal?.aborted)
    throw new NoiseSuppressorError('aborted', 'the work was aborted by its signal', { cause: signal.reason });
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
