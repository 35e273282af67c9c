/**
 * Real FFT of one 20 ms window (960 samples at 48 kHz), forward and inverse, in f32 SIMD.
 *
 * Contract
 * - rfft is unnormalised, X[k] = SUM x[n] e^(-2 pi i k n / 960); irfft is its exact inverse (scaled by 1/960).
 * - A spectrum is 481 interleaved (re, im) f32 pairs, DC first, Nyquist last, both with im = 0.
 * - Pointers are 4-byte aligned at least. `time` and `spectrum` must not overlap.
 * - Real-time safe. Not re-entrant: the work buffers are shared, which one thread per instance makes safe.
 *
 * The real signal is read as 480 complex numbers x[2n] + i x[2n+1], transformed (complex_fft.ts) and untangled.
 * The scalar twin that bounds its error is fft_scalar.ts.
 */
import { bufferB, PLANE, POINTS, storeTwiddle, transform } from './complex_fft';
import { binImaginaries, binReals, storeBins } from './vector';

/** Per 4 bins from bin 1: re[4], im[4] of e^(-2 pi i k / 960) / 2. */
const untangleTwiddles: usize = memory.data(240 * 2 * 4, 16);
for (let k = 0; k < 240; k++) {
  const at = untangleTwiddles + (((k >> 2) * 8 + (k & 3)) << 2);
  storeTwiddle(at, at + 16, k + 1, 960, 0.5);
}

/**
 * Forward transform.
 * @param time 960 f32
 * @param spectrum 481 (re, im) f32 pairs
 */
export function rfft(time: usize, spectrum: usize): void {
  transform(time);
  // X[k] = E + W O, X[480 - k] = conj(E - W O), with E = (Z[k] + conj Z[480-k]) / 2, O = -i (Z[k] - conj Z[480-k]) / 2,
  // W = e^(-2 pi i k / 960). The table holds W / 2.
  const re0 = load<f32>(bufferB);
  const im0 = load<f32>(bufferB, PLANE);
  store<f32>(spectrum, re0 + im0);
  store<f32>(spectrum, 0, 4);
  store<f32>(spectrum, re0 - im0, 3840);
  store<f32>(spectrum, 0, 3844);
  const half = f32x4.splat(0.5);
  let twiddle = untangleTwiddles;
  // 4 bins from bin k, mirrored by the 4 bins down from 480 - k; the last four overlap their own mirrors consistently.
  let low = bufferB + 4;
  let high = bufferB + ((POINTS - 4) << 2);
  let outLow = spectrum + 8;
  let outHigh = spectrum + ((POINTS - 4) << 3);
  for (let block = 0; block < 60; block++) {
    const zr = v128.load(low);
    const zi = v128.load(low, PLANE);
    let mirror = v128.load(high);
    const mr = v128.shuffle<f32>(mirror, mirror, 3, 2, 1, 0);
    mirror = v128.load(high, PLANE);
    const mi = v128.shuffle<f32>(mirror, mirror, 3, 2, 1, 0);
    const er = f32x4.mul(f32x4.add(zr, mr), half);
    const ei = f32x4.mul(f32x4.sub(zi, mi), half);
    const or = f32x4.add(zi, mi);
    const oi = f32x4.sub(mr, zr);
    const wr = v128.load(twiddle);
    const wi = v128.load(twiddle, 16);
    const tr = f32x4.sub(f32x4.mul(or, wr), f32x4.mul(oi, wi));
    const ti = f32x4.add(f32x4.mul(or, wi), f32x4.mul(oi, wr));
    const xr = f32x4.add(er, tr);
    const xi = f32x4.add(ei, ti);
    const yr = f32x4.sub(er, tr);
    const yi = f32x4.sub(ti, ei);
    storeBins(outLow, xr, xi);
    v128.store(outHigh, v128.shuffle<f32>(yr, yi, 3, 7, 2, 6));
    v128.store(outHigh, v128.shuffle<f32>(yr, yi, 1, 5, 0, 4), 16);
    twiddle += 32;
    low += 16;
    high -= 16;
    outLow += 32;
    outHigh -= 32;
  }
}

/**
 * Inverse transform, scaled so that irfft(rfft(x)) = x. The imaginary parts of DC and Nyquist are ignored.
 * @param spectrum 481 (re, im) f32 pairs, left untouched
 * @param time 960 f32
 */
export function irfft(spectrum: usize, time: usize): void {
  // Z[k] = E + i O with E = (X[k] + conj X[480-k]) / 2, O = (X[k] - conj X[480-k]) conj(W) / 2. The inverse complex FFT is the
  // forward one with real and imaginary parts exchanged on both sides, so Z is stored as (im, re).
  const dc = load<f32>(spectrum);
  const nyquist = load<f32>(spectrum, 3840);
  store<f32>(bufferB, 0.5 * (dc - nyquist));
  store<f32>(bufferB, 0.5 * (dc + nyquist), 4);
  const half = f32x4.splat(0.5);
  let twiddle = untangleTwiddles;
  let low = spectrum + 8;
  let high = spectrum + ((POINTS - 4) << 3);
  let outLow = bufferB + 8;
  let outHigh = bufferB + ((POINTS - 4) << 3);
  for (let block = 0; block < 60; block++) {
    const xr = binReals(low);
    const xi = binImaginaries(low);
    const first = v128.load(high);
    const second = v128.load(high, 16);
    const mr = v128.shuffle<f32>(first, second, 6, 4, 2, 0);
    const mi = v128.shuffle<f32>(first, second, 7, 5, 3, 1);
    const er = f32x4.mul(f32x4.add(xr, mr), half);
    const ei = f32x4.mul(f32x4.sub(xi, mi), half);
    const dr = f32x4.sub(xr, mr);
    const di = f32x4.add(xi, mi);
    const wr = v128.load(twiddle);
    const wi = v128.load(twiddle, 16);
    const or = f32x4.add(f32x4.mul(dr, wr), f32x4.mul(di, wi));
    const oi = f32x4.sub(f32x4.mul(di, wr), f32x4.mul(dr, wi));
    const zr = f32x4.sub(er, oi);
    const zi = f32x4.add(ei, or);
    const yr = f32x4.add(er, oi);
    const yi = f32x4.sub(or, ei);
    storeBins(outLow, zi, zr);
    v128.store(outHigh, v128.shuffle<f32>(yi, yr, 3, 7, 2, 6));
    v128.store(outHigh, v128.shuffle<f32>(yi, yr, 1, 5, 0, 4), 16);
    twiddle += 32;
    low += 32;
    high -= 32;
    outLow += 32;
    outHigh -= 32;
  }
  transform(bufferB);
  const scale = f32x4.splat(<f32>(1.0 / 480.0));
  for (let n: usize = 0; n < PLANE; n += 16) {
    const odd = f32x4.mul(v128.load(bufferB + n), scale);
    const even = f32x4.mul(v128.load(bufferB + n, PLANE), scale);
    storeBins(time + (n << 1), even, odd);
  }
}
