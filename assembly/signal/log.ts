/** Logarithms, four at a time. Real-time safe. */

/** sqrt 2 in bits: mantissas above count as the lower half of the next octave. */
const ROOT: i32 = 0x3504f3;
/** 2 / ln 2 */
const SCALE: f32 = 2.885390081777927;

/**
 * log2 of four positive, normal numbers: |error| < 3e-7 + 6e-8 |log2 x|. x = 2^e m with m in sqrt 1/2 .. sqrt 2, and with t = (m - 1) / (m + 1)
 * log2 m = 2 / ln 2 (t + t^3 / 3 + t^5 / 5 + t^7 / 7 + t^9 / 9 ...).
 */
export function log2x4(x: v128): v128 {
  // The bits of 1 / sqrt 2 and more are taken off in whole octaves.
  const e = i32x4.shr_s(i32x4.sub(x, i32x4.splat(0x3f800000 - (0x800000 - ROOT))), 23);
  const m = i32x4.sub(x, i32x4.shl(e, 23));
  const one = f32x4.splat(1);
  const t = f32x4.div(f32x4.sub(m, one), f32x4.add(m, one));
  const u = f32x4.mul(t, t);
  let p = f32x4.add(f32x4.mul(f32x4.splat(1.0 / 9.0), u), f32x4.splat(1.0 / 7.0));
  p = f32x4.add(f32x4.mul(p, u), f32x4.splat(1.0 / 5.0));
  p = f32x4.add(f32x4.mul(p, u), f32x4.splat(1.0 / 3.0));
  p = f32x4.add(f32x4.mul(p, u), one);
  return f32x4.add(f32x4.convert_i32x4_s(e), f32x4.mul(f32x4.mul(f32x4.splat(SCALE), t), p));
}
