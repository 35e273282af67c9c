/**
 * 34 ERB-spaced bands as triangles that overlap by half, none narrower than 100 Hz.
 *
 * Band centres in bins of 50 Hz. The table is taken from RNNoise 0.2 (same author as PercepNet; its licence is in NOTICE), which
 * follows the ERB scale 9.265 ln(1 + f / 228.8) above the 100 Hz limit.
 */
import { BANDS, BINS, BINS_BYTES, BINS_PADDED } from '../constants';
import { RUMBLE_CORNER } from '../settings';
import { binProducts } from './vector';

export const CENTRES: StaticArray<i32> = [
  0, 2, 4, 6, 8, 10, 12, 15, 18, 21, 24, 28, 32, 36, 41, 47, 53, 60, 68, 77, 87, 98, 110, 124, 140, 157, 176, 198, 223,
  251, 282, 317, 356, 400,
];

/** Share of bin j that belongs to the upper of its two bands: f = (j - e_i) / (e_{i+1} - e_i). */
const FRACTION = new StaticArray<f32>(BINS_PADDED);
for (let i = 0; i < BANDS - 1; i++) {
  const from = unchecked(CENTRES[i]);
  const to = unchecked(CENTRES[i + 1]);
  for (let j = from; j < to; j++) unchecked((FRACTION[j] = ((j - from) as f32) / ((to - from) as f32)));
}

/** Bands between two neighbouring centres at least this many bins apart are summed four bins at a time. */
const WIDE: i32 = 4;
let narrow = 0;
while (unchecked(CENTRES[narrow + 1]) - unchecked(CENTRES[narrow]) < WIDE) narrow++;
/** First such band. */
const FIRST_WIDE: i32 = narrow;
/** All ones in the first n of four lanes, for the last bins of a band. */
const LANES: usize = memory.data<i32>([0, 0, 0, 0, -1, 0, 0, 0, -1, -1, 0, 0, -1, -1, -1, 0], 16);

/** Bins that RUMBLE changes. */
const RUMBLE_BINS: i32 = 16;
/** |H|^2 of the 40 Hz high-pass: the bands leave out the rumble below the lowest voice, without turning any phase. */
const RUMBLE = new StaticArray<f32>(RUMBLE_BINS);
for (let k = 0; k < RUMBLE_BINS; k++) {
  const ratio = ((50.0 * (k as f64)) / RUMBLE_CORNER) ** 4;
  unchecked((RUMBLE[k] = (ratio / (1.0 + ratio)) as f32));
}

const PRODUCTS = new StaticArray<f32>(BINS_PADDED);

/** Sum of the four lanes. */
function total(v: v128): f32 {
  const pairs = f32x4.add(v, v128.shuffle<f32>(v, v, 2, 3, 0, 1));
  return f32x4.extract_lane(pairs, 0) + f32x4.extract_lane(pairs, 1);
}

/** Triangular sums of PRODUCTS; the half triangles at both ends count double. */
function bandSums(bands: usize): void {
  const products = changetype<usize>(PRODUCTS);
  const fraction = changetype<usize>(FRACTION);
  let carry: f32 = 0;
  for (let i = 0; i < FIRST_WIDE; i++) {
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
  // What the bins below a centre give to its band, kept in four lanes until those above it are there too.
  let below = f32x4.replace_lane(f32x4.splat(0), 0, carry);
  for (let i = FIRST_WIDE; i < BANDS - 1; i++) {
    let own = below;
    below = f32x4.splat(0);
    let j = (unchecked(CENTRES[i]) as usize) << 2;
    const to = (unchecked(CENTRES[i + 1]) as usize) << 2;
    for (; j + 16 <= to; j += 16) {
      const p = v128.load(products + j);
      const upper = f32x4.mul(v128.load(fraction + j), p);
      own = f32x4.add(own, f32x4.sub(p, upper));
      below = f32x4.add(below, upper);
    }
    const p = v128.and(v128.load(products + j), v128.load(LANES + ((to - j) << 2)));
    const upper = f32x4.mul(v128.load(fraction + j), p);
    own = f32x4.add(own, f32x4.sub(p, upper));
    below = f32x4.add(below, upper);
    store<f32>(bands + (i << 2), total(own));
  }
  const last = load<f32>(products + ((unchecked(CENTRES[BANDS - 1]) as usize) << 2));
  store<f32>(bands, 2 * load<f32>(bands));
  store<f32>(bands + ((BANDS - 1) << 2), 2 * (total(below) + last));
}

function leaveOutRumble(): void {
  for (let k = 0; k < RUMBLE_BINS; k++) unchecked((PRODUCTS[k] *= RUMBLE[k]));
}

/**
 * Re[a_b^H b_b] per band, rumble left out. Real-time safe.
 * @param a, b spectra of 481 (re, im) pairs; the same one twice gives the band energies
 * @param bands 34 f32
 */
export function bandProducts(a: usize, b: usize, bands: usize): void {
  const products = changetype<usize>(PRODUCTS);
  for (let k: usize = 0; k < (BINS as usize) - 1; k += 4) {
    v128.store(products + (k << 2), binProducts(a + (k << 3), b + (k << 3)));
  }
  leaveOutRumble();
  bandSums(bands);
}

/**
 * Energies of 34 bands from the powers of 481 bins, rumble left out. Real-time safe.
 * @param powers 481 f32
 * @param bands 34 f32
 */
export function bandEnergies(powers: usize, bands: usize): void {
  memory.copy(changetype<usize>(PRODUCTS), powers, BINS_BYTES);
  leaveOutRumble();
  bandSums(bands);
}

/**
 * Gains of 34 bands spread over 481 bins with the same triangles; above 20 kHz the last band's gain.
 * Real-time safe.
 * @param bins room for 484 f32: whole vectors are written
 */
export function interpolate(bands: usize, bins: usize): void {
  const fraction = changetype<usize>(FRACTION);
  // The last vector of a band may reach into the next one, which is written after it.
  for (let i = 0; i < BANDS - 1; i++) {
    const low = load<f32>(bands + (i << 2));
    const slope = f32x4.splat(load<f32>(bands + (i << 2), 4) - low);
    const base = f32x4.splat(low);
    const to = (unchecked(CENTRES[i + 1]) as usize) << 2;
    for (let j = (unchecked(CENTRES[i]) as usize) << 2; j < to; j += 16) {
      v128.store(bins + j, f32x4.add(base, f32x4.mul(slope, v128.load(fraction + j))));
    }
  }
  const top = f32x4.splat(load<f32>(bands + ((BANDS - 1) << 2)));
  for (let j = (unchecked(CENTRES[BANDS - 1]) as usize) << 2; j < (BINS as usize) << 2; j += 16)
    v128.store(bins + j, top);
}
