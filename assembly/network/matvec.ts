/**
 * int8 matrix times seven-bit activations: sum[row] = SUM w (q - 64), exact in int32.
 *
 * Lanes are rows, so a strip of 16 rows is four accumulators and nothing is summed across lanes. One tile (16 rows x 4 columns)
 * costs one splat of four activations, four weight loads and the dot products. Both kernels give the same integers.
 */
import { RELAXED } from './activations';
import { Layer, TILE_BYTES, TILE_ROWS } from './weights';

/** Tiles whose sum of q - 64 fits an int16: 64 * 256 = 2^14. The int32 sums may wrap on the way; their end fits. */
const CHUNK_TILES: usize = 256;
/** Of the sums of a strip. */
export const STRIP_BYTES: usize = (TILE_ROWS as usize) << 2;

/**
 * sums[0 .. padded rows) = the layer's matrix times activations. Real-time safe.
 * @param activations layer.columns quantised values (activations.ts)
 * @param sums int32, 16-byte aligned, as many as the padded rows
 */
export function matvec(layer: Layer, activations: usize, sums: usize): void {
  if (RELAXED) matvecRelaxed(layer, activations, sums);
  else matvecPlain(layer, activations, sums);
}

/**
 * How the engine computes the relaxed dot: with q = 255, outside the range every engine agrees on, x86 without VNNI instructions
 * saturates its sums of two products, 2 * 32767. There the engine spends five instructions on it, one of them for a constant
 * that relaxedDot keeps in a register.
 */
export const SATURATES: bool = RELAXED
  ? i32x4.extract_lane(i32x4.relaxed_dot_i8x16_i7x16_add_s(i8x16.splat(127), i8x16.splat(-1), i32x4.splat(0)), 0) ==
    65534
  : false;

/** Eight int16 of one. */
export const ONES: usize = memory.data<i16>([1, 1, 1, 1, 1, 1, 1, 1], 16);

/** The relaxed dot product in two steps. q <= 127, so a pair of products stays below 2^15 and every engine gives the same integers. */
export function relaxedDot(w: v128, q: v128, ones: v128, sum: v128): v128 {
  return i32x4.add(i32x4.dot_i16x8_s(i16x8.relaxed_dot_i8x16_i7x16_s(w, q), ones), sum);
}

function matvecRelaxed(layer: Layer, activations: usize, sums: usize): void {
  const sparse = layer.sparse;
  let tile = layer.weights;
  let list = layer.list;
  let counts = layer.counts;
  let start = layer.start;
  const sumsEnd = sums + <usize>layer.strips * STRIP_BYTES;
  // Loaded, because engines make a constant anew at each use.
  const ones = v128.load(ONES);
  while (sums < sumsEnd) {
    let a0 = v128.load(start);
    let a1 = v128.load(start, 16);
    let a2 = v128.load(start, 32);
    let a3 = v128.load(start, 48);
    let item = list;
    const end = item + ((<usize>load<u16>(counts)) << 1);
    if (SATURATES) {
      while (item < end) {
        const q = v128.load32_splat(activations + ((<usize>load<u16>(item)) << 2));
        a0 = relaxedDot(v128.load(tile), q, ones, a0);
        a1 = relaxedDot(v128.load(tile, 16), q, ones, a1);
        a2 = relaxedDot(v128.load(tile, 32), q, ones, a2);
        a3 = relaxedDot(v128.load(tile, 48), q, ones, a3);
        tile += TILE_BYTES;
        item += 2;
      }
    } else {
      // Two tiles have sums of their own: a dot product waits for the one before into the same sum.
      let b0 = i32x4.splat(0);
      let b1 = i32x4.splat(0);
      let b2 = i32x4.splat(0);
      let b3 = i32x4.splat(0);
      const last = end - 2;
      while (item < last) {
        const q = v128.load32_splat(activations + ((<usize>load<u16>(item)) << 2));
        const r = v128.load32_splat(activations + ((<usize>load<u16>(item, 2)) << 2));
        a0 = i32x4.relaxed_dot_i8x16_i7x16_add_s(v128.load(tile), q, a0);
        a1 = i32x4.relaxed_dot_i8x16_i7x16_add_s(v128.load(tile, 16), q, a1);
        a2 = i32x4.relaxed_dot_i8x16_i7x16_add_s(v128.load(tile, 32), q, a2);
        a3 = i32x4.relaxed_dot_i8x16_i7x16_add_s(v128.load(tile, 48), q, a3);
        b0 = i32x4.relaxed_dot_i8x16_i7x16_add_s(v128.load(tile, 64), r, b0);
        b1 = i32x4.relaxed_dot_i8x16_i7x16_add_s(v128.load(tile, 80), r, b1);
        b2 = i32x4.relaxed_dot_i8x16_i7x16_add_s(v128.load(tile, 96), r, b2);
        b3 = i32x4.relaxed_dot_i8x16_i7x16_add_s(v128.load(tile, 112), r, b3);
        tile += 2 * TILE_BYTES;
        item += 4;
      }
      if (item < end) {
        const q = v128.load32_splat(activations + ((<usize>load<u16>(item)) << 2));
        a0 = i32x4.relaxed_dot_i8x16_i7x16_add_s(v128.load(tile), q, a0);
        a1 = i32x4.relaxed_dot_i8x16_i7x16_add_s(v128.load(tile, 16), q, a1);
        a2 = i32x4.relaxed_dot_i8x16_i7x16_add_s(v128.load(tile, 32), q, a2);
        a3 = i32x4.relaxed_dot_i8x16_i7x16_add_s(v128.load(tile, 48), q, a3);
        tile += TILE_BYTES;
      }
      a0 = i32x4.add(a0, b0);
      a1 = i32x4.add(a1, b1);
      a2 = i32x4.add(a2, b2);
      a3 = i32x4.add(a3, b3);
    }
    if (sparse) list = end;
    storeStrip(sums, a0, a1, a2, a3);
    sums += STRIP_BYTES;
    start += STRIP_BYTES;
    counts += 2;
  }
}

