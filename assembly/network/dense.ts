/** Fully connected layers. Real-time safe. */
import { ACTIVATION_BYTES, sigmoid4, storeActivations, tanh4 } from './activations';
import { matvec } from './matvec';
import { Layer, padRows, TILE_ROWS } from './weights';

/** The values of four rows: gain * sum + bias. at: their byte offset in the int32 sums. */
export function dequantise4(layer: Layer, sums: usize, at: usize): v128 {
  const sum = f32x4.convert_i32x4_s(v128.load(sums + at));
  return f32x4.add(f32x4.mul(sum, v128.load(layer.gain + at)), v128.load(layer.bias + at));
}

/**
 * out = quantised tanh(W input + bias) with f32 weights.
 * @param input layer.columns f32
 * @param out padded rows, quantised activations
 */
export function denseFloatTanh(layer: Layer, input: usize, out: usize): void {
  const stride = (<usize>padRows(layer.rows)) << 2;
  const inputEnd = input + ((<usize>layer.columns) << 2);
  let weights = layer.weights;
  let bias = layer.bias;
  const end = bias + stride;
  while (bias < end) {
    let a0 = v128.load(bias);
    let a1 = v128.load(bias, 16);
    let a2 = v128.load(bias, 32);
    let a3 = v128.load(bias, 48);
    let w = weights;
    for (let x = input; x < inputEnd; x += 4) {
      const value = v128.load32_splat(x);
      a0 = f32x4.add(a0, f32x4.mul(v128.load(w), value));
      a1 = f32x4.add(a1, f32x4.mul(v128.load(w, 16), value));
      a2 = f32x4.add(a2, f32x4.mul(v128.load(w, 32), value));
      a3 = f32x4.add(a3, f32x4.mul(v128.load(w, 48), value));
      w += stride;
    }
    storeActivations(out, tanh4(a0), tanh4(a1));
    storeActivations(out + <usize>(8 * ACTIVATION_BYTES), tanh4(a2), tanh4(a3));
    out += <usize>(TILE_ROWS * ACTIVATION_BYTES);
    weights += TILE_ROWS * 4;
    bias += TILE_ROWS * 4;
  }
}

/** out = quantised tanh(W activations + bias). sums: scratch, int32 per padded row. out: padded rows, quantised. */
export function denseTanh(layer: Layer, activations: usize, sums: usize, out: usize): void {
  matvec(layer, activations, sums);
  const count = <usize>padRows(layer.rows);
  for (let row: usize = 0; row < count; row += 8) {
    const at = row << 2;
    const low = dequantise4(layer, sums, at);
    const high = dequantise4(layer, sums, at + 16);
    storeActivations(out + row * ACTIVATION_BYTES, tanh4(low), tanh4(high));
  }
}

/** out = W activations + bias. Arguments as in denseSigmoid. */
export function dense(layer: Layer, activations: usize, sums: usize, out: usize): void {
  matvec(layer, activations, sums);
  const bytes = (<usize>padRows(layer.rows)) << 2;
  for (let at: usize = 0; at < bytes; at += 16) v128.store(out + at, dequantise4(layer, sums, at));
}

/** out = sigmoid(W activations + bias). sums: scratch, int32 per padded row. out: f32 per padded row, 16-byte aligned. */
export function denseSigmoid(layer: Layer, activations: usize, sums: usize, out: usize): void {
  matvec(layer, activations, sums);
  const bytes = (<usize>padRows(layer.rows)) << 2;
  for (let at: usize = 0; at < bytes; at += 16) {
    v128.store(out + at, sigmoid4(dequantise4(layer, sums, at)));
  }
}
