/** Triangular band sums by the definition, in double precision, bins weighted by the power response of the 40 Hz high-pass. */
export function naiveBands(centres: readonly number[], plain: (k: number) => number): Float64Array {
  const product = (k: number) => (k < 16 ? (plain(k) * (k * 50) ** 4) / ((k * 50) ** 4 + 40 ** 4) : plain(k));
  const sums = new Float64Array(34);
  for (let i = 0; i < 33; i++) {
    const from = centres[i]!;
    const to = centres[i + 1]!;
    for (let j = from; j < to; j++) {
      const f = (j - from) / (to - from);
      sums[i]! += (1 - f) * product(j);
      sums[i + 1]! += f * product(j);
    }
  }
  sums[33]! += product(400);
  sums[0]! *= 2;
  sums[33]! *= 2;
  return sums;
}

/** Values of bands spread over the bins by the definition. */
export function naiveSpread(centres: readonly number[], bands: ArrayLike<number>): Float64Array {
  const bins = new Float64Array(481).fill(bands[33]!);
  for (let i = 0; i < 33; i++) {
    const from = centres[i]!;
    const to = centres[i + 1]!;
    for (let j = from; j < to; j++) bins[j] = bands[i]! + ((j - from) / (to - from)) * (bands[i + 1]! - bands[i]!);
  }
  return bins;
}
