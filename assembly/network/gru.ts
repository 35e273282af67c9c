/**
 * Gated recurrent unit, gates in the order r, z, n, reset after the product (as PyTorch):
 *   r = sigmoid(Wir x + bir + Whr h + bhr)
 *   z = min(RETAIN, sigmoid(Wiz x + biz + Whz h + bhz))
 *   n = tanh(Win x + bin + r (Whn h + bhn))
 *   h' = n + z (h - n)
 * The state is f32; the products read its quantised copy. Real-time safe.
 */
import { RETAIN } from '../settings';
import { ACTIVATION_BYTES, sigmoid4, storeActivations, tanh4 } from './activations';
import { dequantise4 } from './dense';
import { matvec } from './matvec';
import { Layer } from './weights';

/** The two matrices of a GRU, each with the rows of r, z and n. */
export class Gru {
  constructor(
    readonly input: Layer,
    readonly recurrent: Layer,
  ) {}

  get units(): i32 {
    return this.recurrent.columns;
  }

  /** The product with the last state, which the next frame needs and which needs nothing of that frame. */
  lookBack(hidden: usize, recurrentSums: usize): void {
    matvec(this.recurrent, hidden, recurrentSums);
  }

  /**
   * One frame, after `lookBack`.
   * @param x quantised input, input.columns values
   * @param state units f32, 16-byte aligned, updated
   * @param hidden quantised copy of the state, units values, updated
   * @param inputSums scratch, 3 * units int32, 16-byte aligned
   * @param recurrentSums what lookBack left: 3 * units int32, 16-byte aligned
   */
  step(x: usize, state: usize, hidden: usize, inputSums: usize, recurrentSums: usize): void {
    const input = this.input;
    const recurrent = this.recurrent;
    const gate = (<usize>this.units) << 2;
    matvec(input, x, inputSums);
    for (let at: usize = 0; at < gate; at += 32) {
      const low = updateUnits(input, recurrent, gate, at, inputSums, recurrentSums, v128.load(state + at));
      const high = updateUnits(input, recurrent, gate, at + 16, inputSums, recurrentSums, v128.load(state + at, 16));
      v128.store(state + at, low);
      v128.store(state + at, high, 16);
      storeActivations(hidden, low, high);
      hidden += <usize>(8 * ACTIVATION_BYTES);
    }
  }
}

/** The new state of four units. at: their byte offset within a gate of gate bytes. */
function updateUnits(
  input: Layer,
  recurrent: Layer,
  gate: usize,
  at: usize,
  inputSums: usize,
  recurrentSums: usize,
  h: v128,
): v128 {
  const r = sigmoid4(f32x4.add(dequantise4(input, inputSums, at), dequantise4(recurrent, recurrentSums, at)));
  at += gate;
  const update = sigmoid4(f32x4.add(dequantise4(input, inputSums, at), dequantise4(recurrent, recurrentSums, at)));
  const z = f32x4.pmin(update, f32x4.splat(RETAIN));
  at += gate;
  const inner = f32x4.mul(r, dequantise4(recurrent, recurrentSums, at));
  const n = tanh4(f32x4.add(dequantise4(input, inputSums, at), inner));
  return f32x4.add(n, f32x4.mul(z, f32x4.sub(h, n)));
}
