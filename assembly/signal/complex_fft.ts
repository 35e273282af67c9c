/**
 * Complex FFT of 480 points, forward, in f32 SIMD: Stockham (self-sorting, no bit reversal), radices 4, 4, 5, 6. In all passes but the
 * first the lanes are neighbouring sub-transforms, so nothing is shuffled; the first pass ends in a 4x4 transposition. Real-time safe.
 */

/** Complex points: half of the 960 real ones. */
export const POINTS: i32 = 480;
/** Bytes of one array of POINTS f32. */
export const PLANE: usize = 1920;

// A pass splits n points into radix * (n / radix): 480 = 4 * 120, 120 = 4 * 30, 30 = 5 * 6, 6 = 6 * 1 (no twiddles).
const FIRST_GROUPS: i32 = 120;
const SECOND_GROUPS: i32 = 30;
const THIRD_GROUPS: i32 = 6;
/** Interleaved sub-transforms in each pass: the product of the radices before it. */
const SECOND_STRIDE: usize = 4 * 4;
const THIRD_STRIDE: usize = 16 * 4;
const FOURTH_STRIDE: usize = 80 * 4;

/** Per 4 groups: re[4], im[4] of the twiddles of outputs 1, 2, 3. */
const firstTwiddles: usize = memory.data(120 * 6 * 4, 16);
/** Per group: re, im of outputs 1, 2, 3. */
const secondTwiddles: usize = memory.data(30 * 6 * 4, 16);
/** Per group: re, im of outputs 1, 2, 3, 4. */
const thirdTwiddles: usize = memory.data(6 * 8 * 4, 16);

/** Two work buffers, each a plane of real parts followed by one of imaginary parts. The second holds the result. */
const bufferA: usize = memory.data(3840, 16);
export const bufferB: usize = memory.data(3840, 16);

const COS_72: f32 = 0.30901699437494745;
const COS_144: f32 = -0.8090169943749475;
const SIN_72: f32 = 0.9510565162951535;
const SIN_144: f32 = 0.5877852522924731;
const SIN_60: f32 = 0.8660254037844386;

/** e^(-2 pi i numerator / denominator), scaled. */
export function storeTwiddle(re: usize, im: usize, numerator: i32, denominator: i32, scale: f64): void {
  const angle: f64 = (-2.0 * Math.PI * <f64>numerator) / <f64>denominator;
  store<f32>(re, <f32>(scale * Math.cos(angle)));
  store<f32>(im, <f32>(scale * Math.sin(angle)));
}

function fillTwiddles(): void {
  for (let p = 0; p < FIRST_GROUPS; p++) {
    for (let j = 1; j < 4; j++) {
      const at = firstTwiddles + (((p >> 2) * 24 + (j - 1) * 8 + (p & 3)) << 2);
      storeTwiddle(at, at + 16, p * j, 480, 1.0);
    }
  }
  for (let p = 0; p < SECOND_GROUPS; p++) {
    for (let j = 1; j < 4; j++) {
      const at = secondTwiddles + ((p * 6 + (j - 1) * 2) << 2);
      storeTwiddle(at, at + 4, p * j, 120, 1.0);
    }
  }
  for (let p = 0; p < THIRD_GROUPS; p++) {
    for (let j = 1; j < 5; j++) {
      const at = thirdTwiddles + ((p * 8 + (j - 1) * 2) << 2);
      storeTwiddle(at, at + 4, p * j, 30, 1.0);
    }
  }
}

fillTwiddles();

