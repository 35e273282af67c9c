/**
 * The network of the finer stage (enhance/finer.ts): features of FINER_BINS bins and the band network's state -> FINER_OUTPUTS numbers a bin.
 * All places, FINER_STRIDE bins apart, share the weights.
 *
 *   e = tanh(enter f + context + place)       f: features of FINER_KERNEL bins around the place
 *   h1 = QRNN of e, of this frame and the last, 3 places
 *   m = tanh(h1 of all places mixed)
 *   h2 = QRNN of [h1, m], 3 places
 *   h3 = QRNN of [h2, h1], 3 places
 *   o = leave [h3, h1, e]                     of the same FINER_KERNEL bins; where places overlap they add up
 *
 * Each layer's input lies as [place][parts][channels] with a place of zeros at both ends, so that a place and its neighbours are one piece.
 */
import { FINER_BINS, FINER_FEATURES, FINER_KERNEL, FINER_OUTPUTS, FINER_PLACES, FINER_STRIDE } from '../constants';
import { allocateFloats } from '../memory';
import { ACTIVATION_BYTES, allocateActivations, clearActivations, storeActivations, tanh4 } from './activations';
import { dense, dequantise4 } from './dense';
import { matvec } from './matvec';
import { matvecPair } from './matvec_pair';
import { qrnn } from './qrnn';
import {
  FINER_CONTEXT,
  FINER_ENTER,
  FINER_LEAVE,
  FINER_MIX,
  FINER_PLACE,
  FINER_QRNN1,
  FINER_QRNN2,
  FINER_QRNN3,
  Layer,
  padRows,
  TILE_ROWS,
} from './weights';

/** Bins that places reach beyond each end. */
const MARGIN: i32 = (FINER_KERNEL - FINER_STRIDE) / 2;
/** f32 of a row of features or outputs: a value for each bin, and both margins. */
export const FINER_ROW: i32 = FINER_BINS + 2 * MARGIN;
export const FINER_ROW_BYTES: usize = (FINER_ROW as usize) << 2;
/** Byte offset of bin 0 in a row. */
export const FINER_FIRST: usize = (MARGIN as usize) << 2;

/** For pointer loops. */
const PLACES: usize = FINER_PLACES as usize;
const STRIDE_BYTES: usize = (FINER_STRIDE as usize) << 2;
const KERNEL_BYTES: usize = (FINER_KERNEL as usize) << 2;

/** A place, and one of zeros at both ends. */
const PADDED_PLACES: i32 = FINER_PLACES + 2;

/** More than the objects of a network, or of a stream, take beside their arrays. */
const OBJECT_BYTES: i64 = 1024;

/** Scratch shared by all streams: nothing in it outlives a call but the outputs, which the caller reads at once. */
const OUTPUTS = new StaticArray<f32>(FINER_OUTPUTS * FINER_ROW);

/** The weights, shared by any number of FinerState. The constructor allocates; nothing does afterwards. */
export class FinerNetwork {
  readonly enter: Layer;
  readonly place: Layer;
  readonly context: Layer;
  readonly qrnn1: Layer;
  readonly mix: Layer;
  readonly qrnn2: Layer;
  readonly qrnn3: Layer;
  readonly leave: Layer;
  /** Units of each QRNN. */
  readonly channels: i32;
  /** Scratch: int32 sums of one matrix and two places, and what the context adds to each place. */
  readonly sums: usize;
  readonly told: usize;

  /** @param layers FINER_LAYERS checked descriptors */
  constructor(layers: usize) {
    this.enter = Layer.at(layers, FINER_ENTER);
    this.place = Layer.at(layers, FINER_PLACE);
    this.context = Layer.at(layers, FINER_CONTEXT);
    this.qrnn1 = Layer.at(layers, FINER_QRNN1);
    this.mix = Layer.at(layers, FINER_MIX);
    this.qrnn2 = Layer.at(layers, FINER_QRNN2);
    this.qrnn3 = Layer.at(layers, FINER_QRNN3);
    this.leave = Layer.at(layers, FINER_LEAVE);
    this.channels = this.enter.rows;
    this.sums = allocateFloats(2 * padRows(max(this.qrnn1.rows, this.leave.rows)));
    this.told = allocateFloats(this.channels);
  }
}

/** One stream. The constructor allocates. */
export class FinerState {
  /** [place][last e, e] */
  private readonly entered: usize;
  /** [place][h1, m] and [place][h2, h1] */
  private readonly mixed: usize;
  private readonly second: usize;
  /** [place][h3, h1, e], without places of zeros */
  private readonly left: usize;
  /** f32 states h1, h2, h3 of all places. */
  private readonly states: usize;

  /** Most the constructor allocates. */
  static bytes(network: FinerNetwork): i64 {
    const channels: i64 = network.channels;
    return channels * (9 * PADDED_PLACES * ACTIVATION_BYTES + 3 * FINER_PLACES * 4) + OBJECT_BYTES;
  }

