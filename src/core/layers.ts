/** The layers of a network, in the order in which the core takes them. */
import {
  BANDS,
  FEATURES,
  FINER_FEATURES,
  FINER_KERNEL,
  FINER_OUTPUTS,
  FINER_PLACES,
  KIND_CONV,
  KIND_DENSE,
  KIND_FLOAT,
  KIND_GRU_INPUT,
  KIND_GRU_RECURRENT,
} from './shape';

/** Sizes of a network: all layers follow from them. */
export interface Architecture {
  dense: number;
  conv1: number;
  conv1Taps: number;
  conv2: number;
  conv2Taps: number;
  units: number;
  strengthUnits: number;
  /** Of the finer stage; 0: there is none. */
  finerChannels: number;
}

/** What a layer's tensors must be. */
export interface LayerShape {
  name: string;
  kind: number;
  rows: number;
  columns: number;
  taps: number;
}

/** The layers in the order of assembly/network/weights.ts. */
export function layerShapes(a: Architecture): LayerShape[] {
  const gru = (name: string, inputs: number, units: number): LayerShape[] => [
    { name: `${name}.input`, kind: KIND_GRU_INPUT, rows: 3 * units, columns: inputs, taps: 0 },
    { name: `${name}.recurrent`, kind: KIND_GRU_RECURRENT, rows: 3 * units, columns: units, taps: 0 },
  ];
  return [
    { name: 'dense', kind: KIND_FLOAT, rows: a.dense, columns: FEATURES, taps: 0 },
    { name: 'conv1', kind: KIND_CONV, rows: a.conv1, columns: a.conv1Taps * a.dense, taps: a.conv1Taps },
    { name: 'conv2', kind: KIND_CONV, rows: a.conv2, columns: a.conv2Taps * a.conv1, taps: a.conv2Taps },
    ...gru('gru1', a.conv2, a.units),
    ...gru('gru2', a.units, a.units),
    ...gru('gru3', a.units, a.units),
    ...gru('gru_gain', a.units, a.units),
    ...gru('gru_strength', a.units + a.conv2, a.strengthUnits),
    { name: 'gain_out', kind: KIND_DENSE, rows: BANDS + 1, columns: a.conv2 + 4 * a.units, taps: 0 },
    { name: 'strength_out', kind: KIND_DENSE, rows: BANDS, columns: a.strengthUnits, taps: 0 },
    ...(a.finerChannels > 0 ? finerShapes(a.finerChannels, a.units) : []),
  ];
}

/** Those of the finer stage, in the same order. */
function finerShapes(channels: number, units: number): LayerShape[] {
  return [
    { name: 'enter', kind: KIND_FLOAT, rows: channels, columns: FINER_FEATURES * FINER_KERNEL },
    { name: 'place', kind: KIND_FLOAT, rows: channels, columns: FINER_PLACES },
    { name: 'context', kind: KIND_DENSE, rows: channels, columns: units },
    { name: 'qrnn1', kind: KIND_DENSE, rows: 2 * channels, columns: 6 * channels },
    { name: 'mix', kind: KIND_FLOAT, rows: FINER_PLACES, columns: FINER_PLACES },
    { name: 'qrnn2', kind: KIND_DENSE, rows: 2 * channels, columns: 6 * channels },
    { name: 'qrnn3', kind: KIND_DENSE, rows: 2 * channels, columns: 6 * channels },
    { name: 'leave', kind: KIND_DENSE, rows: FINER_OUTPUTS * FINER_KERNEL, columns: 3 * channels },
  ].map((shape) => ({ ...shape, name: `finer_${shape.name}`, taps: 0 }));
}
