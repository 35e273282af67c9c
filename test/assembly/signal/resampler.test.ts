/** The resampler against a float64 reference: counts, delay, pass band, stop band, drift, SIMD against scalar. */
import { beforeAll, describe, expect, test } from 'vitest';
import { resamplerDelay } from '../../../src/channel/timing';
import { instantiateAssembly } from '../../helpers/assembly';

interface Exports {
  resamplerCreate(inRate: number, outRate: number, maxInput: number): number;
  resamplerInput(handle: number): number;
  resamplerOutput(handle: number): number;
  resamplerProcess(handle: number, count: number): number;
  resamplerDelay(handle: number): number;
  resamplerReset(handle: number): number;
  resamplerDestroy(handle: number): number;
  dotProduct(a: number, b: number, n: number): number;
  dotProductScalar(a: number, b: number, n: number): number;
  dotProductInterpolated(x: number, a: number, b: number, fraction: number, n: number): number;
  alloc(bytes: number): number;
}

const BLOCK = 128;
const RATES = [8000, 11025, 16000, 22050, 24000, 32000, 44056, 44100, 88200, 96000, 176400, 192000];
const PAIRS = RATES.flatMap((rate) => [
  { from: rate, to: 48000 },
  { from: 48000, to: rate },
]);

let core: Exports & { memory: WebAssembly.Memory };

beforeAll(async () => {
  core = await instantiateAssembly<Exports>(`
    export * from './assembly/signal/resampler';
    export function alloc(bytes: i32): usize { return heap.alloc(bytes); }
  `);
});

/** Runs x(n), n = 0.., through a fresh resampler in blocks of the given lengths. */
function resample(
  from: number,
  to: number,
  x: (n: number) => number,
  length: number,
  block = () => BLOCK,
): Float32Array {
  const handle = core.resamplerCreate(from, to, BLOCK);
  const output: number[] = [];
  for (let n = 0; n < length; ) {
    const count = Math.min(block(), length - n);
    const input = new Float32Array(core.memory.buffer, core.resamplerInput(handle), BLOCK);
    for (let i = 0; i < count; i++) input[i] = x(n + i);
    const written = core.resamplerProcess(handle, count);
    output.push(...new Float32Array(core.memory.buffer, core.resamplerOutput(handle), written));
    n += count;
  }
  core.resamplerDestroy(handle);
  return Float32Array.from(output);
}

function sine(frequency: number, rate: number): (n: number) => number {
  return (n) => Math.sin((2 * Math.PI * frequency * n) / rate);
}

/** Decibels of the difference to the ideal, delayed sine, below the sine. */
function errorOf(output: Float32Array, from: number, to: number, frequency: number): number {
  const delay = resamplerDelay(from, to) / from;
  let error = 0;
  let count = 0;
  for (let j = Math.ceil(4 * delay * to); j < output.length; j++) {
    error += (output[j] - Math.sin(2 * Math.PI * frequency * (j / to - delay))) ** 2;
    count++;
  }
  return 10 * Math.log10((2 * error) / count);
}

function levelOf(output: Float32Array, skip: number): number {
  const steady = output.subarray(skip);
  return 10 * Math.log10((2 * steady.reduce((sum, y) => sum + y * y, 0)) / steady.length + 1e-30);
}

describe.each(PAIRS)('$from Hz to $to Hz', ({ from, to }) => {
  const nyquist = Math.min(from, to) / 2;
  const length = Math.round(from * 0.4);

  test('has the delay the worklet counts on', () => {
    const handle = core.resamplerCreate(from, to, BLOCK);
    expect(core.resamplerDelay(handle)).toBe(resamplerDelay(from, to));
    core.resamplerDestroy(handle);
  });

  test.each([0.02, 0.3, 0.6, 0.9])('passes %f of Nyquist exactly one delay later', (share) => {
    const output = resample(from, to, sine(share * nyquist, from), length);
    expect(output.length).toBe(Math.ceil((length * to) / from));
    expect(errorOf(output, from, to, share * nyquist)).toBeLessThan(share < 0.9 ? -95 : -80);
  });

  // Registered only where there is something to stop: a test that does not apply is no skipped one.
  const stopped = to < from ? [1.001, 1.02, 1.1, 1.5].filter((share) => share * nyquist < from / 2) : [];
  for (const share of stopped)
    test(`stops ${share} of Nyquist`, () => {
      const output = resample(from, to, sine(share * nyquist, from), length);
      expect(levelOf(output, Math.ceil((4 * resamplerDelay(from, to) * to) / from))).toBeLessThan(-80);
    });

  if (to > from)
    test('makes no images', () => {
      const frequency = 0.9 * nyquist;
      const output = resample(from, to, sine(frequency, from), length);
      // What is left without the tone itself.
      expect(errorOf(output, from, to, frequency)).toBeLessThan(-80);
    });
});

