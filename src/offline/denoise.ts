import { Fold } from '../channel/fold';
import { CORE_CHANNELS } from '../core/exports';
import { assetsOf } from '../loading/asset-options';
import { NoiseSuppressorError } from '../shared/errors';
import { isFloat32Array, shown } from '../shared/realm';
import { acquireCore, CoreLost, type SharedCore } from './cores';
import { checkDenoise, checkRate, checkSamples, type DenoiseOptions } from './options';
import { Stream } from './stream';

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