/** Radix 4 on interleaved complex `source`; 4 groups at a time, transposed into the planes of `target`. */
function passFirst(source: usize, target: usize): void {
  const part: usize = 960; // a quarter of the interleaved input, bytes
  let twiddle = firstTwiddles;
  for (let p: usize = 0; p < part; p += 32) {
    const at = source + p;
    let low = v128.load(at);
    let high = v128.load(at, 16);
    const a0r = v128.shuffle<f32>(low, high, 0, 2, 4, 6);
    const a0i = v128.shuffle<f32>(low, high, 1, 3, 5, 7);
    low = v128.load(at, 960);
    high = v128.load(at, 976);
    const a1r = v128.shuffle<f32>(low, high, 0, 2, 4, 6);
    const a1i = v128.shuffle<f32>(low, high, 1, 3, 5, 7);
    low = v128.load(at, 1920);
    high = v128.load(at, 1936);
    const a2r = v128.shuffle<f32>(low, high, 0, 2, 4, 6);
    const a2i = v128.shuffle<f32>(low, high, 1, 3, 5, 7);
    low = v128.load(at, 2880);
    high = v128.load(at, 2896);
    const a3r = v128.shuffle<f32>(low, high, 0, 2, 4, 6);
    const a3i = v128.shuffle<f32>(low, high, 1, 3, 5, 7);

    const s02r = f32x4.add(a0r, a2r);
    const s02i = f32x4.add(a0i, a2i);
    const d02r = f32x4.sub(a0r, a2r);
    const d02i = f32x4.sub(a0i, a2i);
    const s13r = f32x4.add(a1r, a3r);
    const s13i = f32x4.add(a1i, a3i);
    const d13r = f32x4.sub(a1r, a3r);
    const d13i = f32x4.sub(a1i, a3i);

    const b0r = f32x4.add(s02r, s13r);
    const b0i = f32x4.add(s02i, s13i);
    const c1r = f32x4.add(d02r, d13i);
    const c1i = f32x4.sub(d02i, d13r);
    const c2r = f32x4.sub(s02r, s13r);
    const c2i = f32x4.sub(s02i, s13i);
    const c3r = f32x4.sub(d02r, d13i);
    const c3i = f32x4.add(d02i, d13r);

    let wr = v128.load(twiddle);
    let wi = v128.load(twiddle, 16);
    const b1r = f32x4.sub(f32x4.mul(c1r, wr), f32x4.mul(c1i, wi));
    const b1i = f32x4.add(f32x4.mul(c1r, wi), f32x4.mul(c1i, wr));
    wr = v128.load(twiddle, 32);
    wi = v128.load(twiddle, 48);
    const b2r = f32x4.sub(f32x4.mul(c2r, wr), f32x4.mul(c2i, wi));
    const b2i = f32x4.add(f32x4.mul(c2r, wi), f32x4.mul(c2i, wr));
    wr = v128.load(twiddle, 64);
    wi = v128.load(twiddle, 80);
    const b3r = f32x4.sub(f32x4.mul(c3r, wr), f32x4.mul(c3i, wi));
    const b3i = f32x4.add(f32x4.mul(c3r, wi), f32x4.mul(c3i, wr));
    twiddle += 96;

    const out = target + (p << 1);
    let x01 = v128.shuffle<f32>(b0r, b1r, 0, 4, 1, 5);
    let y01 = v128.shuffle<f32>(b0r, b1r, 2, 6, 3, 7);
    let x23 = v128.shuffle<f32>(b2r, b3r, 0, 4, 1, 5);
    let y23 = v128.shuffle<f32>(b2r, b3r, 2, 6, 3, 7);
    v128.store(out, v128.shuffle<f32>(x01, x23, 0, 1, 4, 5));
    v128.store(out, v128.shuffle<f32>(x01, x23, 2, 3, 6, 7), 16);
    v128.store(out, v128.shuffle<f32>(y01, y23, 0, 1, 4, 5), 32);
    v128.store(out, v128.shuffle<f32>(y01, y23, 2, 3, 6, 7), 48);
    x01 = v128.shuffle<f32>(b0i, b1i, 0, 4, 1, 5);
    y01 = v128.shuffle<f32>(b0i, b1i, 2, 6, 3, 7);
    x23 = v128.shuffle<f32>(b2i, b3i, 0, 4, 1, 5);
    y23 = v128.shuffle<f32>(b2i, b3i, 2, 6, 3, 7);
    v128.store(out, v128.shuffle<f32>(x01, x23, 0, 1, 4, 5), PLANE);
    v128.store(out, v128.shuffle<f32>(x01, x23, 2, 3, 6, 7), PLANE + 16);
    v128.store(out, v128.shuffle<f32>(y01, y23, 0, 1, 4, 5), PLANE + 32);
    v128.store(out, v128.shuffle<f32>(y01, y23, 2, 3, 6, 7), PLANE + 48);
  }
}

