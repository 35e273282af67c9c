/** Options of recordings and blocks from JavaScript: what is none is refused by its name. */
import { describe, expect, test } from 'vitest';
import { MAX_RATE, MIN_RATE } from '../../../src/core/shape';
import {
  checkDenoise,
  checkDenoiser,
  checkDenoiseStream,
  checkRate,
  checkSamples,
  checkStrength,
} from '../../../src/offline/options';
import { takesOneNetwork } from '../../helpers/doors';
import { refused } from '../../helpers/refused';

const CALLS = { 'denoise()': checkDenoise, Denoiser: checkDenoiser, 'denoiseStream()': checkDenoiseStream } as const;

describe.each(Object.entries(CALLS))('%s', (_, check: (options: object) => void) => {
  test('takes a network, and one only', () => takesOneNetwork(check));

  test.each<[name: string, value: unknown]>([
    ['strength', 1.01],
    ['strength', '1'],
    ['channels', 2],
    ['assets', []],
    ['signal', {}],
    ['timeoutMs', 0],
    ['bypass', true],
  ])('refuses %s: %o', (name, value) => {
    expect(() => check({ [name]: value })).toThrow(expect.objectContaining(refused(name)));
  });
});

test('each has options that the others do not', () => {
  const own: [check: (options: object) => void, options: object][] = [
    [checkDenoise, { onProgress: () => {} }],
    [checkDenoise, { workers: [{ postMessage: () => {} }] }],
    [checkDenoiseStream, { format: 's16le' }],
  ];
  for (const [check, options] of own) {
    for (const call of Object.values(CALLS) as ((options: object) => void)[]) {
      if (call === check) call(options);
      else expect(() => call(options)).toThrow(/^there is no option /);
    }
  }
  for (const format of ['S16LE', 'wav', 16])
    expect(() => checkDenoiseStream({ format } as never)).toThrow(/^format is/);
});

test.each([MIN_RATE, 44_100, 44_100.4, MAX_RATE])('%f Hz is a rate, in whole hertz', (rate) => {
  expect(checkRate(rate)).toBe(Math.round(rate));
});

test.each([MIN_RATE - 1, MAX_RATE + 1, 0, -48_000, Number.NaN, Number.POSITIVE_INFINITY, '48000', undefined, null])(
  '%o is none',
  (rate) => {
    expect(() => checkRate(rate as number)).toThrow(expect.objectContaining(refused('sampleRate is needed')));
  },
);

test('a strength is 0 to 1', () => {
  expect([0, 0.5, 1].map(checkStrength)).toEqual([0, 0.5, 1]);
  for (const value of [-0.01, 1.01, Number.NaN, '1', null])
    expect(() => checkStrength(value as number)).toThrow(expect.objectContaining(refused('strength')));
});

test('samples of integers are told how to become some', () => {
  checkSamples('input', new Float32Array(1));
  const gone = new Float32Array(1);
  structuredClone(gone.buffer, { transfer: [gone.buffer] });
  expect(() => checkSamples('input', gone)).toThrow(/input has been transferred/);
  expect(() => checkSamples('input', new Int16Array(1))).toThrow(
    /^input is .* not an Int16Array: divide integers by their full scale$/,
  );
  expect(() => checkSamples('input', [0])).toThrow(/not an Array$/);
});
