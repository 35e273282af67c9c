import { beforeAll, expect, it } from 'vitest';
import { frameOf, golden, goldenLayer, layerProbe } from '../../helpers/golden-layers';
import { KIND_CONV, type Probe } from '../../helpers/probe';

let probe: Probe;
let sums: number;
beforeAll(async () => {
  probe = await layerProbe();
  sums = probe.core.alloc(4096);
});

it('convolution follows PyTorch to half a level, from silence on', () => {
  const { inputs, units, frames, taps, conv } = golden;
  const handle = goldenLayer(probe, KIND_CONV, units, taps * inputs, conv, taps);
  const history = probe.writeLevels(new Uint8Array(taps * inputs).fill(64));
  const out = probe.activations(units);
  for (let t = 0; t < frames; t++) {
    const at = probe.core.runShiftHistory(handle, history);
    probe.core.packLevels(probe.write(frameOf(t)), at, inputs);
    probe.core.runConvTanh(handle, history, sums, out);
    const levels = probe.readLevels(out, units);
    for (let i = 0; i < units; i++) {
      const exact = 63 * conv.outputs[t * units + i]! + 64;
      expect(Math.abs(levels[i]! - exact), `frame ${t}, row ${i}`).toBeLessThan(0.5 + 0.001);
    }
  }
});