/** Radix 4, 30 groups of 4 sub-transforms: one vector each. */
function passSecond(source: usize, target: usize): void {
  const part = <usize>SECOND_GROUPS * SECOND_STRIDE;
  let twiddle = secondTwiddles;
  let out = target;
  const end = source + part;
  for (let at = source; at < end; at += SECOND_STRIDE) {
    const a0r = v128.load(at);
    const a1r = v128.load(at, 480);
    const a2r = v128.load(at, 960);
    const a3r = v128.load(at, 1440);
    const a0i = v128.load(at, PLANE);
    const a1i = v128.load(at, PLANE + 480);
    const a2i = v128.load(at, PLANE + 960);
    const a3i = v128.load(at, PLANE + 1440);

    const s02r = f32x4.add(a0r, a2r);
    const s02i = f32x4.add(a0i, a2i);
    const d02r = f32x4.sub(a0r, a2r);
    const d02i = f32x4.sub(a0i, a2i);
    const s13r = f32x4.add(a1r, a3r);
    const s13i = f32x4.add(a1i, a3i);
    const d13r = f32x4.sub(a1r, a3r);
    const d13i = f32x4.sub(a1i, a3i);

    v128.store(out, f32x4.add(s02r, s13r));
    v128.store(out, f32x4.add(s02i, s13i), PLANE);
    const c1r = f32x4.add(d02r, d13i);
    const c1i = f32x4.sub(d02i, d13r);
    const c2r = f32x4.sub(s02r, s13r);
    const c2i = f32x4.sub(s02i, s13i);
    const c3r = f32x4.sub(d02r, d13i);
    const c3i = f32x4.add(d02i, d13r);

    let wr = v128.load32_splat(twiddle);
    let wi = v128.load32_splat(twiddle, 4);
    v128.store(out, f32x4.sub(f32x4.mul(c1r, wr), f32x4.mul(c1i, wi)), 16);
    v128.store(out, f32x4.add(f32x4.mul(c1r, wi), f32x4.mul(c1i, wr)), PLANE + 16);
    wr = v128.load32_splat(twiddle, 8);
    wi = v128.load32_splat(twiddle, 12);
    v128.store(out, f32x4.sub(f32x4.mul(c2r, wr), f32x4.mul(c2i, wi)), 32);
    v128.store(out, f32x4.add(f32x4.mul(c2r, wi), f32x4.mul(c2i, wr)), PLANE + 32);
    wr = v128.load32_splat(twiddle, 16);
    wi = v128.load32_splat(twiddle, 20);
    v128.store(out, f32x4.sub(f32x4.mul(c3r, wr), f32x4.mul(c3i, wi)), 48);
    v128.store(out, f32x4.add(f32x4.mul(c3r, wi), f32x4.mul(c3i, wr)), PLANE + 48);
    twiddle += 24;
    out += 64;
  }
}

