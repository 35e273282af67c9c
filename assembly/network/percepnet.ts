/**
 * The network: 70 features of a frame -> 34 band gains, 34 comb filter strengths, speech probability.
 *
 *   x = features                        FEATURES
 *   d = tanh(dense x)
 *   c1 = tanh(conv1 d), c2 = tanh(conv2 c1)        over time, causal
 *   g1, g2, g3 = GRU(c2), GRU(g1), GRU(g2)
 *   gg = GRU(g3), gr = GRU([g3, c2])
 *   gains, speech = sigmoid(gain_out [c2, g1, g2, g3, gg])
 *   strengths = sigmoid(strength_out gr)
 *
 * Every layer writes its quantised output where its readers expect it, so nothing is copied but c2, nor quantised twice.
 */
import { BANDS, FEATURES } from '../constants';
import { allocateFloats } from '../memory';
import { ACTIVATION_BYTES, allocateActivations, clearActivations } from './activations';
import { convTanh, shiftHistory } from './conv';
import { denseFloatTanh, denseSigmoid } from './dense';
import { FinerNetwork, FinerState } from './finer';
import { Gru } from './gru';
import {
  DESCRIPTOR_WORDS,
  FINER_LAYERS,
  GAIN_ROWS,
  LAYER_CONV1,
  LAYER_CONV2,
  LAYER_COUNT,
  LAYER_DENSE,
  LAYER_GAIN_OUT,
  LAYER_GRU_GAIN,
  LAYER_GRU_STRENGTH,
  LAYER_GRU1,
  LAYER_GRU2,
  LAYER_GRU3,
  LAYER_STRENGTH_OUT,
  Layer,
  padRows,
} from './weights';

/** More than the objects of a network, or of a stream, take beside their arrays. */
const OBJECT_BYTES: i64 = 2048;

const GRUS: i32 = 5;
const GRU_GAIN: i32 = 3;
/** The one of the strengths: it comes last and is the only one of another width. */
const GRU_STRENGTH: i32 = 4;
/** Recurrent products of one `prepare`: a frame has at least two callbacks of 128 samples in which none is completed. */
const PREPARED_AT_ONCE: i32 = 3;

/** Features beyond this, or not a number, count as 0: one bad frame must not stay in the states for ever. */
const FEATURE_LIMIT: f32 = 1e4;

function gruAt(layers: usize, index: i32): Gru {
  return new Gru(Layer.at(layers, index), Layer.at(layers, index + 1));
}

/**
 * The weights, shared by any number of NetworkState. The descriptors must have passed checkLayers; their data must stay in place.
 * The constructor allocates; nothing does afterwards.
 */
export class Network {
  readonly dense: Layer;
  readonly conv1: Layer;
  readonly conv2: Layer;
  readonly gru1: Gru;
  readonly gru2: Gru;
  readonly gru3: Gru;
  readonly gruGain: Gru;
  readonly gruStrength: Gru;
  readonly gainOut: Layer;
  readonly strengthOut: Layer;
  /** Of the finer stage behind the bands; null where the model has none. */
  readonly finer: FinerNetwork | null;
  /** Scratch for the int32 sums of one matrix: streams take turns. */
  readonly sums: usize;
  /** The five in the order of the graph. */
  readonly grus: StaticArray<Gru> = new StaticArray<Gru>(GRUS);

  /** Most the constructor allocates for count checked descriptors. */
  static bytes(layers: usize, count: i32): i64 {
    let sum: i64 = 0;
    let widest: i64 = 0;
    for (let i = 0; i < count; i++) {
      const descriptor = layers + <usize>(i * DESCRIPTOR_WORDS * 4);
      sum += Layer.bytes(descriptor);
      widest = max(widest, Layer.outputBytes(descriptor));
    }
    // The bands' scratch, and the finer stage's for two places.
    return sum + 3 * widest + 2 * OBJECT_BYTES;
  }

