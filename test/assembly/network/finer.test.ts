import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import { loadNetwork, parseModel } from '../../../src/core/model';
import { FINER_BINS, FINER_FEATURES, FINER_OUTPUTS } from '../../../src/core/shape';
import { compileProbe } from '../../helpers/compile-probe';
import { Probe } from '../../helpers/probe';

const file = (name: string) => Uint8Array.from(readFileSync(new URL(`../../golden/${name}`, import.meta.url)));

/** Written by training/network/golden.py: features in levels of 1/32 and context of 1/63, and PyTorch's outputs, frame by frame. */
const model = parseModel(file('finer.safetensors'));
const inputs = new Int8Array(file('finer.i8').buffer);
const expected = new Float32Array(file('finer.f32').buffer);
const OUTPUTS = FINER_OUTPUTS * FINER_BINS;
const frames = expected.length / OUTPUTS;
const FEATURES = FINER_FEATURES * FINER_BINS;
const context = inputs.length / frames - FEATURES;

/** Float sums in another order; one rounding to another level would already cost more. */
const TOLERANCE = 2e-4;

class Stream {
  private readonly state: number;
  private readonly outputs: number;

  constructor(
    private readonly probe: Probe,
    network: number,
  ) {
    this.state = probe.core.finerCreate(network);
    this.outputs = probe.core.alloc(OUTPUTS * 4);
  }

  step(t: number): Float32Array {
    const row = inputs.subarray(t * (FEATURES + context), (t + 1) * (FEATURES + context));
    const features = this.probe.write(Float32Array.from(row.subarray(0, FEATURES), (level) => level / 32));
    const levels = this.probe.writeLevels(Uint8Array.from(row.subarray(FEATURES), (level) => level + 64));
    this.probe.core.finerStep(this.state, features, levels, this.outputs);
    return this.probe.floats(this.outputs, OUTPUTS);
  }

  reset(): void {
    this.probe.core.finerReset(this.state);
  }
}

describe('network of the finer stage', () => {
  let probe: Probe;
  beforeAll(async () => {
    probe = new Probe(new WebAssembly.Module(await compileProbe(false)));
  });

  it('follows PyTorch frame by frame, from silence and after a reset', () => {
    const stream = new Stream(probe, loadNetwork(probe.core, model));
    for (let round = 0; round < 2; round++) {
      for (let t = 0; t < frames; t++) {
        const told = stream.step(t);
        let worst = 0;
        for (let i = 0; i < OUTPUTS; i++) worst = Math.max(worst, Math.abs(told[i]! - expected[t * OUTPUTS + i]!));
        expect(worst, `round ${round}, frame ${t}`).toBeLessThan(TOLERANCE);
      }
      stream.reset();
    }
  });
});
