/** What may be said to denoise() and Denoiser. */
import { checkFiles } from '../loading/asset-options';
import { NoiseSuppressorError } from '../shared/errors';
import {
  CHANNELS,
  checkOptions,
  NETWORK,
  number,
  OBJECT,
  type Rules,
  SIGNAL,
  STRENGTH,
  TIMEOUT,
} from '../shared/options';
import { isFloat32Array, shown } from '../shared/realm';
import type { DenoiseOptions } from './denoise';
import { MAX_RATE, MIN_RATE } from './stream';

const DENOISER: Rules<Omit<DenoiseOptions, 'onProgress'>> = {
  sampleRate: number(MIN_RATE, MAX_RATE, 'hertz'),
  strength: STRENGTH,
  channels: CHANNELS,
  network: NETWORK,
  assets: OBJECT,
  signal: SIGNAL,
  timeoutMs: TIMEOUT,
};
export const OFFLINE_RULES: Rules<DenoiseOptions> = {
  ...DENOISER,
  onProgress: ['a function', (value) => typeof value === 'function'],
};

/** @throws {NoiseSuppressorError} 'invalid-input' */
export function checkDenoise(options: DenoiseOptions): void {
  checkOptions(options, OFFLINE_RULES);
  checkFiles(options);
}

/** @throws {NoiseSuppressorError} 'invalid-input' */
export function checkDenoiser(options: Omit<DenoiseOptions, 'onProgress'>): void {
  checkOptions(options, DENOISER);
  checkFiles(options);
}

/** @throws {NoiseSuppressorError} 'invalid-input' unless the argument holds samples as this library takes them */
export function checkSamples(name: string, value: unknown): void {
  if (isFloat32Array(value)) return;
  throw new NoiseSuppressorError(
    'invalid-input',
    `${name} is a Float32Array of samples in -1..1, not ${shown(value)}${/Int\d+Array|Buffer/.test(shown(value)) ? ': divide integers by their full scale' : ''}`,
  );
}
