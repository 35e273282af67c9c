import { noise } from './signals';

/** Samples of the window, and bins of its real spectrum. */
export const WINDOW = 960;
export const BINS = 481;

function tone(bin: number, phase: number): Float32Array {
  return Float32Array.from({ length: WINDOW }, (_, n) => Math.cos((2 * Math.PI * bin * n) / WINDOW + phase));
}

/** The definition, in double precision. */
export function naiveSpectrum(time: Float32Array): Float64Array {
  const spectrum = new Float64Array(2 * BINS);
  for (let k = 0; k < BINS; k++) {
    for (let n = 0; n < WINDOW; n++) {
      const angle = (-2 * Math.PI * ((k * n) % WINDOW)) / WINDOW;
      spectrum[2 * k]! += time[n]! * Math.cos(angle);
      spectrum[2 * k + 1]! += time[n]! * Math.sin(angle);
    }
  }
  return spectrum;
}

/** What a transform is tried on. */
export const signals: [string, Float32Array][] = [
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
