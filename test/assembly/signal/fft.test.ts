import { beforeAll, describe, expect, it } from 'vitest';
import { instantiateAssembly } from '../../helpers/assembly';
import { BINS, naiveSpectrum, signals, WINDOW } from '../../helpers/naive-fft';
import { noise, snr } from '../../helpers/signals';

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
    expect(snr(naiveSpectrum(signal), view(spectrum, 2 * BINS))).toBeGreaterThan(130);
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
