/** Uniform in 0..1, repeatable. */
export function uniform(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

/** Whole numbers below `below`, repeatable. */
export function randomFrom(seed: number): (below: number) => number {
  const draw = uniform(seed);
  return (below) => Math.floor(draw() * below);
}

/** Uniform in -1..1, repeatable. */
export function noise(length: number, seed: number): Float32Array<ArrayBuffer> {
  const random = uniform(seed);
  return Float32Array.from({ length }, () => 2 * random() - 1);
}

/** Sum of sines below `highest` hertz: what a resampler must keep. */
export function tones(length: number, rate: number, highest: number): Float32Array<ArrayBuffer> {
  const frequencies = [0.11, 0.23, 0.47, 0.71, 0.97].map((share) => share * highest);
  return Float32Array.from({ length }, (_, n) =>
    frequencies.reduce((sum, f, i) => sum + 0.1 * Math.sin((2 * Math.PI * f * n) / rate + i), 0),
  );
}

/** dB of `reference` over the difference, the first and last `edge` samples left out. */
export function snr(reference: ArrayLike<number>, measured: ArrayLike<number>, edge = 0): number {
  let signal = 0;
  let error = 0;
  for (let i = edge; i < reference.length - edge; i++) {
    signal += reference[i]! ** 2;
    error += (reference[i]! - measured[i]!) ** 2;
  }
  return 10 * Math.log10(signal / error);
}

/** Harmonics of a pitch, a crude vowel. */
export function voice(length: number, hz: number): Float32Array<ArrayBuffer> {
  const x = new Float32Array(length);
  for (let k = 1; k * hz < 4000; k++) {
    for (let n = 0; n < length; n++) x[n]! += (0.1 / k) * Math.sin((2 * Math.PI * k * hz * n) / 48000 + k * k);
  }
  return x;
}

export function rms(x: Float32Array, from = 0, to = x.length): number {
  let sum = 0;
  for (let i = from; i < to; i++) sum += x[i]! * x[i]!;
  return Math.sqrt(sum / (to - from));
}

/** The core's DC blocker in double precision. */
export function blocked(x: Float32Array): Float64Array {
  const r = 1 - (2 * Math.PI * 1) / 48000;
  const y = new Float64Array(x.length);
  for (let n = 0; n < x.length; n++) y[n] = x[n]! - (x[n - 1] ?? 0) + r * (y[n - 1] ?? 0);
  return y;
}

/** One after the other. */
export function joined(parts: readonly Float32Array[]): Float32Array<ArrayBuffer> {
  const all = new Float32Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}
