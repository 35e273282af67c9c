/**
 * 34 ERB-spaced bands as triangles that overlap by half, none narrower than 100 Hz.
 *
 * Band centres in bins of 50 Hz. The table is the one of RNNoise 0.2 (same author as PercepNet), which
 * follows the ERB scale 9.265 ln(1 + f / 228.8) above the 100 Hz limit.
 */
import { BANDS, BINS } from '../constants';
import { CUTOFF } from '../signal/highpass';

export const CENTRES: StaticArray<i32> = [
  0, 2, 4, 6, 8, 10, 12, 15, 18, 21, 24, 28, 32, 36, 41, 47, 53, 60, 68, 77, 87, 98, 110, 124, 140, 157, 176, 198, 223,
  251, 282, 317, 356, 400,
];

/** Share of bin j that belongs to the upper of its two bands: f = (j - e_i) / (e_{i+1} - e_i). */
const FRACTION = new StaticArray<f32>(BINS);
for (let i = 0; i < BANDS - 1; i++) {
  const from = unchecked(CENTRES[i]);
  const to = unchecked(CENTRES[i + 1]);
  for (let j = from; j < to; j++) unchecked((FRACTION[j] = ((j - from) as f32) / ((to - from) as f32)));
}

/** Bins that RUMBLE changes. */
const LOW_BINS: i32 = 16;
/** |H|^2 of the 40 Hz high-pass: the bands leave out the rumble below the lowest voice, without turning any phase. */
const RUMBLE = new StaticArray<f32>(LOW_BINS);
for (let k = 0; k < LOW_BINS; k++) {
  const ratio = ((50.0 * (k as f64)) / CUTOFF) ** 4;
  unchecked((RUMBLE[k] = (ratio / (1.0 + ratio)) as f32));
}

const PRODUCTS = new StaticArray<f32>(BINS + 3);

/** Triangular sums of PRODUCTS; the half triangles at both ends count double. */
function bandSums(bands: usize): void {
  const products = changetype<usize>(PRODUCTS);
  const fraction = changetype<usize>(FRACTION);
  let carry: f32 = 0;
  for (let i = 0; i < BANDS - 1; i++) {
    let own = carry;
    carry = 0;
    const to = (unchecked(CENTRES[i + 1]) as usize) << 2;
    for (let j = (unchecked(CENTRES[i]) as usize) << 2; j < to; j += 4) {
      const p = load<f32>(products + j);
      const upper = load<f32>(fraction + j) * p;
      own += p - upper;
      carry += upper;
    }
    store<f32>(bands + (i << 2), own);
  }
  const last = load<f32>(products + ((unchecked(CENTRES[BANDS - 1]) as usize) << 2));
  store<f32>(bands, 2 * load<f32>(bands));
  store<f32>(bands + ((BANDS - 1) << 2), 2 * (carry + last));
}

/**
 * Re[a_b^H b_b] per band, rumble left out. Real-time safe.
 * @param a, b spectra of 481 (re, im) pairs; the same one twice gives the band energies
 * @param bands 34 f32
 */
export function bandProducts(a: usize, b: usize, bands: usize): void {
  const products = changetype<usize>(PRODUCTS);
  for (let k: usize = 0; k < 480; k += 4) {
    const a0 = v128.load(a + (k << 3));
    const a1 = v128.load(a + (k << 3), 16);
    const p0 = f32x4.mul(a0, v128.load(b + (k << 3)));
    const p1 = f32x4.mul(a1, v128.load(b + (k << 3), 16));
    const even = v128.shuffle<f32>(p0, p1, 0, 2, 4, 6);
    const odd = v128.shuffle<f32>(p0, p1, 1, 3, 5, 7);
    v128.store(products + (k << 2), f32x4.add(even, odd));
  }
  for (let k = 0; k < LOW_BINS; k++) {
    store<f32>(products + (k << 2), unchecked(RUMBLE[k]) * load<f32>(products + (k << 2)));
  }
  bandSums(bands);
}

/**
 * Gains of 34 bands spread over 481 bins with the same triangles; above 20 kHz the last band's gain.
 * Real-time safe.
 */
export function interpolate(bands: usize, bins: usize): void {
  const fraction = changetype<usize>(FRACTION);
  for (let i = 0; i < BANDS - 1; i++) {
    const low = load<f32>(bands + (i << 2));
    const slope = load<f32>(bands + (i << 2), 4) - low;
    const to = (unchecked(CENTRES[i + 1]) as usize) << 2;
    for (let j = (unchecked(CENTRES[i]) as usize) << 2; j < to; j += 4) {
      store<f32>(bins + j, low + slope * load<f32>(fraction + j));
    }
  }
  const top = load<f32>(bands + ((BANDS - 1) << 2));
  for (let j = unchecked(CENTRES[BANDS - 1]); j < BINS; j++) store<f32>(bins + ((j as usize) << 2), top);
}
