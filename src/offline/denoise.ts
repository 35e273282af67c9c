import { Fold } from '../channel/fold';
import { CORE_CHANNELS } from '../core/exports';
import { assetsOf } from '../loading/asset-options';
import { NoiseSuppressorError } from '../shared/errors';
import { LOAD_TIMEOUT_MS } from '../shared/limited';
import { isFloat32Array, shown } from '../shared/realm';
import { loadFiles } from './cores';
import { checkDenoise, checkRate, checkSamples, checkThere, type DenoiseOptions } from './options';
import { checkAborted, cleaned } from './recording';
import { inParts } from './workers';

/**
 * Suppresses noise in a recording. Same length and rate as the input, delay removed; the input is copied at once, and left untouched.
 * NaN and infinity count as 0. Runs on the calling thread with a breath every 40 ms; for long recordings use `workers`, or in a page a worker.
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
  if (isFloat32Array(input)) {
    checkThere('input', input);
    return (await denoiseChannels([input], options.sampleRate, options))[0]!;
  }
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
  const { signal, onProgress, strength = 1, workers, timeoutMs = LOAD_TIMEOUT_MS } = options;
  const rate = checkRate(sampleRate);
  const length = input[0]?.length ?? 0;
  if (input.some((channel) => channel.length !== length)) {
    throw new NoiseSuppressorError('invalid-input', 'all channels of input must have one length');
  }
  checkAborted(signal);
  // Read before anything is waited for: the caller may write into its arrays then.
  const sources =
    options.channels === 'mono' && input.length > 1 ? [mono(input, rate)] : input.map((channel) => channel.slice());
  if (sources.length > CORE_CHANNELS) {
    throw new NoiseSuppressorError('invalid-input', `input has up to ${CORE_CHANNELS} channels, not ${sources.length}`);
  }
  const tell = (fraction: number): void => onProgress?.(fraction);
  let output: Float32Array<ArrayBuffer>[] = sources.map(() => new Float32Array(0));
  if (length > 0) {
    const job = { assets: await loadFiles(assetsOf(options), options), input: sources, rate, strength };
    const made = workers ? await inParts(workers, job, timeoutMs, signal, tell) : await cleaned(job, signal, tell);
    // What modules export says Float32Array alone: before TypeScript 5.7 it takes no parameter.
    output = made as Float32Array<ArrayBuffer>[];
  }
  onProgress?.(1);
  return output;
}

function mono(input: readonly Float32Array[], rate: number): Float32Array {
  const { length } = input[0]!;
  const out = new Float32Array(length);
  new Fold(rate, input.length).process(input, out, 0, length);
  return out;
}
