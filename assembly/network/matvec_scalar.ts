/** The scalar twin of matvec.ts: one product at a time, straight from the definition of the tiles. For tests. */
import { loadActivation, RELAXED } from './activations';
import { Layer, TILE_COLUMNS, TILE_ROWS } from './weights';

/** Same contract and same integers as matvec. */
export function matvecScalar(layer: Layer, activations: usize, sums: usize): void {
  let tile = layer.weights;
  let list = layer.list;
  for (let strip = 0; strip < layer.strips; strip++) {
    const out = sums + <usize>(strip * TILE_ROWS * 4);
    memory.fill(out, 0, TILE_ROWS * 4);
    if (!layer.sparse) list = layer.list;
    for (let i = <i32>load<u16>(layer.counts + ((<usize>strip) << 1)); i > 0; i--) {
      const first = <i32>load<u16>(list) * TILE_COLUMNS;
      for (let row = 0; row < TILE_ROWS; row++) {
        let sum = load<i32>(out + ((<usize>row) << 2));
        for (let column = 0; column < TILE_COLUMNS; column++) {
          let weight = <i32>load<i8>(tile++);
          // The plain build keeps 128 more in even columns, modulo 256.
          if (!RELAXED && !(column & 1)) weight = <i32>(<i8>(weight ^ 0x80));
          sum += weight * loadActivation(activations, first + column);
        }
        store<i32>(out + ((<usize>row) << 2), sum);
      }
      list += 2;
    }
  }
}
