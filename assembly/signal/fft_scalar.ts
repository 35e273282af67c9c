/**
 * Scalar twin of fft.ts: the same contract, written for reading. Tests bound the distance between the two; nothing ships it.
 *
 * 960 real samples are taken as 480 complex ones (even, odd), transformed by a Stockham autosort FFT of radices 5, 3, 4, 4, 2
 * and split into the spectrum of the real signal.
 */
import { BINS, WINDOW } from '../constants';

const N: i32 = WINDOW / 2;
const RADICES: StaticArray<i32> = [5, 3, 4, 4, 2];

/** exp(-2 pi i k / 480), interleaved. */
const TWIDDLES = new StaticArray<f32>(2 * N);
/** exp(-2 pi i k / 960), interleaved. */
const SPLIT = new StaticArray<f32>(2 * BINS);
const BUFFER_A = new StaticArray<f32>(2 * N);
const BUFFER_B = new StaticArray<f32>(2 * N);

for (let k = 0; k < N; k++) {
  const angle = (-2.0 * Math.PI * (k as f64)) / (N as f64);
  TWIDDLES[2 * k] = Math.cos(angle) as f32;
  TWIDDLES[2 * k + 1] = Math.sin(angle) as f32;
}
for (let k = 0; k < BINS; k++) {
  const angle = (-2.0 * Math.PI * (k as f64)) / (WINDOW as f64);
  SPLIT[2 * k] = Math.cos(angle) as f32;
  SPLIT[2 * k + 1] = Math.sin(angle) as f32;
}

/** Complex FFT of 480 values from BUFFER_A; returns the buffer that holds the result. */
function complexFft(): usize {
  let source = changetype<usize>(BUFFER_A);
  let target = changetype<usize>(BUFFER_B);
  const twiddles = changetype<usize>(TWIDDLES);
  let n = N;
  let stride = 1;
  for (let stage = 0; stage < 5; stage++) {
    const radix = unchecked(RADICES[stage]);
    const m = n / radix;
    const step = N / n;
    const turn = N / radix;
    for (let p = 0; p < m; p++) {
      for (let k = 0; k < radix; k++) {
        const tw = twiddles + ((((p * k) % n) * step) << 3);
        const wr = load<f32>(tw);
        const wi = load<f32>(tw, 4);
        for (let q = 0; q < stride; q++) {
          let re: f32 = 0;
          let im: f32 = 0;
          for (let j = 0; j < radix; j++) {
            const x = source + ((q + stride * (p + m * j)) << 3);
            const xr = load<f32>(x);
            const xi = load<f32>(x, 4);
            const c = twiddles + ((((j * k) % radix) * turn) << 3);
            const cr = load<f32>(c);
            const ci = load<f32>(c, 4);
            re += xr * cr - xi * ci;
            im += xr * ci + xi * cr;
          }
          const y = target + ((q + stride * (radix * p + k)) << 3);
          store<f32>(y, re * wr - im * wi);
          store<f32>(y, re * wi + im * wr, 4);
        }
      }
    }
    const swap = source;
    source = target;
    target = swap;
    n = m;
    stride *= radix;
  }
  return source;
}

/**
 * Forward transform: X[k] = sum over n of x[n] exp(-2 pi i k n / 960). Real-time safe.
 * @param time 960 f32
 * @param spectrum 481 pairs (re, im) of f32; must not overlap `time`
 */
export function rfft(time: usize, spectrum: usize): void {
  memory.copy(changetype<usize>(BUFFER_A), time, WINDOW * 4);
  const z = complexFft();
  const split = changetype<usize>(SPLIT);
  for (let k = 0; k <= N / 2; k++) {
    const a = z + (k << 3);
    const b = z + (((N - k) % N) << 3);
    const ar = load<f32>(a);
    const ai = load<f32>(a, 4);
    const br = load<f32>(b);
    const bi = -load<f32>(b, 4);
    const er: f32 = 0.5 * (ar + br);
    const ei: f32 = 0.5 * (ai + bi);
    const or: f32 = 0.5 * (ai - bi);
    const oi: f32 = -0.5 * (ar - br);
    const wr = load<f32>(split + (k << 3));
    const wi = load<f32>(split + (k << 3), 4);
    const tr = or * wr - oi * wi;
    const ti = or * wi + oi * wr;
    store<f32>(spectrum + (k << 3), er + tr);
    store<f32>(spectrum + (k << 3), ei + ti, 4);
    store<f32>(spectrum + ((N - k) << 3), er - tr);
    store<f32>(spectrum + ((N - k) << 3), -(ei - ti), 4);
  }
}

/**
 * Inverse transform, scaled by 1/960. Real-time safe.
 * @param spectrum 481 pairs (re, im) of f32; the imaginary parts of bins 0 and 480 are ignored
 * @param time 960 f32; must not overlap `spectrum`
 */
export function irfft(spectrum: usize, time: usize): void {
  const split = changetype<usize>(SPLIT);
  const buffer = changetype<usize>(BUFFER_A);
  const scale: f32 = 1.0 / (N as f32);
  for (let k = 0; k < N; k++) {
    const a = spectrum + (k << 3);
    const b = spectrum + ((N - k) << 3);
    const ar = load<f32>(a);
    const ai = k == 0 ? <f32>0 : load<f32>(a, 4);
    const br = load<f32>(b);
    const bi = k == 0 ? <f32>0 : -load<f32>(b, 4);
    const er: f32 = 0.5 * (ar + br);
    const ei: f32 = 0.5 * (ai + bi);
    const dr: f32 = 0.5 * (ar - br);
    const di: f32 = 0.5 * (ai - bi);
    const wr = load<f32>(split + (k << 3));
    const wi = -load<f32>(split + (k << 3), 4);
    const or = dr * wr - di * wi;
    const oi = dr * wi + di * wr;
    // Conjugated input and output turn the forward transform into the inverse one.
    store<f32>(buffer + (k << 3), (er - oi) * scale);
    store<f32>(buffer + (k << 3), -(ei + or) * scale, 4);
  }
  const z = complexFft();
  for (let k = 0; k < N; k++) {
    store<f32>(time + (k << 3), load<f32>(z + (k << 3)));
    store<f32>(time + (k << 3), -load<f32>(z + (k << 3), 4), 4);
  }
}
