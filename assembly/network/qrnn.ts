/**
 * Quasi-recurrent layer (Bradbury et al. 2017, arXiv 1611.01576) whose weights all places along frequency share:
 *
 *   z = min(FINER_RETAIN, sigmoid(Wz x + bz)), n = tanh(Wn x + bn), h' = n + z (h - n)
 *
 * x holds the place and its two neighbours. Nothing looks back but the state itself, which is f32 for each place. Real-time safe.
 */
import { FINER_RETAIN } from '../settings';
import { ACTIVATION_BYTES, sigmoid4, storeActivations, tanh4 } from './activations';
import { dequantise4 } from './dense';
import { matvec } from './matvec';
import { matvecPair } from './matvec_pair';
import { Layer } from './weights';

/**
 * One frame of all places, by twos.
 * @param layer rows of z, then of n
 * @param x quantised input of the first place, layer.columns values, and that of each other `stride` bytes on
 * @param states places * layer.rows / 2 f32, 16-byte aligned, updated
 * @param hidden receives the quantised copy of the first place, and that of each other `hiddenStride` bytes on
 * @param sums scratch, 2 * layer.rows int32, 16-byte aligned
 */
export function qrnn(
  layer: Layer,
  places: i32,
  x: usize,
  stride: usize,
  states: usize,
  hidden: usize,
  hiddenStride: usize,
  sums: usize,
): void {
  const state = (<usize>layer.rows) << 1;
  const second = sums + 2 * state;
  for (; places > 1; places -= 2) {
    matvecPair(layer, x, x + stride, sums);
    update(layer, sums, states, hidden);
    update(layer, second, states + state, hidden + hiddenStride);
    x += 2 * stride;
    states += 2 * state;
    hidden += 2 * hiddenStride;
  }
  if (places > 0) {
    matvec(layer, x, sums);
    update(layer, sums, states, hidden);
  }
}

/** One place, after the product. */
function update(layer: Layer, sums: usize, state: usize, hidden: usize): void {
  const gate = (<usize>layer.rows) << 1;
  for (let at: usize = 0; at < gate; at += 32) {
    const low = updateUnits(layer, gate, at, sums, v128.load(state + at));
    const high = updateUnits(layer, gate, at + 16, sums, v128.load(state + at, 16));
    v128.store(state + at, low);
    v128.store(state + at, high, 16);
    storeActivations(hidden, low, high);
    hidden += <usize>(8 * ACTIVATION_BYTES);
  }
}

/** The new state of four units. at: their byte offset within a gate of gate bytes. */
function updateUnits(layer: Layer, gate: usize, at: usize, sums: usize, h: v128): v128 {
  const z = f32x4.pmin(sigmoid4(dequantise4(layer, sums, at)), f32x4.splat(FINER_RETAIN));
  const n = tanh4(dequantise4(layer, sums, at + gate));
  return f32x4.add(n, f32x4.mul(z, f32x4.sub(h, n)));
}