/** Radix 5, 6 groups of 16 sub-transforms. */
function passThird(source: usize, target: usize): void {
  const cos72 = f32x4.splat(COS_72);
  const cos144 = f32x4.splat(COS_144);
  const sin72 = f32x4.splat(SIN_72);
  const sin144 = f32x4.splat(SIN_144);
  let at = source;
  let out = target;
  for (let p: usize = 0; p < <usize>THIRD_GROUPS; p++) {
    const twiddle = thirdTwiddles + (p << 5);
    const w1r = v128.load32_splat(twiddle);
    const w1i = v128.load32_splat(twiddle, 4);
    const w2r = v128.load32_splat(twiddle, 8);
    const w2i = v128.load32_splat(twiddle, 12);
    const w3r = v128.load32_splat(twiddle, 16);
    const w3i = v128.load32_splat(twiddle, 20);
    const w4r = v128.load32_splat(twiddle, 24);
    const w4i = v128.load32_splat(twiddle, 28);
    const end = at + THIRD_STRIDE;
    for (; at < end; at += 16, out += 16) {
      const a0r = v128.load(at);
      const a0i = v128.load(at, PLANE);
      const a1r = v128.load(at, 384);
      const a1i = v128.load(at, PLANE + 384);
      const a2r = v128.load(at, 768);
      const a2i = v128.load(at, PLANE + 768);
      const a3r = v128.load(at, 1152);
      const a3i = v128.load(at, PLANE + 1152);
      const a4r = v128.load(at, 1536);
      const a4i = v128.load(at, PLANE + 1536);

      const s14r = f32x4.add(a1r, a4r);
      const s14i = f32x4.add(a1i, a4i);
      const d14r = f32x4.sub(a1r, a4r);
      const d14i = f32x4.sub(a1i, a4i);
      const s23r = f32x4.add(a2r, a3r);
      const s23i = f32x4.add(a2i, a3i);
      const d23r = f32x4.sub(a2r, a3r);
      const d23i = f32x4.sub(a2i, a3i);

      v128.store(out, f32x4.add(a0r, f32x4.add(s14r, s23r)));
      v128.store(out, f32x4.add(a0i, f32x4.add(s14i, s23i)), PLANE);

      const m1r = f32x4.add(a0r, f32x4.add(f32x4.mul(s14r, cos72), f32x4.mul(s23r, cos144)));
      const m1i = f32x4.add(a0i, f32x4.add(f32x4.mul(s14i, cos72), f32x4.mul(s23i, cos144)));
      const n1r = f32x4.add(f32x4.mul(d14r, sin72), f32x4.mul(d23r, sin144));
      const n1i = f32x4.add(f32x4.mul(d14i, sin72), f32x4.mul(d23i, sin144));
      const c1r = f32x4.add(m1r, n1i);
      const c1i = f32x4.sub(m1i, n1r);
      const c4r = f32x4.sub(m1r, n1i);
      const c4i = f32x4.add(m1i, n1r);
      v128.store(out, f32x4.sub(f32x4.mul(c1r, w1r), f32x4.mul(c1i, w1i)), 64);
      v128.store(out, f32x4.add(f32x4.mul(c1r, w1i), f32x4.mul(c1i, w1r)), PLANE + 64);
      v128.store(out, f32x4.sub(f32x4.mul(c4r, w4r), f32x4.mul(c4i, w4i)), 256);
      v128.store(out, f32x4.add(f32x4.mul(c4r, w4i), f32x4.mul(c4i, w4r)), PLANE + 256);

      const m2r = f32x4.add(a0r, f32x4.add(f32x4.mul(s14r, cos144), f32x4.mul(s23r, cos72)));
      const m2i = f32x4.add(a0i, f32x4.add(f32x4.mul(s14i, cos144), f32x4.mul(s23i, cos72)));
      const n2r = f32x4.sub(f32x4.mul(d14r, sin144), f32x4.mul(d23r, sin72));
      const n2i = f32x4.sub(f32x4.mul(d14i, sin144), f32x4.mul(d23i, sin72));
      const c2r = f32x4.add(m2r, n2i);
      const c2i = f32x4.sub(m2i, n2r);
      const c3r = f32x4.sub(m2r, n2i);
      const c3i = f32x4.add(m2i, n2r);
      v128.store(out, f32x4.sub(f32x4.mul(c2r, w2r), f32x4.mul(c2i, w2i)), 128);
      v128.store(out, f32x4.add(f32x4.mul(c2r, w2i), f32x4.mul(c2i, w2r)), PLANE + 128);
      v128.store(out, f32x4.sub(f32x4.mul(c3r, w3r), f32x4.mul(c3i, w3i)), 192);
      v128.store(out, f32x4.add(f32x4.mul(c3r, w3i), f32x4.mul(c3i, w3r)), PLANE + 192);
    }
    out += 4 * THIRD_STRIDE;
  }
}

