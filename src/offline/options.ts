/** What may be said to denoise() and Denoiser. */
import { MAX_RATE, MIN_RATE } from '../core/shape';
import { type AssetOptions, checkFiles } from '../loading/asset-options';
import type { NetworkName } from '../loading/networks';
import { NoiseSuppressorError } from '../shared/errors';
import { LIMITS } from '../shared/limited';
import { CHANNELS, checkOptions, NETWORK, number, OBJECT, oneOf, type Rules, STRENGTH } from '../shared/options';
import { isFloat32Array, isGone, isObject, shown } from '../shared/realm';
import type { DenoiseWorker } from './workers';

/** What denoise() and Denoiser take. */
export interface DenoiseOptions {
  /**
   * Rate of the samples. `denoise` needs it for Float32Array input; an AudioBuffer brings its own.
   * @defaultValue none in denoise(), 48000 in a Denoiser and denoiseStream()
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
   * @defaultValue what the input has; 'mono' in a Denoiser and denoiseStream(), which take one channel then
   * @example `{ channels: 'mono' }`
   */
  channels?: 'mono' | 'stereo';
  /**
   * Which network of the package runs: 'lite' (1.0 MB), or 'full' (1.1 MB, 1.6 times the CPU), which needs
   * `import 'percepnet-wasm/full'` or `assets.base`, but in Node. Not together with `assets.model`.
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
  signal?: AbortSignal | null;
  /**
   * How long to wait for core and network.
   * @defaultValue 60000
   * @throws 'timeout'
   * @example `{ timeoutMs: 10000 }`
   */
  timeoutMs?: number;
  /**
   * Called with the share that is done, 0 to 1, in order, the last time with 1. For denoise() alone.
   * @defaultValue none
   * @example `{ onProgress: (done) => bar.value = done }`
   */
  onProgress?: (fraction: number) => void;
  /**
   * Workers of yours in which denoiseWorker() was called. The recording is cut into as many parts, of a minute at least, all worked on at
   * once; each hears the 20 s before it first. The result is 40 dB and more equal to that without workers, not equal bit for bit, and the
   * same for the same number of them. They stay yours to use again and to terminate. For denoise() alone.
   * @defaultValue none: the calling thread does it, bit for bit as a stream would
   * @throws 'timeout' when one does not answer, 'processor-failed' when one ends
   * @example `{ workers: [1, 2].map(() => new Worker(new URL('./denoise-worker.js', import.meta.url), { type: 'module' })) }`
   */
  workers?: readonly DenoiseWorker[];
}

/** What denoiseStream() takes. */
export interface DenoiseStreamOptions extends Omit<DenoiseOptions, 'onProgress' | 'workers'> {
  /**
   * Chunks are bytes, Uint8Array or ArrayBuffer, cut anywhere: 16-bit integers or 32-bit floats, little-endian, left and right side by
   * side. Bytes come out.
   * @defaultValue none: chunks are Float32Array or Int16Array, and lists of two in stereo
   * @example `{ format: 's16le', sampleRate: 16000 }`
   */
  format?: 's16le' | 'f32le';
}

const DENOISER: Rules<Omit<DenoiseOptions, 'onProgress' | 'workers'>> = {
  sampleRate: number(MIN_RATE, MAX_RATE, 'hertz'),
  strength: STRENGTH,
  channels: CHANNELS,
  network: NETWORK,
  assets: OBJECT,
  ...LIMITS,
};
export const OFFLINE_RULES: Rules<DenoiseOptions> = {
  ...DENOISER,
  onProgress: ['a function', (value) => typeof value === 'function'],
  workers: [
    'a list of workers, one or more',
    (value) =>
      Array.isArray(value) &&
      value.length > 0 &&
      value.every((worker) => isObject(worker) && typeof worker.postMessage === 'function'),
  ],
};

/** @throws {NoiseSuppressorError} 'invalid-input' */
export function checkDenoise(options: DenoiseOptions): void {
  checkOptions(options, OFFLINE_RULES);
  checkFiles(options);
}

/** @throws {NoiseSuppressorError} 'invalid-input' */
export function checkDenoiser(options: Omit<DenoiseOptions, 'onProgress' | 'workers'>): void {
  checkOptions(options, DENOISER);
  checkFiles(options);
}

export const STREAM_RULES: Rules<DenoiseStreamOptions> = { ...DENOISER, format: oneOf('s16le', 'f32le') };

/** @throws {NoiseSuppressorError} 'invalid-input' */
export function checkDenoiseStream(options: DenoiseStreamOptions): void {
  checkOptions(options, STREAM_RULES);
  checkFiles(options);
}

/** @throws {NoiseSuppressorError} 'invalid-input' unless the argument holds samples as this library takes them */
export function checkSamples(name: string, value: unknown): void {
  if (!isFloat32Array(value)) {
    throw new NoiseSuppressorError(
      'invalid-input',
      `${name} is a Float32Array of samples in -1..1, not ${shown(value)}${/Int\d+Array|Buffer/.test(shown(value)) ? ': divide integers by their full scale' : ''}`,
    );
  }
  checkThere(name, value);
}

/** @throws {NoiseSuppressorError} 'invalid-input' when the memory is somebody else's by now */
export function checkThere(name: string, memory: Parameters<typeof isGone>[0]): void {
  if (!isGone(memory)) return;
  const text = `${name} has been transferred, for example to a worker: give a copy of it`;
  throw new NoiseSuppressorError('invalid-input', text);
}

/** @throws {NoiseSuppressorError} 'invalid-input' unless 0 <= strength <= 1 */
export function checkStrength(strength: number): number {
  if (typeof strength !== 'number' || !(strength >= 0 && strength <= 1)) {
    throw new NoiseSuppressorError('invalid-input', `strength is a number from 0 to 1, not ${shown(strength)}`);
  }
  return strength;
}

/** @throws {NoiseSuppressorError} 'invalid-input' unless the rate is one the resampler takes */
export function checkRate(rate: number | undefined): number {
  if (typeof rate !== 'number' || !(rate >= MIN_RATE && rate <= MAX_RATE)) {
    throw new NoiseSuppressorError(
      'invalid-input',
      `sampleRate is needed, ${MIN_RATE} to ${MAX_RATE} Hz, and was ${rate}`,
    );
  }
  return Math.round(rate);
}
