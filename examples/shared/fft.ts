/** Power spectra for pictures: a plain radix-2 transform. */

export class PowerSpectrum {
  private readonly window: Float32Array;
  private readonly cosines: Float32Array;
  private readonly sines: Float32Array;
  private readonly places: Uint32Array;
  private readonly real: Float32Array;
  private readonly imaginary: Float32Array;
  private readonly power: Float32Array;

  /** @param size samples of a window, a power of two */
  constructor(readonly size: number) {
    const half = size / 2;
    const bits = Math.log2(size);
    this.window = Float32Array.from({ length: size }, (_, n) => 0.5 - 0.5 * Math.cos((2 * Math.PI * (n + 0.5)) / size));
    this.cosines = Float32Array.from({ length: half }, (_, k) => Math.cos((2 * Math.PI * k) / size));
    this.sines = Float32Array.from({ length: half }, (_, k) => -Math.sin((2 * Math.PI * k) / size));
    this.places = Uint32Array.from({ length: size }, (_, n) => reversed(n, bits));
    this.real = new Float32Array(size);
    this.imaginary = new Float32Array(size);
    this.power = new Float32Array(half);
  }

  /** |X|^2 of the lower half of the bins around a sample, 1 for a full-scale sine. The next call uses the array again. */
  around(samples: Float32Array, centre: number): Float32Array {
    const { size, window, cosines, sines, places, real, imaginary, power } = this;
    for (let n = 0; n < size; n++) real[places[n]!] = (samples[centre - size / 2 + n] ?? 0) * window[n]!;
    imaginary.fill(0);
    for (let half = 1; half < size; half *= 2) {
      const stride = size / (2 * half);
      for (let start = 0; start < size; start += 2 * half) {
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
    // A sine of amplitude 1 under this window has |X| = size / 4.
    const scale = (4 / size) ** 2;
    for (let k = 0; k < power.length; k++) power[k] = (real[k]! ** 2 + imaginary[k]! ** 2) * scale;
    return power;
  }
}

function reversed(n: number, bits: number): number {
  let out = 0;
  for (let bit = 0; bit < bits; bit++) out |= ((n >> bit) & 1) << (bits - 1 - bit);
  return out;
}