/**
 * Two int8 columns share an int16 lane, W = 256 o + u: o the odd one, u = e + 128 the even one as the plain build keeps it
 * (weights.ts). With the activations a (of e) and b (of o)
 *
 *   e a + o b = W a + (W >> 8) (b - 256 a) - 128 a,
 *
 * so one shift serves two columns. Activations hold a and b - 256 a; the sums of a, alike in all rows, are taken off at the end.
 */
function matvecPlain(layer: Layer, activations: usize, sums: usize): void {
  const sparse = layer.sparse;
  let tile = layer.weights;
  let list = layer.list;
  let counts = layer.counts;
  const sumsEnd = sums + <usize>layer.strips * STRIP_BYTES;
  const offset = i16x8.splat(-128);
  while (sums < sumsEnd) {
    let a0 = i32x4.splat(0);
    let a1 = i32x4.splat(0);
    let a2 = i32x4.splat(0);
    let a3 = i32x4.splat(0);
    let item = list;
    const end = item + ((<usize>load<u16>(counts)) << 1);
    while (item < end) {
      let evens = i16x8.splat(0);
      const chunkEnd = min(end, item + (CHUNK_TILES << 1));
      do {
        const block = activations + ((<usize>load<u16>(item)) << 3);
        const even = v128.load32_splat(block);
        const odd = v128.load32_splat(block, 4);
        const w0 = v128.load(tile);
        const w1 = v128.load(tile, 16);
        const w2 = v128.load(tile, 32);
        const w3 = v128.load(tile, 48);
        a0 = i32x4.add(a0, i32x4.dot_i16x8_s(w0, even));
        a1 = i32x4.add(a1, i32x4.dot_i16x8_s(w1, even));
        a2 = i32x4.add(a2, i32x4.dot_i16x8_s(w2, even));
        a3 = i32x4.add(a3, i32x4.dot_i16x8_s(w3, even));
        a0 = i32x4.add(a0, i32x4.dot_i16x8_s(i16x8.shr_s(w0, 8), odd));
        a1 = i32x4.add(a1, i32x4.dot_i16x8_s(i16x8.shr_s(w1, 8), odd));
        a2 = i32x4.add(a2, i32x4.dot_i16x8_s(i16x8.shr_s(w2, 8), odd));
        a3 = i32x4.add(a3, i32x4.dot_i16x8_s(i16x8.shr_s(w3, 8), odd));
        evens = i16x8.add(evens, even);
        tile += TILE_BYTES;
        item += 2;
      } while (item < chunkEnd);
      const correction = i32x4.dot_i16x8_s(evens, offset);
      a0 = i32x4.add(a0, correction);
      a1 = i32x4.add(a1, correction);
      a2 = i32x4.add(a2, correction);
      a3 = i32x4.add(a3, correction);
    }
    if (sparse) list = end;
    storeStrip(sums, a0, a1, a2, a3);
    sums += STRIP_BYTES;
    counts += 2;
  }
}

export function storeStrip(sums: usize, x0: v128, x1: v128, x2: v128, x3: v128): void {
  v128.store(sums, x0);
  v128.store(sums, x1, 16);
  v128.store(sums, x2, 32);
  v128.store(sums, x3, 48);
}
