/** Sums and products over f32 vectors, and four bins of a spectrum at a time, (re, im) pairs, that several stages share. Real-time safe; no alignment needed. */

/** Sum of a[i] b[i] over n values; n is a multiple of 4. */
export function dot(a: usize, b: usize, n: i32): f32 {
  let s0 = f32x4.splat(0);
  let s1 = f32x4.splat(0);
  const bytes = (n as usize) << 2;
  let i: usize = 0;
  for (; i + 32 <= bytes; i += 32) {
    s0 = f32x4.add(s0, f32x4.mul(v128.load(a + i), v128.load(b + i)));
    s1 = f32x4.add(s1, f32x4.mul(v128.load(a + i, 16), v128.load(b + i, 16)));
  }
  if (i < bytes) s0 = f32x4.add(s0, f32x4.mul(v128.load(a + i), v128.load(b + i)));
  s0 = f32x4.add(s0, s1);
  return (
    f32x4.extract_lane(s0, 0) + f32x4.extract_lane(s0, 1) + (f32x4.extract_lane(s0, 2) + f32x4.extract_lane(s0, 3))
  );
}

/** Real parts of four bins. */
export function binReals(a: usize): v128 {
  return v128.shuffle<f32>(v128.load(a), v128.load(a, 16), 0, 2, 4, 6);
}

/** Imaginary parts of four bins. */
export function binImaginaries(a: usize): v128 {
  return v128.shuffle<f32>(v128.load(a), v128.load(a, 16), 1, 3, 5, 7);
}

/** Four bins of these parts. */
export function storeBins(a: usize, re: v128, im: v128): void {
  v128.store(a, v128.shuffle<f32>(re, im, 0, 4, 1, 5));
  v128.store(a, v128.shuffle<f32>(re, im, 2, 6, 3, 7), 16);
}

/** Whether n values are all zero; n is a multiple of 4. */
export function isZero(a: usize, n: i32): bool {
  const zero = f32x4.splat(0);
  const bytes = (n as usize) << 2;
  for (let i: usize = 0; i < bytes; i += 16) if (v128.any_true(f32x4.ne(v128.load(a + i), zero))) return false;
  return true;
}

/** Re[conj(a) b] of four bins, (re, im) pairs. */
export function binProducts(a: usize, b: usize): v128 {
  const p0 = f32x4.mul(v128.load(a), v128.load(b));
  const p1 = f32x4.mul(v128.load(a, 16), v128.load(b, 16));
  return f32x4.add(v128.shuffle<f32>(p0, p1, 0, 2, 4, 6), v128.shuffle<f32>(p0, p1, 1, 3, 5, 7));
}

/** Im[conj(a) b] of four bins: how b is turned against a. */
export function binTurns(a: usize, b: usize): v128 {
  return f32x4.sub(f32x4.mul(binReals(a), binImaginaries(b)), f32x4.mul(binImaginaries(a), binReals(b)));
}
