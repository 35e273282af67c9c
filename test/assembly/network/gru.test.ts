import { beforeAll, expect, it } from 'vitest';
import { frameOf, golden, goldenLayer, layerProbe } from '../../helpers/golden-layers';
import { KIND_GRU_INPUT, KIND_GRU_RECURRENT, type Probe } from '../../helpers/probe';

const clampLevel = (x: number) => Math.min(127, Math.max(0, Math.trunc(63 * x + 64.5)));

let probe: Probe;
let sums: number;
beforeAll(async () => {
  probe = await layerProbe();
  sums = probe.core.alloc(4096);
});

it('GRU follows PyTorch within 1e-4 over 20 frames, in units that keep all they may as well', () => {
  const { inputs, units, frames, gru } = golden;
  const input = goldenLayer(probe, KIND_GRU_INPUT, 3 * units, inputs, gru.input);
  const recurrent = goldenLayer(probe, KIND_GRU_RECURRENT, 3 * units, units, gru.recurrent);
  const state = probe.write(new Float32Array(units));
  const hidden = probe.writeLevels(new Uint8Array(units).fill(64));
  for (let t = 0; t < frames; t++) {
    probe.core.runGru(input, recurrent, probe.writeLevels(frameOf(t)), state, hidden, sums);
    const h = probe.floats(state, units);
    for (let i = 0; i < units; i++) {
      expect(Math.abs(h[i]! - golden.gru.states[t * units + i]!), `frame ${t}, unit ${i}`).toBeLessThan(1e-4);
    }
    expect(probe.readLevels(hidden, units)).toEqual(Uint8Array.from(h, clampLevel));
  }
});
