/** JavaScript callers have no types to stop them, and a wrong option that is ignored is found out late: each is refused by name. */
import { NoiseSuppressorError } from './errors';
import type { DenoiseOptions } from './offline';
import { isFloat32Array, shown } from './realm';
import { MAX_RATE, MIN_RATE } from './stream';

type Name = keyof DenoiseOptions;

/** What each option is, in words and as a test. */
const OPTIONS: { readonly [N in Name]-?: readonly [what: string, test: (value: unknown) => boolean] } = {
  sampleRate: [
    `a number of hertz from ${MIN_RATE} to ${MAX_RATE}`,
    (value) => typeof value === 'number' && value >= MIN_RATE && value <= MAX_RATE,
  ],
  strength: ['a number from 0 to 1', (value) => typeof value === 'number' && value >= 0 && value <= 1],
  channels: ["'mono' or 'stereo'", (value) => value === 'mono' || value === 'stereo'],
  assets: ['an object', isObject],
  signal: [
    'an AbortSignal',
    (value) => isObject(value) && typeof value.aborted === 'boolean' && typeof value.addEventListener === 'function',
  ],
  timeoutMs: ['a number of milliseconds above 0', (value) => typeof value === 'number' && value > 0],
  onProgress: ['a function', (value) => typeof value === 'function'],
};

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/**
 * @param without options that this call does not have
 * @throws {NoiseSuppressorError} 'invalid-input' for an option that there is not, or whose value is none of its own
 */
export function checkOptions(options: unknown, without: readonly Name[] = []): void {
  if (!isObject(options))
    throw new NoiseSuppressorError('invalid-input', `options is an object, not ${shown(options)}`);
  const names = (Object.keys(OPTIONS) as Name[]).filter((name) => !without.includes(name));
  for (const [name, value] of Object.entries(options)) {
    if (!names.includes(name as Name)) {
      throw new NoiseSuppressorError('invalid-input', `there is no option ${name}; there are ${names.join(', ')}`);
    }
    const [what, test] = OPTIONS[name as Name];
    if (value !== undefined && !test(value)) {
      throw new NoiseSuppressorError('invalid-input', `${name} is ${what}, not ${shown(value)}`);
    }
  }
}

/** @throws {NoiseSuppressorError} 'invalid-input' unless the argument holds samples as this library takes them */
export function checkSamples(name: string, value: unknown): void {
  if (isFloat32Array(value)) return;
  throw new NoiseSuppressorError(
    'invalid-input',
    `${name} is a Float32Array of samples in -1..1, not ${shown(value)}${/Int\d+Array|Buffer/.test(shown(value)) ? ': divide integers by their full scale' : ''}`,
  );
}
