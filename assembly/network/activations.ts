/**
 * Activation functions and the seven-bit activation format, four or eight values at a time.
 *
 * A quantised activation is q = trunc(63 x + 64.5), clamped to 0..127, and stands for (q - 64) / 63. How a vector of them lies
 * in memory depends on the build, because each matrix kernel wants its own operand:
 *   relaxed SIMD   one byte q per value;
 *   plain SIMD     one int16 per value, within each block of four in the order 0 2 1 3: q - 64, and from those of 1 and 3
 *                  256 times that of 0 and 2 is taken off.
 * All functions but allocateActivations are real-time safe. The float arithmetic uses no relaxed instruction, so both builds compute the same bits.
 */

/** Whether this build uses the relaxed dot product. */
export const RELAXED: bool = ASC_FEATURE_RELAXED_SIMD;

/** Bytes of one quantised activation. */
export const ACTIVATION_BYTES: i32 = RELAXED ? 1 : 2;

/** The level of x = 0. */
export const ZERO_POINT: i32 = 64;

/** Levels per unit of x: x = +-1 uses 1..127. */
export const LEVELS: f32 = 63;

const TOP_LEVEL: i16 = 127;

// tanh x ~ x P(x^2) / Q(x^2) for |x| <= TANH_LIMIT, clamped beyond: |error| < 2e-6. Coefficients from training/network/fit_tanh.py.
export const TANH_LIMIT: f32 = 7.5;
export const P0: f32 = 0.999992907;
export const P1: f32 = 0.122358911;
export const P2: f32 = 0.00221872004;
export const P3: f32 = 3.66297854e-6;
export const Q1: f32 = 0.455668867;
export const Q2: f32 = 0.0207978692;
export const Q3: f32 = 0.000136104238;

/**
 * tanh of four values: |error| < 5e-6, result within -1..1. The limits are cut with pmin and pmax, one instruction where min and
 * max, which order NaN and -0, are seven.
 */
export function tanh4(x: v128): v128 {
  const t = f32x4.pmax(f32x4.pmin(x, f32x4.splat(TANH_LIMIT)), f32x4.splat(-TANH_LIMIT));
  const u = f32x4.mul(t, t);
  let p = f32x4.add(f32x4.mul(f32x4.splat(P3), u), f32x4.splat(P2));
  p = f32x4.add(f32x4.mul(p, u), f32x4.splat(P1));
  p = f32x4.add(f32x4.mul(p, u), f32x4.splat(P0));
  let q = f32x4.add(f32x4.mul(f32x4.splat(Q3), u), f32x4.splat(Q2));
  q = f32x4.add(f32x4.mul(q, u), f32x4.splat(Q1));
  q = f32x4.add(f32x4.mul(q, u), f32x4.splat(1));
  const y = f32x4.div(f32x4.mul(t, p), q);
  return f32x4.pmax(f32x4.pmin(y, f32x4.splat(1)), f32x4.splat(-1));
}

/** 1 / (1 + exp(-x)) = (1 + tanh(x / 2)) / 2 of four values: |error| < 5e-6, result within 0..1. */
export function sigmoid4(x: v128): v128 {
  const half = f32x4.splat(0.5);
  return f32x4.add(f32x4.mul(tanh4(f32x4.mul(x, half)), half), half);
}

/** Levels q of four values as int32, not yet clamped. NaN gives 0. */
function levels4(x: v128): v128 {
  const level = f32x4.add(f32x4.mul(x, f32x4.splat(LEVELS)), f32x4.splat(<f32>ZERO_POINT + 0.5));
  return i32x4.trunc_sat_f32x4_s(level);
}

/** Quantises eight values and stores them at activations (8 * ACTIVATION_BYTES bytes). */
export function storeActivations(activations: usize, low: v128, high: v128): void {
  let q = i16x8.narrow_i32x4_s(levels4(low), levels4(high));
  q = i16x8.max_s(i16x8.min_s(q, i16x8.splat(TOP_LEVEL)), i16x8.splat(0));
  if (RELAXED) {
    v128.store64_lane(activations, i8x16.narrow_i16x8_u(q, q), 0);
  } else {
    q = i16x8.sub(q, i16x8.splat(<i16>ZERO_POINT));
    // Each odd one less 256 times the even one below it, then 0 2 1 3.
    q = i16x8.sub(q, i32x4.shl(q, 24));
    v128.store(activations, i16x8.shuffle(q, q, 0, 2, 1, 3, 4, 6, 5, 7));
  }
}

/** 16-byte aligned memory for count activations, for good, with anything in it. */
export function allocateActivations(count: i32): usize {
  return heap.alloc(<usize>(count * ACTIVATION_BYTES));
}

/** Sets count activations to x = 0. count is a multiple of four. */
export function clearActivations(activations: usize, count: i32): void {
  memory.fill(activations, RELAXED ? <u8>ZERO_POINT : 0, <usize>(count * ACTIVATION_BYTES));
}

/** q - 64 of one activation: the scalar view of the format, for the reference kernel and the tests. */
export function loadActivation(activations: usize, index: i32): i32 {
  if (RELAXED) return <i32>load<u8>(activations + <usize>index) - ZERO_POINT;
  return load<i16>(slot(activations, index)) + partner(activations, index);
}

/** Stores the level q (0..127) of one activation; to be called in ascending order. */
export function storeLevel(activations: usize, index: i32, q: i32): void {
  if (RELAXED) store<u8>(activations + <usize>index, <u8>q);
  else store<i16>(slot(activations, index), <i16>(q - ZERO_POINT - partner(activations, index)));
}

/** Where the plain build keeps a value: 0 1 2 3 lie in the order 0 2 1 3. */
function slot(activations: usize, index: i32): usize {
  const lane = index & 3;
  const place = lane == 1 ? 2 : lane == 2 ? 1 : lane;
  return activations + ((<usize>((index & ~3) | place)) << 1);
}

/** What the plain build takes off the value of an odd index. */
function partner(activations: usize, index: i32): i32 {
  return index & 1 ? 256 * <i32>load<i16>(slot(activations, index - 1)) : 0;
}