test('the split into blocks does not matter', () => {
  const seed = Math.floor(Math.random() * 2 ** 31);
  let state = seed || 1;
  const random = (): number => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
  for (const { from, to } of PAIRS) {
    const x = sine(440, from);
    const whole = resample(from, to, x, 5000);
    const split = resample(from, to, x, 5000, () => Math.floor(random() * (BLOCK + 1)));
    expect(split, `seed ${seed}, ${from} to ${to}`).toEqual(whole);
  }
});

test.each([
  { from: 44100, to: 48000 },
  { from: 44056, to: 48000 },
  { from: 48000, to: 11025 },
])(
  'no drift from $from to $to Hz in an hour',
  ({ from, to }) => {
    const handle = core.resamplerCreate(from, to, 4410);
    const input = core.resamplerInput(handle);
    const seconds = 3600;
    // Silence but for the last second: the counts and the phase are what an hour could wear out.
    let written = 0;
    let consumed = 0;
    const quiet = (seconds - 1) * from;
    while (consumed < quiet) {
      const count = Math.min(4410, quiet - consumed);
      written += core.resamplerProcess(handle, count);
      consumed += count;
    }
    expect(written).toBe(Math.ceil((consumed * to) / from));
    const output: number[] = [];
    const start = written;
    for (let n = 0; n < from / 2; n += 441) {
      const view = new Float32Array(core.memory.buffer, input, 441);
      for (let i = 0; i < 441; i++) view[i] = Math.sin((2 * Math.PI * 1000 * (quiet + n + i)) / from);
      const count = core.resamplerProcess(handle, 441);
      output.push(...new Float32Array(core.memory.buffer, core.resamplerOutput(handle), count));
    }
    core.resamplerDestroy(handle);
    const delay = resamplerDelay(from, to) / from;
    let worst = 0;
    for (let j = Math.ceil(0.1 * to); j < output.length; j++) {
      // Whole seconds have whole periods: take them off to keep the reference's argument small.
      const t = (start + j) / to - delay - (seconds - 1);
      worst = Math.max(worst, Math.abs(output[j] - Math.sin(2 * Math.PI * 1000 * t)));
    }
    expect(worst).toBeLessThan(1e-4);
  },
  120_000,
);

test('SIMD sums agree with the scalar ones', () => {
  const n = 452;
  const [x, a, b] = [core.alloc(4 * n), core.alloc(4 * n), core.alloc(4 * n)];
  const views = [x, a, b].map((pointer) => new Float32Array(core.memory.buffer, pointer, n));
  for (const view of views) for (let i = 0; i < n; i++) view[i] = Math.sin(i * 1.7 + view.byteOffset);
  for (const length of [4, 8, 112, 116, n]) {
    // Sums of n products of at most 1: n ulps of the largest partial sum.
    const bound = length * length * 2 ** -24;
    expect(Math.abs(core.dotProduct(x, a, length) - core.dotProductScalar(x, a, length))).toBeLessThan(bound);
    const [first, second] = [core.dotProductScalar(x, a, length), core.dotProductScalar(x, b, length)];
    const between = first + 0.3 * (second - first);
    expect(Math.abs(core.dotProductInterpolated(x, a, b, 0.3, length) - between)).toBeLessThan(2 * bound);
  }
});

test('refuses what makes no sense and bad handles', () => {
  for (const [from, to, block] of [
    [0, 48000, 128],
    [Number.NaN, 48000, 128],
    [48000, Number.POSITIVE_INFINITY, 128],
    [44100, 48000, 0],
    [44100, 48000, -1],
  ]) {
    expect(core.resamplerCreate(from, to, block)).toBe(-1);
  }
  const handle = core.resamplerCreate(44100, 48000, 128);
  expect(core.resamplerProcess(handle, 129)).toBe(-1);
  expect(core.resamplerProcess(handle, -1)).toBe(-1);
  core.resamplerDestroy(handle);
  for (const bad of [handle, -1, 1 << 20]) {
    expect(core.resamplerInput(bad)).toBe(0);
    expect(core.resamplerOutput(bad)).toBe(0);
    expect(core.resamplerProcess(bad, 1)).toBe(-1);
    expect(core.resamplerDelay(bad)).toBe(-1);
    expect(core.resamplerReset(bad)).toBe(-1);
    expect(core.resamplerDestroy(bad)).toBe(-1);
  }
});

test('a destroyed resampler is used again, silent, and memory stays flat', () => {
  const first = core.resamplerCreate(44100, 48000, BLOCK);
  new Float32Array(core.memory.buffer, core.resamplerInput(first), BLOCK).fill(1);
  core.resamplerProcess(first, BLOCK);
  core.resamplerDestroy(first);
  const size = core.memory.buffer.byteLength;
  for (let k = 0; k < 1000; k++) {
    const handle = core.resamplerCreate(44100, 48000, BLOCK);
    expect(handle).toBe(first);
    new Float32Array(core.memory.buffer, core.resamplerInput(handle), BLOCK).fill(0);
    const count = core.resamplerProcess(handle, BLOCK);
    expect(Math.max(...new Float32Array(core.memory.buffer, core.resamplerOutput(handle), count))).toBe(0);
    core.resamplerDestroy(handle);
  }
  expect(core.memory.buffer.byteLength).toBe(size);
});
