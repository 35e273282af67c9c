/**
 * int8 matrix times seven-bit activations: sum[row] = SUM w (q - 64), exact in int32.
 *
 * Lanes are rows, so a strip of 16 rows is four accumulators and nothing is summed across lanes. One tile (16 rows x 4 columns)
 * costs one splat of four activations, four weight loads and the dot products. Both kernels give the same integers.
 */
import { RELAXED } from './activations';
import { Layer, TILE_BYTES, TILE_ROWS } from './weights';

// Sums of 256 w (q - 64) over the even columns of a chunk stay below 2 * 256 * 2^13 * 2^8 = 2^30.
const CHUNK_TILES: usize = 256;

/**
 * sums[0 .. padded rows) = the layer's matrix times activations. Real-time safe.
 * @param activations layer.columns quantised values (activations.ts)
 * @param sums int32, 16-byte aligned, as many as the padded rows
 */
export function matvec(layer: Layer, activations: usize, sums: usize): void {
  if (RELAXED) matvecRelaxed(layer, activations, sums);
  else matvecPlain(layer, activations, sums);
}

/** q <= 127, so a pair of products stays below 2^15 and every engine's relaxed dot gives the same integers. */
function matvecRelaxed(layer: Layer, activations: usize, sums: usize): void {
  const sparse = layer.sparse;
  let tile = layer.weights;
  let list = layer.list;
  let counts = layer.counts;
  let start = layer.start;
  const sumsEnd = sums + <usize>(layer.strips * TILE_ROWS * 4);
  while (sums < sumsEnd) {
    let a0 = v128.load(start);
    let a1 = v128.load(start, 16);
    let a2 = v128.load(start, 32);
    let a3 = v128.load(start, 48);
    let item = list;
    const end = item + ((<usize>load<u16>(counts)) << 1);
    while (item < end) {
      const q = v128.load32_splat(activations + ((<usize>load<u16>(item)) << 2));
      a0 = i32x4.relaxed_dot_i8x16_i7x16_add_s(v128.load(tile), q, a0);
      a1 = i32x4.relaxed_dot_i8x16_i7x16_add_s(v128.load(tile, 16), q, a1);
      a2 = i32x4.relaxed_dot_i8x16_i7x16_add_s(v128.load(tile, 32), q, a2);
      a3 = i32x4.relaxed_dot_i8x16_i7x16_add_s(v128.load(tile, 48), q, a3);
      tile += TILE_BYTES;
      item += 2;
    }
    if (sparse) list = end;
    v128.store(sums, a0);
    v128.store(sums, a1, 16);
    v128.store(sums, a2, 32);
    v128.store(sums, a3, 48);
    sums += TILE_ROWS * 4;
    start += TILE_ROWS * 4;
    counts += 2;
  }
}

/**
 * Two int8 columns share an int16 lane: an arithmetic shift right leaves the odd column, a shift left leaves 256 times the even
 * one. The even sums are kept apart and divided by 256 at the end, which saves the shift back in the loop.
 */
function matvecPlain(layer: Layer, activations: usize, sums: usize): void {
  const sparse = layer.sparse;
  let tile = layer.weights;
  let list = layer.list;
  let counts = layer.counts;
  const sumsEnd = sums + <usize>(layer.strips * TILE_ROWS * 4);
  memory.fill(sums, 0, sumsEnd - sums);
  while (sums < sumsEnd) {
    let item = list;
    const end = item + ((<usize>load<u16>(counts)) << 1);
    while (item < end) {
      let a0 = i32x4.splat(0);
      let a1 = i32x4.splat(0);
      let a2 = i32x4.splat(0);
      let a3 = i32x4.splat(0);
      let e0 = i32x4.splat(0);
      let e1 = i32x4.splat(0);
      let e2 = i32x4.splat(0);
      let e3 = i32x4.splat(0);
      const chunkEnd = min(end, item + (CHUNK_TILES << 1));
      do {
        const block = activations + ((<usize>load<u16>(item)) << 3);
        const even = v128.load32_splat(block);
        const odd = v128.load32_splat(block, 4);
        const w0 = v128.load(tile);
        const w1 = v128.load(tile, 16);
        const w2 = v128.load(tile, 32);
        const w3 = v128.load(tile, 48);
        e0 = i32x4.add(e0, i32x4.dot_i16x8_s(i16x8.shl(w0, 8), even));
        a0 = i32x4.add(a0, i32x4.dot_i16x8_s(i16x8.shr_s(w0, 8), odd));
        e1 = i32x4.add(e1, i32x4.dot_i16x8_s(i16x8.shl(w1, 8), even));
        a1 = i32x4.add(a1, i32x4.dot_i16x8_s(i16x8.shr_s(w1, 8), odd));
        e2 = i32x4.add(e2, i32x4.dot_i16x8_s(i16x8.shl(w2, 8), even));
        a2 = i32x4.add(a2, i32x4.dot_i16x8_s(i16x8.shr_s(w2, 8), odd));
        e3 = i32x4.add(e3, i32x4.dot_i16x8_s(i16x8.shl(w3, 8), even));
        a3 = i32x4.add(a3, i32x4.dot_i16x8_s(i16x8.shr_s(w3, 8), odd));
        tile += TILE_BYTES;
        item += 2;
      } while (item < chunkEnd);
      v128.store(sums, i32x4.add(i32x4.add(v128.load(sums), a0), i32x4.shr_s(e0, 8)));
      v128.store(sums, i32x4.add(i32x4.add(v128.load(sums, 16), a1), i32x4.shr_s(e1, 8)), 16);
      v128.store(sums, i32x4.add(i32x4.add(v128.load(sums, 32), a2), i32x4.shr_s(e2, 8)), 32);
      v128.store(sums, i32x4.add(i32x4.add(v128.load(sums, 48), a3), i32x4.shr_s(e3, 8)), 48);
    }
    if (sparse) list = end;
    sums += TILE_ROWS * 4;
    counts += 2;
  }
}
