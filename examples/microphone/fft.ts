/** Power spectra for pictures: a plain radix-2 transform. */
const SIZE = 2048;

const window = Float32Array.from({ length: SIZE }, (_, n) => 0.5 - 0.5 * Math.cos((2 * Math.PI * (n + 0.5)) / SIZE));
const cosines = Float32Array.from({ length: SIZE / 2 }, (_, k) => Math.cos((2 * Math.PI * k) / SIZE));
const sines = Float32Array.from({ length: SIZE / 2 }, (_, k) => -Math.sin((2 * Math.PI * k) / SIZE));
const real = new Float32Array(SIZE);
const imaginary = new Float32Array(SIZE);
const power = new Float32Array(SIZE / 2);

/** |X|^2 of the 1024 lower bins around a sample, 1 for a full-scale sine. The array is used again by the next call. */
export function powerSpectrum(samples: Float32Array, centre: number): Float32Array {
  for (let n = 0; n < SIZE; n++) {
    real[reversed(n)] = (samples[centre - SIZE / 2 + n] ?? 0) * window[n]!;
  }
  imaginary.fill(0);
  for (let half = 1; half < SIZE; half *= 2) {
    const stride = SIZE / (2 * half);
    for (let start = 0; start < SIZE; start += 2 * half) {
      for (let k = 0; k < half; k++) {
        const c = cosines[k * stride]!;
        const s = sines[k * stride]!;
        const a = start + k;
        const b = a + half;
        const re = real[b]! * c - imaginary[b]! * s;
        const im = real[b]! * s + imaginary[b]! * c;
        real[b] = real[a]! - re;
        imaginary[b] = imaginary[a]! - im;
        real[a] = real[a]! + re;
        imaginary[a] = imaginary[a]! + im;
      }
    }
  }
  // A sine of amplitude 1 under this window has |X| = SIZE / 4.
  const scale = (4 / SIZE) ** 2;
  for (let k = 0; k < power.length; k++) power[k] = (real[k]! ** 2 + imaginary[k]! ** 2) * scale;
  return power;
}

const BITS = Math.log2(SIZE);

function reversed(n: number): number {
  let out = 0;
  for (let bit = 0; bit < BITS; bit++) out |= ((n >> bit) & 1) << (BITS - 1 - bit);
  return out;
}
