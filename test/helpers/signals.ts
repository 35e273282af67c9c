/** Uniform in 0..1, repeatable. */
export function uniform(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
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
