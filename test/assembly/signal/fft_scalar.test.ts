/** The plain twin by itself: what the SIMD transform is compared with is right. */
import { describe, expect, it } from 'vitest';
import { bench } from '../../helpers/bench';
import { BINS, naiveSpectrum, signals, WINDOW } from '../../helpers/naive-fft';
import { noise, snr } from '../../helpers/signals';

const scalar = bench<{
  rfft(time: number, spectrum: number): void;
  irfft(spectrum: number, time: number): void;
}>(`export { rfft, irfft } from './assembly/signal/fft_scalar';`);
const [SPECTRUM, BACK] = [WINDOW, WINDOW + 2 * BINS];

describe('plain 960-point real FFT', () => {
  const forward = (signal: Float32Array): Float32Array => {
    scalar.f32.set(signal);
    scalar.core.rfft(scalar.address(0), scalar.address(SPECTRUM));
    return scalar.f32.subarray(SPECTRUM, SPECTRUM + 2 * BINS);
  };
  const back = (): Float32Array => {
    scalar.core.irfft(scalar.address(SPECTRUM), scalar.address(BACK));
    return scalar.f32.subarray(BACK, BACK + WINDOW);
  };

  it.each(signals)('is the transform of its definition, and undone by its inverse: %s', (_, signal) => {
    expect(snr(naiveSpectrum(signal), forward(signal))).toBeGreaterThan(120);
    expect(snr(signal, back())).toBeGreaterThan(120);
  });

  it('ignores the imaginary parts of DC and Nyquist', () => {
    const spectrum = forward(noise(WINDOW, 3));
    const expected = back().slice();
    spectrum[1] = 9;
    spectrum[2 * BINS - 1] = -9;
    expect(back()).toEqual(expected);
  });
});