  /** Most a stream allocates for its states. */
  get streamBytes(): i64 {
    const finer = this.finer;
    return NetworkState.bytes(this) + (finer ? FinerState.bytes(finer) : 0);
  }

  constructor(layers: usize, count: i32) {
    this.dense = Layer.at(layers, LAYER_DENSE);
    this.conv1 = Layer.at(layers, LAYER_CONV1);
    this.conv2 = Layer.at(layers, LAYER_CONV2);
    this.gru1 = gruAt(layers, LAYER_GRU1);
    this.gru2 = gruAt(layers, LAYER_GRU2);
    this.gru3 = gruAt(layers, LAYER_GRU3);
    this.gruGain = gruAt(layers, LAYER_GRU_GAIN);
    this.gruStrength = gruAt(layers, LAYER_GRU_STRENGTH);
    this.gainOut = Layer.at(layers, LAYER_GAIN_OUT);
    this.strengthOut = Layer.at(layers, LAYER_STRENGTH_OUT);
    this.finer =
      count == LAYER_COUNT + FINER_LAYERS
        ? new FinerNetwork(layers + <usize>(LAYER_COUNT * DESCRIPTOR_WORDS * 4))
        : null;
    const grus = this.grus;
    unchecked((grus[0] = this.gru1));
    unchecked((grus[1] = this.gru2));
    unchecked((grus[2] = this.gru3));
    unchecked((grus[3] = this.gruGain));
    unchecked((grus[4] = this.gruStrength));
    const widest = max(max(this.conv1.rows, this.conv2.rows), 3 * max(this.gru1.units, this.gruStrength.units));
    this.sums = allocateFloats(max(widest, padRows(GAIN_ROWS)));
  }
}

/** One stream: convolution histories, GRU states and the outputs of the last frame. The constructor allocates. */
export class NetworkState {
  /** BANDS f32 in 0..1, then the speech probability. */
  readonly gains: usize;
  /** BANDS f32 in 0..1. */
  readonly strengths: usize;

  private readonly features: usize;
  private readonly history1: usize;
  private readonly history2: usize;
  /** Quantised [c2, g1, g2, g3, gg]. */
  private readonly merged: usize;
  /** Quantised [g3, c2]. */
  private readonly strengthInput: usize;
  /** Quantised gr. */
  private readonly strengthHidden: usize;
  /** f32 states of gru1, gru2, gru3, gruGain, gruStrength. */
  private readonly states: usize;
  /** Recurrent sums of the same, int32, and of how many of them they are those of the next frame. */
  private readonly recurrent: usize;
  private prepared: i32 = 0;

  /** Most the constructor allocates. */
  static bytes(network: Network): i64 {
    const units = network.gru1.units;
    const strengthUnits = network.gruStrength.units;
    const activations =
      network.conv1.columns +
      network.conv2.columns +
      network.gainOut.columns +
      network.gruStrength.input.columns +
      strengthUnits;
    return <i64>activations * ACTIVATION_BYTES + <i64>(4 * units + strengthUnits) * 16 + OBJECT_BYTES;
  }

  constructor(private readonly network: Network) {
    const units = network.gru1.units;
    this.gains = allocateFloats(padRows(GAIN_ROWS));
    this.strengths = allocateFloats(padRows(BANDS));
    this.features = allocateFloats(FEATURES);
    this.history1 = allocateActivations(network.conv1.columns);
    this.history2 = allocateActivations(network.conv2.columns);
    this.merged = allocateActivations(network.gainOut.columns);
    this.strengthInput = allocateActivations(network.gruStrength.input.columns);
    this.strengthHidden = allocateActivations(network.gruStrength.units);
    this.states = allocateFloats(4 * units + network.gruStrength.units);
    this.recurrent = allocateFloats(3 * (4 * units + network.gruStrength.units));
    this.reset();
  }

  /** Quantised state of gru_gain: what the finer stage is told. */
  get context(): usize {
    return this.hiddenOf(GRU_GAIN);
  }

