/** The layers of a network: those that the core counts, each with an input for each output before it. */
import { describe, expect, test } from 'vitest';
import { type Architecture, layerShapes } from '../../../src/core/layers';
import {
  BANDS,
  FEATURES,
  FINER_LAYERS,
  KIND_CONV,
  KIND_DENSE,
  KIND_FLOAT,
  LAYER_COUNT,
  TILE_COLUMNS,
} from '../../../src/core/shape';

/** Sizes that are all different, so that none stands for another. */
const sizes: Architecture = {
  dense: 128,
  conv1: 48,
  conv1Taps: 5,
  conv2: 16,
  conv2Taps: 3,
  units: 32,
  strengthUnits: 64,
  finerChannels: 80,
};

describe('layers', () => {
  test('are as many as the core takes, with a finer stage and without', () => {
    expect(layerShapes({ ...sizes, finerChannels: 0 })).toHaveLength(LAYER_COUNT);
    expect(layerShapes(sizes)).toHaveLength(LAYER_COUNT + FINER_LAYERS);
    expect(layerShapes(sizes).slice(0, LAYER_COUNT)).toEqual(layerShapes({ ...sizes, finerChannels: 0 }));
    expect(new Set(layerShapes(sizes).map(({ name }) => name)).size).toBe(LAYER_COUNT + FINER_LAYERS);
  });

  // The article's figure, by hand: what each layer hears, and how much it says.
  test.each([
    ['dense', FEATURES, 128],
    ['conv1', 5 * 128, 48],
    ['conv2', 3 * 48, 16],
    ['gru1.input', 16, 3 * 32],
    ['gru1.recurrent', 32, 3 * 32],
    ['gru2.input', 32, 3 * 32],
    ['gru2.recurrent', 32, 3 * 32],
    ['gru3.input', 32, 3 * 32],
    ['gru3.recurrent', 32, 3 * 32],
    ['gru_gain.input', 32, 3 * 32],
    ['gru_gain.recurrent', 32, 3 * 32],
    ['gru_strength.input', 32 + 16, 3 * 64],
    ['gru_strength.recurrent', 64, 3 * 64],
    ['gain_out', 16 + 4 * 32, BANDS + 1],
    ['strength_out', 64, BANDS],
    ['finer_enter', 9 * 8, 80],
    ['finer_place', 25, 80],
    ['finer_context', 32, 80],
    ['finer_qrnn1', 6 * 80, 2 * 80],
    ['finer_mix', 25, 25],
    ['finer_qrnn2', 6 * 80, 2 * 80],
    ['finer_qrnn3', 6 * 80, 2 * 80],
    ['finer_leave', 3 * 80, 8 * 8],
  ])('%s: %i numbers in, %i out', (name, columns, rows) => {
    expect(layerShapes(sizes).find((shape) => shape.name === name)).toMatchObject({ columns, rows });
  });

  test('int8 ones are whole tiles wide, and convolutions alone have taps', () => {
    for (const { name, kind, columns, taps } of layerShapes(sizes)) {
      if (kind !== KIND_FLOAT) expect(columns % TILE_COLUMNS, name).toBe(0);
      expect(taps > 0, name).toBe(kind === KIND_CONV);
    }
    expect(layerShapes(sizes).find(({ name }) => name === 'gain_out')?.kind).toBe(KIND_DENSE);
  });
});