  constructor(private readonly network: FinerNetwork) {
    const pair = 2 * PADDED_PLACES * network.channels;
    this.entered = allocateActivations(pair);
    this.mixed = allocateActivations(pair);
    this.second = allocateActivations(pair);
    this.left = allocateActivations(3 * FINER_PLACES * network.channels);
    this.states = allocateFloats(3 * FINER_PLACES * network.channels);
    this.reset();
  }

  /** Back to the state after construction. Real-time safe. */
  reset(): void {
    const channels = this.network.channels;
    const pair = 2 * PADDED_PLACES * channels;
    clearActivations(this.entered, pair);
    clearActivations(this.mixed, pair);
    clearActivations(this.second, pair);
    clearActivations(this.left, 3 * FINER_PLACES * channels);
    memory.fill(this.states, 0, (<usize>(3 * FINER_PLACES * channels)) << 2);
  }

  /**
   * One frame. Real-time safe.
   * @param features FINER_FEATURES rows of FINER_ROW f32, margins zero
   * @param context quantised state of the band network
   * @returns FINER_OUTPUTS rows of FINER_ROW f32, until the next call for any stream; margins are of no use
   */
  step(features: usize, context: usize): usize {
    const network = this.network;
    const sums = network.sums;
    const channels = <usize>network.channels;
    const one = channels * ACTIVATION_BYTES;
    const pair = 2 * one;
    const state = channels << 2;
    const h1 = this.states;
    const h2 = h1 + state * PLACES;
    const h3 = h2 + state * PLACES;

    dense(network.context, context, sums, network.told);
    for (let p: usize = 0; p < PLACES; p++) {
      const e = this.entered + (p + 1) * pair;
      memory.copy(e, e + one, one);
    }
    // By twos; of an odd number the last pair does one place again.
    for (let p: usize = 0; p < PLACES; p += 2) {
      const at = min(p, PLACES - 2);
      const e = this.entered + (at + 1) * pair + one;
      enterTanh(network, features + at * STRIDE_BYTES, at, e, e + pair);
    }
    qrnn(network.qrnn1, FINER_PLACES, this.entered, pair, h1, this.mixed + pair, pair, sums);
    for (let p: usize = 0; p < PLACES; p += 2) {
      const at = min(p, PLACES - 2);
      const m = this.mixed + (at + 1) * pair + one;
      mixTanh(network.mix, h1, at, channels, m, m + pair);
    }
    for (let p: usize = 0; p < PLACES; p++) {
      const left = this.left + 3 * p * one;
      const next = (p + 1) * pair;
      memory.copy(this.second + next + one, this.mixed + next, one);
      memory.copy(left + one, this.mixed + next, one);
      memory.copy(left + 2 * one, this.entered + next + one, one);
    }
    qrnn(network.qrnn2, FINER_PLACES, this.mixed, pair, h2, this.second + pair, pair, sums);
    qrnn(network.qrnn3, FINER_PLACES, this.second, pair, h3, this.left, 3 * one, sums);
    const outputs = changetype<usize>(OUTPUTS);
    memory.fill(outputs, 0, (FINER_OUTPUTS as usize) * FINER_ROW_BYTES);
    leaveAll(network.leave, this.left, 3 * one, sums, outputs);
    return outputs;
  }
}

/** e of a place and the next. features: of the first one's first bin in the first row. */
function enterTanh(network: FinerNetwork, features: usize, place: usize, out: usize, nextOut: usize): void {
  const layer = network.enter;
  const stride = (<usize>layer.rows) << 2;
  const places = network.place.weights + place * stride;
  for (let at: usize = 0; at < stride; at += TILE_ROWS * 4) {
    const bias = layer.bias + at;
    const told = network.told + at;
    const here = places + at;
    const next = here + stride;
    const c0 = f32x4.add(v128.load(bias), v128.load(told));
    const c1 = f32x4.add(v128.load(bias, 16), v128.load(told, 16));
    const c2 = f32x4.add(v128.load(bias, 32), v128.load(told, 32));
    const c3 = f32x4.add(v128.load(bias, 48), v128.load(told, 48));
    let a0 = f32x4.add(c0, v128.load(here));
    let a1 = f32x4.add(c1, v128.load(here, 16));
    let a2 = f32x4.add(c2, v128.load(here, 32));
    let a3 = f32x4.add(c3, v128.load(here, 48));
    let b0 = f32x4.add(c0, v128.load(next));
    let b1 = f32x4.add(c1, v128.load(next, 16));
    let b2 = f32x4.add(c2, v128.load(next, 32));
    let b3 = f32x4.add(c3, v128.load(next, 48));
    let w = layer.weights + at;
    let row = features;
    for (let f = 0; f < FINER_FEATURES; f++) {
      for (let x = row; x < row + KERNEL_BYTES; x += 4) {
        const a = v128.load32_splat(x);
        const b = v128.load32_splat(x + STRIDE_BYTES);
        const w0 = v128.load(w);
        a0 = f32x4.add(a0, f32x4.mul(w0, a));
        b0 = f32x4.add(b0, f32x4.mul(w0, b));
        const w1 = v128.load(w, 16);
        a1 = f32x4.add(a1, f32x4.mul(w1, a));
        b1 = f32x4.add(b1, f32x4.mul(w1, b));
        const w2 = v128.load(w, 32);
        a2 = f32x4.add(a2, f32x4.mul(w2, a));
        b2 = f32x4.add(b2, f32x4.mul(w2, b));
        const w3 = v128.load(w, 48);
        a3 = f32x4.add(a3, f32x4.mul(w3, a));
        b3 = f32x4.add(b3, f32x4.mul(w3, b));
        w += stride;
      }
      row += FINER_ROW_BYTES;
    }
    storeTanh(out, a0, a1, a2, a3);
    storeTanh(nextOut, b0, b1, b2, b3);
    out += <usize>(TILE_ROWS * ACTIVATION_BYTES);
    nextOut += <usize>(TILE_ROWS * ACTIVATION_BYTES);
  }
}

