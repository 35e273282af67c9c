/** The scalar twin of matvec.ts: one product at a time, straight from the definition of the tiles. For tests. */
import { loadActivation } from './activations';
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
          sum += <i32>load<i8>(tile++) * loadActivation(activations, first + column);
        }
        store<i32>(out + ((<usize>row) << 2), sum);
      }
      list += 2;
    }
  }
}
