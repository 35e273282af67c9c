import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import { compileProbe } from '../../helpers/compile-probe';
import { KIND_CONV, KIND_DENSE, KIND_GRU_INPUT, KIND_GRU_RECURRENT, Probe, random } from '../../helpers/probe';

interface GoldenMatrix {
  weights: number[];
  scales: number[];
  bias: number[];
}

interface Golden {
  inputs: number;
  units: number;
  frames: number;
  taps: number;
  /** Levels, frame by frame. */
  x: number[];
  gru: { input: GoldenMatrix; recurrent: GoldenMatrix; states: number[] };
  conv: GoldenMatrix & { outputs: number[] };
}

/** Written by training/network/golden.py. */
const golden = JSON.parse(readFileSync(new URL('../../golden/layers.json', import.meta.url), 'utf8')) as Golden;

const clampLevel = (x: number) => Math.min(127, Math.max(0, Math.trunc(63 * x + 64.5)));

describe('layers', () => {
  let probe: Probe;
  let sums: number;
  beforeAll(async () => {
    probe = new Probe(new WebAssembly.Module(await compileProbe(false)));
    sums = probe.core.alloc(4096);
  });

  const frame = (index: number) => Uint8Array.from(golden.x.slice(index * golden.inputs, (index + 1) * golden.inputs));

  function layer(kind: number, rows: number, columns: number, matrix: GoldenMatrix, taps = 0): number {
    return probe.layer(kind, { rows, columns, ...matrix, weights: Int8Array.from(matrix.weights), taps });
  }

  it('GRU follows PyTorch within 1e-4 over 20 frames, in units that keep all they may as well', () => {
    const { inputs, units, frames, gru } = golden;
    const input = layer(KIND_GRU_INPUT, 3 * units, inputs, gru.input);
    const recurrent = layer(KIND_GRU_RECURRENT, 3 * units, units, gru.recurrent);
    const state = probe.write(new Float32Array(units));
    const hidden = probe.writeLevels(new Uint8Array(units).fill(64));
    for (let t = 0; t < frames; t++) {
      probe.core.runGru(input, recurrent, probe.writeLevels(frame(t)), state, hidden, sums);
      const h = probe.floats(state, units);
      for (let i = 0; i < units; i++) {
        expect(Math.abs(h[i]! - golden.gru.states[t * units + i]!), `frame ${t}, unit ${i}`).toBeLessThan(1e-4);
      }
      expect(probe.readLevels(hidden, units)).toEqual(Uint8Array.from(h, clampLevel));
    }
  });

  it('convolution follows PyTorch to half a level, from silence on', () => {
    const { inputs, units, frames, taps, conv } = golden;
    const handle = layer(KIND_CONV, units, taps * inputs, conv, taps);
    const history = probe.writeLevels(new Uint8Array(taps * inputs).fill(64));
    const out = probe.activations(units);
    for (let t = 0; t < frames; t++) {
      const at = probe.core.runShiftHistory(handle, history);
      probe.core.packLevels(probe.write(frame(t)), at, inputs);
      probe.core.runConvTanh(handle, history, sums, out);
      const levels = probe.readLevels(out, units);
      for (let i = 0; i < units; i++) {
        const exact = 63 * conv.outputs[t * units + i]! + 64;
        expect(Math.abs(levels[i]! - exact), `frame ${t}, row ${i}`).toBeLessThan(0.5 + 0.001);
      }
    }
  });

  it('dense layers follow their definition within 1e-5', () => {
    const next = random(11);
    const rows = 35;
    const columns = 40;
    const weights = Int8Array.from({ length: rows * columns }, () => Math.floor(next() * 255) - 127);
    const scales = Float32Array.from({ length: rows }, () => next() * 0.004);
    const bias = Float32Array.from({ length: rows }, () => next() - 0.5);
    const levels = Uint8Array.from({ length: columns }, () => Math.floor(next() * 128));
    const handle = probe.layer(KIND_DENSE, { rows, columns, weights, scales, bias });
    const activations = probe.writeLevels(levels);
    const y = Array.from({ length: rows }, (_, row) => {
      let sum = 0;
      for (let c = 0; c < columns; c++) sum += (weights[row * columns + c]! * scales[row]! * (levels[c]! - 64)) / 63;
      return sum + bias[row]!;
    });

    const out = probe.core.alloc(48 * 4);
    probe.core.runDenseSigmoid(handle, activations, sums, out);
    probe.floats(out, rows).forEach((value, row) => {
      expect(Math.abs(value - 1 / (1 + Math.exp(-y[row]!)))).toBeLessThan(1e-5);
    });

    const quantised = probe.activations(48);
    probe.core.runDenseTanh(handle, activations, sums, quantised);
    probe.readLevels(quantised, rows).forEach((level, row) => {
      expect(Math.abs(level - (63 * Math.tanh(y[row]!) + 64))).toBeLessThan(0.5 + 0.001);
    });
  });

  it('the float layer follows its definition to half a level', () => {
    const next = random(12);
    const rows = 32;
    const columns = 70;
    const weights = Float32Array.from({ length: rows * columns }, () => next() * 0.4 - 0.2);
    const bias = Float32Array.from({ length: rows }, () => next() - 0.5);
    const x = Float32Array.from({ length: columns }, () => next() * 4 - 2);
    const out = probe.activations(rows);
    probe.core.runDenseFloatTanh(probe.floatLayer(rows, columns, weights, bias), probe.write(x), out);
    probe.readLevels(out, rows).forEach((level, row) => {
      let y = bias[row]!;
      for (let c = 0; c < columns; c++) y += weights[c * rows + row]! * x[c]!;
      expect(Math.abs(level - (63 * Math.tanh(y) + 64))).toBeLessThan(0.5 + 0.001);
    });
  });
});
