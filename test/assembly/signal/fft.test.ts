import { beforeAll, describe, expect, it } from 'vitest';
import { instantiateAssembly } from '../../helpers/assembly';
import { noise } from '../../helpers/signals';

const WINDOW = 960;
const BINS = 481;
const CANARY = 12345.5;

const probe = `
import * as simd from './assembly/signal/fft';
import * as scalar from './assembly/signal/fft_scalar';
const base: usize = memory.data(16384, 16);
export function at(): usize { return base; }
export function forward(time: usize, spectrum: usize): void { simd.rfft(time, spectrum); }
export function inverse(spectrum: usize, time: usize): void { simd.irfft(spectrum, time); }
export function forwardScalar(time: usize, spectrum: usize): void { scalar.rfft(time, spectrum); }
export function inverseScalar(spectrum: usize, time: usize): void { scalar.irfft(spectrum, time); }
`;

interface Probe {
  at(): number;
  forward(time: number, spectrum: number): void;
  inverse(spectrum: number, time: number): void;
  forwardScalar(time: number, spectrum: number): void;
  inverseScalar(spectrum: number, time: number): void;
}

function tone(bin: number, phase: number): Float32Array {
  return Float32Array.from({ length: WINDOW }, (_, n) => Math.cos((2 * Math.PI * bin * n) / WINDOW + phase));
}

/** The definition, in double precision. */
function naive(time: Float32Array): Float64Array {
  const spectrum = new Float64Array(2 * BINS);
  for (let k = 0; k < BINS; k++) {
    for (let n = 0; n < WINDOW; n++) {
      const angle = (-2 * Math.PI * ((k * n) % WINDOW)) / WINDOW;
      spectrum[2 * k] += time[n] * Math.cos(angle);
      spectrum[2 * k + 1] += time[n] * Math.sin(angle);
    }
  }
  return spectrum;
}

function snr(reference: ArrayLike<number>, measured: ArrayLike<number>): number {
  let signal = 0;
  let error = 0;
  for (let i = 0; i < reference.length; i++) {
    signal += reference[i] ** 2;
    error += (reference[i] - measured[i]) ** 2;
  }
  return 10 * Math.log10(signal / error);
}

const signals: [string, Float32Array][] = [
  ['noise, seed 1', noise(WINDOW, 1)],
  ['noise, seed 2', noise(WINDOW, 2)],
  ['impulse', Float32Array.from({ length: WINDOW }, (_, n) => (n === 7 ? 1 : 0))],
  ['DC', new Float32Array(WINDOW).fill(1)],
  ['Nyquist', Float32Array.from({ length: WINDOW }, (_, n) => (n % 2 ? -1 : 1))],
  ['bin 1', tone(1, 0.3)],
  ['bin 239.5', tone(239.5, 1)],
  ['bin 240', tone(240, 2)],
  ['bin 479', tone(479, 0.7)],
];

describe('960-point real FFT', () => {
  let core: Probe & { memory: WebAssembly.Memory };
  let time: number;
  let spectrum: number;
  let back: number;

  beforeAll(async () => {
    core = await instantiateAssembly<Probe>(probe);
    // Four bytes off a 16-byte boundary: only 4-byte alignment is promised to be needed.
    time = core.at() + 4;
    spectrum = time + WINDOW * 4 + 4;
    back = spectrum + BINS * 8 + 4;
  });

  const view = (at: number, length: number) => new Float32Array(core.memory.buffer, at, length);

  it.each(signals)('is the transform of its definition: %s', (_, signal) => {
    view(time, WINDOW).set(signal);
    core.forward(time, spectrum);
    expect(snr(naive(signal), view(spectrum, 2 * BINS))).toBeGreaterThan(130);
    expect(view(spectrum, 2)[1]).toBe(0);
    expect(view(spectrum, 2 * BINS)[2 * BINS - 1]).toBe(0);
  });

  it.each(signals)('is undone by its inverse: %s', (_, signal) => {
    view(time, WINDOW).set(signal);
    core.forward(time, spectrum);
    core.inverse(spectrum, back);
    const result = view(back, WINDOW);
    let worst = 0;
    for (let n = 0; n < WINDOW; n++) worst = Math.max(worst, Math.abs(result[n] - signal[n]));
    expect(worst).toBeLessThan(1e-6);
  });

  it.each(signals)('stays within -125 dB of its scalar twin, both ways: %s', (_, signal) => {
    view(time, WINDOW).set(signal);
    core.forwardScalar(time, spectrum);
    const expected = view(spectrum, 2 * BINS).slice();
    core.forward(time, spectrum);
    expect(snr(expected, view(spectrum, 2 * BINS))).toBeGreaterThan(125);
    core.inverseScalar(spectrum, back);
    const expectedTime = view(back, WINDOW).slice();
    core.inverse(spectrum, back);
    expect(snr(expectedTime, view(back, WINDOW))).toBeGreaterThan(125);
  });

  it('ignores the imaginary parts of DC and Nyquist', () => {
    view(time, WINDOW).set(noise(WINDOW, 3));
    core.forward(time, spectrum);
    core.inverse(spectrum, back);
    const expected = view(back, WINDOW).slice();
    view(spectrum, 2 * BINS)[1] = 9;
    view(spectrum, 2 * BINS)[2 * BINS - 1] = -9;
    core.inverse(spectrum, back);
    expect(view(back, WINDOW)).toEqual(expected);
  });

  it('reads its input only, and writes inside its output only', () => {
    const input = noise(WINDOW, 4);
    view(time, WINDOW).set(input);
    for (const edge of [time - 4, spectrum - 4, back - 4, back + WINDOW * 4]) view(edge, 1)[0] = CANARY;
    core.forward(time, spectrum);
    const bins = view(spectrum, 2 * BINS).slice();
    core.inverse(spectrum, back);
    expect(view(time, WINDOW)).toEqual(input);
    expect(view(spectrum, 2 * BINS)).toEqual(bins);
    for (const edge of [time - 4, spectrum - 4, back - 4, back + WINDOW * 4]) expect(view(edge, 1)[0]).toBe(CANARY);
  });
});
