/** Entry of the unit tests: the pieces of the network as plain functions on memory. Not part of the core. */
import { FINER_BINS, FINER_FEATURES, FINER_OUTPUTS } from '../constants';
import { allocate } from '../memory';
import {
  ACTIVATION_BYTES,
  loadActivation,
  sigmoid4,
  storeActivations,
  storeLevel,
  tanh4,
} from '../network/activations';
import { convTanh, shiftHistory } from '../network/conv';
import { denseFloatTanh, denseSigmoid, denseTanh } from '../network/dense';
import { FINER_FIRST, FINER_ROW_BYTES, FinerState } from '../network/finer';
import { Gru } from '../network/gru';
import { matvec } from '../network/matvec';
import { matvecPair } from '../network/matvec_pair';
import { matvecScalar } from '../network/matvec_scalar';
import { Network, NetworkState } from '../network/percepnet';
import { checkLayers, Layer } from '../network/weights';

const layers: Layer[] = [];
const networks: Network[] = [];
const states: NetworkState[] = [];
const finerStates: FinerState[] = [];

/** The core's, for as many blocks as it takes. */
export function alloc(bytes: i32): usize {
  const block = allocate(bytes);
  return block ? block : heap.alloc(<usize>bytes);
}

export function activationBytes(): i32 {
  return ACTIVATION_BYTES;
}

/** count is a multiple of four. */
export function tanhAll(x: usize, y: usize, count: i32): void {
  for (let at: usize = 0; at < (<usize>count) << 2; at += 16) v128.store(y + at, tanh4(v128.load(x + at)));
}

/** count is a multiple of four. */
export function sigmoidAll(x: usize, y: usize, count: i32): void {
  for (let at: usize = 0; at < (<usize>count) << 2; at += 16) v128.store(y + at, sigmoid4(v128.load(x + at)));
}

/** count is a multiple of eight. */
export function quantiseAll(x: usize, activations: usize, count: i32): void {
  for (let i: usize = 0; i < <usize>count; i += 8) {
    storeActivations(activations + i * ACTIVATION_BYTES, v128.load(x + (i << 2)), v128.load(x + (i << 2), 16));
  }
}

/** Packs count bytes q into the build's format. */
export function packLevels(levels: usize, activations: usize, count: i32): void {
  for (let i = 0; i < count; i++) storeLevel(activations, i, <i32>load<u8>(levels + <usize>i));
}

/** Unpacks count activations into bytes q. */
export function unpackLevels(activations: usize, levels: usize, count: i32): void {
  for (let i = 0; i < count; i++) store<u8>(levels + <usize>i, <u8>(loadActivation(activations, i) + 64));
}

export function layerCreate(descriptor: usize): i32 {
  return layers.push(new Layer(descriptor)) - 1;
}

export function runMatvec(layer: i32, activations: usize, sums: usize): void {
  matvec(layers[layer], activations, sums);
}

export function runMatvecPair(layer: i32, first: usize, second: usize, sums: usize): void {
  matvecPair(layers[layer], first, second, sums);
}

export function runMatvecScalar(layer: i32, activations: usize, sums: usize): void {
  matvecScalar(layers[layer], activations, sums);
}

export function runDenseFloatTanh(layer: i32, input: usize, out: usize): void {
  denseFloatTanh(layers[layer], input, out);
}

export function runDenseTanh(layer: i32, activations: usize, sums: usize, out: usize): void {
  denseTanh(layers[layer], activations, sums, out);
}

export function runDenseSigmoid(layer: i32, activations: usize, sums: usize, out: usize): void {
  denseSigmoid(layers[layer], activations, sums, out);
}

export function runShiftHistory(layer: i32, history: usize): usize {
  return shiftHistory(layers[layer], history);
}

export function runConvTanh(layer: i32, history: usize, sums: usize, out: usize): void {
  convTanh(layers[layer], history, sums, out);
}

export function runGru(input: i32, recurrent: i32, x: usize, state: usize, hidden: usize, sums: usize): void {
  const gru = new Gru(layers[input], layers[recurrent]);
  const recurrentSums = sums + <usize>(3 * gru.units * 4);
  gru.lookBack(hidden, recurrentSums);
  gru.step(x, state, hidden, sums, recurrentSums);
}

/** Same contract as the core's. */
export function networkLoad(descriptors: i32, count: i32): i32 {
  const code = checkLayers(<usize>(<u32>descriptors), count);
  if (code != 0) return code;
  return networks.push(new Network(<usize>(<u32>descriptors), count)) - 1;
}

export function stateCreate(network: i32): i32 {
  return states.push(new NetworkState(networks[network])) - 1;
}

export function stateReset(state: i32): void {
  states[state].reset();
}

export function statePrepare(state: i32): bool {
  return states[state].prepare();
}

export function stateStep(state: i32, features: usize): f32 {
  return states[state].step(features);
}

export function stateGains(state: i32): usize {
  return states[state].gains;
}

export function stateStrengths(state: i32): usize {
  return states[state].strengths;
}

/** A finer stage's network of its own; -1 where the model has none. */
export function finerCreate(network: i32): i32 {
  const finer = networks[network].finer;
  return finer ? finerStates.push(new FinerState(finer)) - 1 : -1;
}

export function finerReset(state: i32): void {
  finerStates[state].reset();
}

/** features: FINER_FEATURES rows of FINER_BINS f32; context: quantised; outputs: receives FINER_OUTPUTS rows of FINER_BINS f32. */
export function finerStep(state: i32, features: usize, context: usize, outputs: usize): void {
  const row = (FINER_BINS as usize) << 2;
  const padded = heap.alloc((FINER_FEATURES as usize) * FINER_ROW_BYTES);
  memory.fill(padded, 0, (FINER_FEATURES as usize) * FINER_ROW_BYTES);
  for (let f: usize = 0; f < (FINER_FEATURES as usize); f++) {
    memory.copy(padded + f * FINER_ROW_BYTES + FINER_FIRST, features + f * row, row);
  }
  const told = finerStates[state].step(padded, context) + FINER_FIRST;
  for (let o: usize = 0; o < (FINER_OUTPUTS as usize); o++)
    memory.copy(outputs + o * row, told + o * FINER_ROW_BYTES, row);
}
