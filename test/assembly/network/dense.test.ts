import { beforeAll, describe, expect, it } from 'vitest';
import { layerProbe } from '../../helpers/golden-layers';
import { KIND_DENSE, type Probe, random } from '../../helpers/probe';

describe('dense layers', () => {
  let probe: Probe;
  let sums: number;
  beforeAll(async () => {
    probe = await layerProbe();
    sums = probe.core.alloc(4096);
  });

  it('of int8 follow their definition within 1e-5', () => {
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

  it('of float follow their definition to half a level', () => {
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
