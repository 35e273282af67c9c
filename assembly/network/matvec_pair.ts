/**
 * matvec.ts for two vectors at once and dense layers: each weight is loaded once for both, and no list of blocks is read. The same integers.
 */
import { ACTIVATION_BYTES, RELAXED } from './activations';
import { matvec, ONES, relaxedDot, SATURATES, STRIP_BYTES, storeStrip } from './matvec';
import { Layer, TILE_BYTES, TILE_COLUMNS } from './weights';

const BLOCK_BYTES: usize = (TILE_COLUMNS * ACTIVATION_BYTES) as usize;

/**
 * sums and sums + padded rows = the layer's matrix times two vectors. Real-time safe.
 * @param first layer.columns quantised values, and `second` as many
 * @param sums int32, 16-byte aligned, twice as many as the padded rows
 */
export function matvecPair(layer: Layer, first: usize, second: usize, sums: usize): void {
  if (layer.sparse) {
    matvec(layer, first, sums);
    matvec(layer, second, sums + <usize>layer.strips * STRIP_BYTES);
  } else if (!RELAXED) pairPlain(layer, first, second, sums);
  else if (SATURATES) pairRelaxed<TwoSteps>(layer, first, second, sums);
  else pairRelaxed<OneStep>(layer, first, second, sums);
}

/** How a dot product is taken: a function is compiled for each of them. */
type OneStep = u8;
type TwoSteps = u16;

/** Of four rows. In two steps where the engine's own dot saturates (matvec.ts). */
function dot<Steps>(w: v128, q: v128, ones: v128, sum: v128): v128 {
  return sizeof<Steps>() == sizeof<TwoSteps>()
    ? relaxedDot(w, q, ones, sum)
    : i32x4.relaxed_dot_i8x16_i7x16_add_s(w, q, sum);
}

function pairRelaxed<Steps>(layer: Layer, first: usize, second: usize, sums: usize): void {
  const end = first + <usize>(layer.columns * ACTIVATION_BYTES);
  const apart = second - first;
  const rows = <usize>layer.strips * STRIP_BYTES;
  const sumsEnd = sums + rows;
  const ones = v128.load(ONES);
  let tile = layer.weights;
  let start = layer.start;
  while (sums < sumsEnd) {
    let a0 = v128.load(start);
    let a1 = v128.load(start, 16);
    let a2 = v128.load(start, 32);
    let a3 = v128.load(start, 48);
    let b0 = a0;
    let b1 = a1;
    let b2 = a2;
    let b3 = a3;
    for (let block = first; block < end; block += BLOCK_BYTES) {
      const a = v128.load32_splat(block);
      const b = v128.load32_splat(block + apart);
      const w0 = v128.load(tile);
      a0 = dot<Steps>(w0, a, ones, a0);
      b0 = dot<Steps>(w0, b, ones, b0);
      const w1 = v128.load(tile, 16);
      a1 = dot<Steps>(w1, a, ones, a1);
      b1 = dot<Steps>(w1, b, ones, b1);
      const w2 = v128.load(tile, 32);
      a2 = dot<Steps>(w2, a, ones, a2);
      b2 = dot<Steps>(w2, b, ones, b2);
      const w3 = v128.load(tile, 48);
      a3 = dot<Steps>(w3, a, ones, a3);
      b3 = dot<Steps>(w3, b, ones, b3);
      tile += TILE_BYTES;
    }
    storeStrip(sums, a0, a1, a2, a3);
    storeStrip(sums + rows, b0, b1, b2, b3);
    sums += STRIP_BYTES;
    start += STRIP_BYTES;
  }
}

/** As in matvec.ts; what is alike in all rows is summed once for all strips, and is what the sums begin with. */
function pairPlain(layer: Layer, first: usize, second: usize, sums: usize): void {
  const end = first + <usize>(layer.columns * ACTIVATION_BYTES);
  const apart = second - first;
  const rows = <usize>layer.strips * STRIP_BYTES;
  const sumsEnd = sums + rows;
  const startA = evenSum(first, end);
  const startB = evenSum(second, end + apart);
  let tile = layer.weights;
  while (sums < sumsEnd) {
    let a0 = startA;
    let a1 = startA;
    let a2 = startA;
    let a3 = startA;
    let b0 = startB;
    let b1 = startB;
    let b2 = startB;
    let b3 = startB;
    for (let block = first; block < end; block += BLOCK_BYTES) {
      const evenA = v128.load32_splat(block);
      const oddA = v128.load32_splat(block, 4);
      const evenB = v128.load32_splat(block + apart);
      const oddB = v128.load32_splat(block + apart, 4);
      const w0 = v128.load(tile);
      a0 = i32x4.add(a0, i32x4.dot_i16x8_s(w0, evenA));
      b0 = i32x4.add(b0, i32x4.dot_i16x8_s(w0, evenB));
      const o0 = i16x8.shr_s(w0, 8);
      a0 = i32x4.add(a0, i32x4.dot_i16x8_s(o0, oddA));
      b0 = i32x4.add(b0, i32x4.dot_i16x8_s(o0, oddB));
      const w1 = v128.load(tile, 16);
      a1 = i32x4.add(a1, i32x4.dot_i16x8_s(w1, evenA));
      b1 = i32x4.add(b1, i32x4.dot_i16x8_s(w1, evenB));
      const o1 = i16x8.shr_s(w1, 8);
      a1 = i32x4.add(a1, i32x4.dot_i16x8_s(o1, oddA));
      b1 = i32x4.add(b1, i32x4.dot_i16x8_s(o1, oddB));
      const w2 = v128.load(tile, 32);
      a2 = i32x4.add(a2, i32x4.dot_i16x8_s(w2, evenA));
      b2 = i32x4.add(b2, i32x4.dot_i16x8_s(w2, evenB));
      const o2 = i16x8.shr_s(w2, 8);
      a2 = i32x4.add(a2, i32x4.dot_i16x8_s(o2, oddA));
      b2 = i32x4.add(b2, i32x4.dot_i16x8_s(o2, oddB));
      const w3 = v128.load(tile, 48);
      a3 = i32x4.add(a3, i32x4.dot_i16x8_s(w3, evenA));
      b3 = i32x4.add(b3, i32x4.dot_i16x8_s(w3, evenB));
      const o3 = i16x8.shr_s(w3, 8);
      a3 = i32x4.add(a3, i32x4.dot_i16x8_s(o3, oddA));
      b3 = i32x4.add(b3, i32x4.dot_i16x8_s(o3, oddB));
      tile += TILE_BYTES;
    }
    storeStrip(sums, a0, a1, a2, a3);
    storeStrip(sums + rows, b0, b1, b2, b3);
    sums += STRIP_BYTES;
  }
}

/** -128 * sum of the even activations, in all lanes. */
function evenSum(block: usize, end: usize): v128 {
  const offset = i16x8.splat(-128);
  let sum = i32x4.splat(0);
  for (; block < end; block += BLOCK_BYTES) {
    sum = i32x4.add(sum, i32x4.dot_i16x8_s(v128.load32_splat(block), offset));
  }
  return sum;
}