  /** Quantised state of a GRU: the first four lie in `merged`. */
  private hiddenOf(gru: i32): usize {
    const network = this.network;
    if (gru == GRU_STRENGTH) return this.strengthHidden;
    return this.merged + <usize>((network.conv2.rows + gru * network.gru1.units) * ACTIVATION_BYTES);
  }

  private recurrentOf(gru: i32): usize {
    return this.recurrent + <usize>(gru * 3 * this.network.gru1.units * 4);
  }

  /** Looks back up to the given number of GRUs, as far as that is not done yet. */
  private lookBack(until: i32): void {
    for (let gru = this.prepared; gru < until; gru++) {
      unchecked(this.network.grus[gru]).lookBack(this.hiddenOf(gru), this.recurrentOf(gru));
      this.prepared = gru + 1;
    }
  }

  /**
   * Does a part of the next frame's work that needs nothing of it, some 40 % in all: for callbacks in which no frame is due. Changes
   * no result. Real-time safe.
   * @returns whether there is more to prepare
   */
  prepare(): bool {
    this.lookBack(min(this.prepared + PREPARED_AT_ONCE, GRUS));
    return this.prepared < GRUS;
  }

  /** Back to the state after construction. Real-time safe. */
  reset(): void {
    const network = this.network;
    clearActivations(this.history1, network.conv1.columns);
    clearActivations(this.history2, network.conv2.columns);
    clearActivations(this.merged, network.gainOut.columns);
    clearActivations(this.strengthInput, network.gruStrength.input.columns);
    clearActivations(this.strengthHidden, network.gruStrength.units);
    memory.fill(this.states, 0, (<usize>(4 * network.gru1.units + network.gruStrength.units)) << 2);
    memory.fill(this.gains, 0, (<usize>padRows(GAIN_ROWS)) << 2);
    memory.fill(this.strengths, 0, (<usize>padRows(BANDS)) << 2);
    this.prepared = 0;
  }

  /**
   * One frame: reads FEATURES f32, writes gains and strengths. Real-time safe.
   * @returns the speech probability, 0..1
   */
  step(features: usize): f32 {
    const network = this.network;
    const sums = network.sums;
    const units = <usize>network.gru1.units;
    const state = units << 2;
    const hidden = units * ACTIVATION_BYTES;
    const conv = <usize>network.conv2.rows * ACTIVATION_BYTES;

    this.lookBack(GRUS);
    this.prepared = 0;
    for (let i: usize = 0; i < <usize>(FEATURES * 4); i += 4) {
      const value = load<f32>(features + i);
      store<f32>(this.features + i, abs(value) <= FEATURE_LIMIT ? value : 0);
    }
    denseFloatTanh(network.dense, this.features, shiftHistory(network.conv1, this.history1));
    convTanh(network.conv1, this.history1, sums, shiftHistory(network.conv2, this.history2));

    const c2 = this.merged;
    const g1 = c2 + conv;
    const g2 = g1 + hidden;
    const g3 = g2 + hidden;
    const gg = g3 + hidden;
    convTanh(network.conv2, this.history2, sums, c2);
    network.gru1.step(c2, this.states, g1, sums, this.recurrentOf(0));
    network.gru2.step(g1, this.states + state, g2, sums, this.recurrentOf(1));
    network.gru3.step(g2, this.states + 2 * state, g3, sums, this.recurrentOf(2));
    network.gruGain.step(g3, this.states + 3 * state, gg, sums, this.recurrentOf(3));
    denseSigmoid(network.gainOut, this.merged, sums, this.gains);

    memory.copy(this.strengthInput, g3, hidden);
    memory.copy(this.strengthInput + hidden, c2, conv);
    network.gruStrength.step(
      this.strengthInput,
      this.states + 4 * state,
      this.strengthHidden,
      sums,
      this.recurrentOf(4),
    );
    denseSigmoid(network.strengthOut, this.strengthHidden, sums, this.strengths);
    return load<f32>(this.gains + <usize>(BANDS * 4));
  }
}