/** m of a place and the next: two rows of the mixing matrix times the states of all places. */
function mixTanh(layer: Layer, states: usize, place: usize, channels: usize, out: usize, nextOut: usize): void {
  const stride = (<usize>padRows(layer.rows)) << 2;
  const state = channels << 2;
  const bias = layer.bias + (place << 2);
  for (let at: usize = 0; at < state; at += TILE_ROWS * 4) {
    let a0 = v128.load32_splat(bias);
    let a1 = a0;
    let a2 = a0;
    let a3 = a0;
    let b0 = v128.load32_splat(bias, 4);
    let b1 = b0;
    let b2 = b0;
    let b3 = b0;
    let w = layer.weights + (place << 2);
    let h = states + at;
    for (let p = 0; p < FINER_PLACES; p++) {
      const a = v128.load32_splat(w);
      const b = v128.load32_splat(w, 4);
      const h0 = v128.load(h);
      a0 = f32x4.add(a0, f32x4.mul(h0, a));
      b0 = f32x4.add(b0, f32x4.mul(h0, b));
      const h1 = v128.load(h, 16);
      a1 = f32x4.add(a1, f32x4.mul(h1, a));
      b1 = f32x4.add(b1, f32x4.mul(h1, b));
      const h2 = v128.load(h, 32);
      a2 = f32x4.add(a2, f32x4.mul(h2, a));
      b2 = f32x4.add(b2, f32x4.mul(h2, b));
      const h3 = v128.load(h, 48);
      a3 = f32x4.add(a3, f32x4.mul(h3, a));
      b3 = f32x4.add(b3, f32x4.mul(h3, b));
      w += stride;
      h += state;
    }
    storeTanh(out, a0, a1, a2, a3);
    storeTanh(nextOut, b0, b1, b2, b3);
    out += <usize>(TILE_ROWS * ACTIVATION_BYTES);
    nextOut += <usize>(TILE_ROWS * ACTIVATION_BYTES);
  }
}

function storeTanh(out: usize, x0: v128, x1: v128, x2: v128, x3: v128): void {
  storeActivations(out, tanh4(x0), tanh4(x1));
  storeActivations(out + <usize>(8 * ACTIVATION_BYTES), tanh4(x2), tanh4(x3));
}

/**
 * What all places tell of their bins, by twos.
 * @param x quantised input of the first place, that of each other `stride` bytes on
 * @param outputs where the first place's first bin goes, zero
 */
function leaveAll(layer: Layer, x: usize, stride: usize, sums: usize, outputs: usize): void {
  const second = sums + ((<usize>padRows(layer.rows)) << 2);
  let left = FINER_PLACES;
  for (; left > 1; left -= 2) {
    matvecPair(layer, x, x + stride, sums);
    addOutputs(layer, sums, outputs);
    addOutputs(layer, second, outputs + STRIDE_BYTES);
    x += 2 * stride;
    outputs += 2 * STRIDE_BYTES;
  }
  if (left > 0) {
    matvec(layer, x, sums);
    addOutputs(layer, sums, outputs);
  }
}

/** Adds what a place tells of its bins to the outputs, whose first row at its first bin is at `outputs`. */
function addOutputs(layer: Layer, sums: usize, outputs: usize): void {
  let at: usize = 0;
  for (let o = 0; o < FINER_OUTPUTS; o++) {
    for (let i: usize = 0; i < KERNEL_BYTES; i += 16) {
      const value = dequantise4(layer, sums, at);
      v128.store(outputs + i, f32x4.add(v128.load(outputs + i), value));
      at += 16;
    }
    outputs += FINER_ROW_BYTES;
  }
}
