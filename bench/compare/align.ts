/** How late a suppressor's output is: others do not tell. What is kept of the voice is still like the input. */

/** Of the first look. */
const STEP = 8;

/** Samples, 0 to `most`, by which `late` lags behind `input` at the best match; 0 where nothing is alike. */
export function delayOf(input: Float32Array, late: Float32Array, most: number): number {
  const coarse = best(thinned(input), thinned(late), 0, Math.ceil(most / STEP));
  return best(input, late, Math.max(0, (coarse - 1) * STEP), Math.min(most, (coarse + 1) * STEP));
}

/** The lag from first to last with the largest product. */
function best(input: Float32Array, late: Float32Array, first: number, last: number): number {
  let found = 0;
  let largest = 0;
  for (let lag = first; lag <= last; lag++) {
    const length = Math.min(input.length, late.length - lag);
    let product = 0;
    for (let n = 0; n < length; n++) product += input[n]! * late[n + lag]!;
    if (product <= largest) continue;
    largest = product;
    found = lag;
  }
  return found;
}

/** Means of STEP samples. */
function thinned(samples: Float32Array): Float32Array {
  return Float32Array.from({ length: Math.floor(samples.length / STEP) }, (_, i) => {
    let sum = 0;
    for (let k = 0; k < STEP; k++) sum += samples[i * STEP + k]!;
    return sum / STEP;
  });
}