/**
 * Radix 6, one group of 80 sub-transforms, no twiddles. By the prime-factor map n = 3 n1 + 2 n2 (mod 6):
 * b[j] = A[j mod 3] + (-1)^j B[j mod 3], A = DFT3(a0, a2, a4), B = DFT3(a3, a5, a1).
 */
function passFourth(source: usize, target: usize): void {
  const half = f32x4.splat(0.5);
  const sin60 = f32x4.splat(SIN_60);
  for (let q: usize = 0; q < FOURTH_STRIDE; q += 16) {
    const at = source + q;
    const out = target + q;
    let zr = v128.load(at);
    let zi = v128.load(at, PLANE);
    let xr = v128.load(at, 640);
    let xi = v128.load(at, PLANE + 640);
    let yr = v128.load(at, 1280);
    let yi = v128.load(at, PLANE + 1280);
    let sr = f32x4.add(xr, yr);
    let si = f32x4.add(xi, yi);
    let nr = f32x4.mul(f32x4.sub(xr, yr), sin60);
    let ni = f32x4.mul(f32x4.sub(xi, yi), sin60);
    let mr = f32x4.sub(zr, f32x4.mul(sr, half));
    let mi = f32x4.sub(zi, f32x4.mul(si, half));
    const a0r = f32x4.add(zr, sr);
    const a0i = f32x4.add(zi, si);
    const a1r = f32x4.add(mr, ni);
    const a1i = f32x4.sub(mi, nr);
    const a2r = f32x4.sub(mr, ni);
    const a2i = f32x4.add(mi, nr);

    zr = v128.load(at, 960);
    zi = v128.load(at, PLANE + 960);
    xr = v128.load(at, 1600);
    xi = v128.load(at, PLANE + 1600);
    yr = v128.load(at, 320);
    yi = v128.load(at, PLANE + 320);
    sr = f32x4.add(xr, yr);
    si = f32x4.add(xi, yi);
    nr = f32x4.mul(f32x4.sub(xr, yr), sin60);
    ni = f32x4.mul(f32x4.sub(xi, yi), sin60);
    mr = f32x4.sub(zr, f32x4.mul(sr, half));
    mi = f32x4.sub(zi, f32x4.mul(si, half));
    const b0r = f32x4.add(zr, sr);
    const b0i = f32x4.add(zi, si);
    const b1r = f32x4.add(mr, ni);
    const b1i = f32x4.sub(mi, nr);
    const b2r = f32x4.sub(mr, ni);
    const b2i = f32x4.add(mi, nr);

    v128.store(out, f32x4.add(a0r, b0r));
    v128.store(out, f32x4.add(a0i, b0i), PLANE);
    v128.store(out, f32x4.sub(a1r, b1r), 320);
    v128.store(out, f32x4.sub(a1i, b1i), PLANE + 320);
    v128.store(out, f32x4.add(a2r, b2r), 640);
    v128.store(out, f32x4.add(a2i, b2i), PLANE + 640);
    v128.store(out, f32x4.sub(a0r, b0r), 960);
    v128.store(out, f32x4.sub(a0i, b0i), PLANE + 960);
    v128.store(out, f32x4.add(a1r, b1r), 1280);
    v128.store(out, f32x4.add(a1i, b1i), PLANE + 1280);
    v128.store(out, f32x4.sub(a2r, b2r), 1600);
    v128.store(out, f32x4.sub(a2i, b2i), PLANE + 1600);
  }
}

/** Forward complex FFT of 480 interleaved points; the result is left in bufferB's planes. `source` may be bufferB. */
export function transform(source: usize): void {
  passFirst(source, bufferA);
  passSecond(bufferA, bufferB);
  passThird(bufferB, bufferA);
  passFourth(bufferA, bufferB);
}
