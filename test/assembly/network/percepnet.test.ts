import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import { loadNetwork, type Model, parseModel } from '../../../src/core/model';
import { BANDS, FEATURES } from '../../../src/core/shape';
import { compileProbe } from '../../helpers/compile-probe';
import { Probe, relaxedDotWorks } from '../../helpers/probe';

const ROW = FEATURES + 2 * BANDS + 1;

/** Written by training/network/golden.py: features, gains, strengths and speech of PyTorch, frame by frame. */
const golden = new Float32Array(
  Uint8Array.from(readFileSync(new URL('../../golden/tiny.f32', import.meta.url))).buffer,
);
const frames = golden.length / ROW;
const featuresAt = (t: number) => golden.slice(t * ROW, t * ROW + FEATURES);
const model: Model = parseModel(readFileSync(new URL('../../golden/tiny.safetensors', import.meta.url)));

/** Float sums in another order; one rounding to another level would already cost more. */
const TOLERANCE = 1e-5;

class Stream {
  private readonly state: number;
  private readonly input: number;

  constructor(
    private readonly probe: Probe,
    network: number,
  ) {
    this.state = probe.core.stateCreate(network);
    this.input = probe.core.alloc(FEATURES * 4);
  }

  /** Gains, strengths, speech. */
  step(features: Float32Array): Float32Array {
    const { core } = this.probe;
    new Float32Array(core.memory.buffer, this.input, FEATURES).set(features);
    const speech = core.stateStep(this.state, this.input);
    const gains = this.probe.floats(core.stateGains(this.state), BANDS);
    const strengths = this.probe.floats(core.stateStrengths(this.state), BANDS);
    return Float32Array.of(...gains, ...strengths, speech);
  }

  run(): Float32Array[] {
    return Array.from({ length: frames }, (_, t) => this.step(featuresAt(t)));
  }

  /** Prepares the next frame so many times; whether there was more to do after the last. */
  prepare(times: number): boolean {
    let more = false;
    for (let i = 0; i < times; i++) more = this.probe.core.statePrepare(this.state) !== 0;
    return more;
  }

  reset(): void {
    this.probe.core.stateReset(this.state);
  }
}

/** networkLoad of the test entry needs no more of the core. */
const load = (probe: Probe, what: Model = model) => loadNetwork(probe.core, what);

describe('network', () => {
  let plain: Uint8Array<ArrayBuffer>;
  let probe: Probe;
  let network: number;
  beforeAll(async () => {
    plain = await compileProbe(false);
    probe = new Probe(new WebAssembly.Module(plain));
    network = load(probe);
  });

  it(`follows PyTorch within ${TOLERANCE} over ${frames} frames`, () => {
    new Stream(probe, network).run().forEach((row, t) => {
      row.forEach((value, i) => {
        const error = Math.abs(value - golden[t * ROW + FEATURES + i]!);
        expect(error, `frame ${t}, output ${i}`).toBeLessThan(TOLERANCE);
      });
    });
  });

  it('starts over after reset, bit for bit', () => {
    const stream = new Stream(probe, network);
    const first = stream.run();
    stream.reset();
    expect(stream.run()).toEqual(first);
  });

  it('gives the same bits whatever part of the next frame was prepared, other streams and resets between', () => {
    const alone = new Stream(probe, network).run();
    const [a, b] = [new Stream(probe, network), new Stream(probe, network)];
    a.prepare(2);
    a.reset();
    const prepared = Array.from({ length: frames }, (_, t) => {
      const more = a.prepare(t % 4);
      expect(more).toBe(t % 4 === 1);
      b.prepare(1);
      b.step(featuresAt(t));
      return a.step(featuresAt(t));
    });
    expect(prepared).toEqual(alone);
  });

  it('keeps streams of one network apart', () => {
    const alone = new Stream(probe, network).run();
    const [a, b] = [new Stream(probe, network), new Stream(probe, network)];
    const silence = new Float32Array(FEATURES);
    const interleaved = Array.from({ length: frames }, (_, t) => {
      b.step(silence);
      return a.step(featuresAt(t));
    });
    expect(interleaved).toEqual(alone);
  });

  it('takes features that are not finite, or absurd, as 0', () => {
    const [a, b] = [new Stream(probe, network), new Stream(probe, network)];
    for (let t = 0; t < frames; t++) {
      const bad = featuresAt(t);
      const zero = featuresAt(t);
      for (const [i, value] of [Number.NaN, Infinity, -Infinity, 1e30].entries()) {
        bad[i * 7] = value;
        zero[i * 7] = 0;
      }
      const row = a.step(bad);
      expect(row).toEqual(b.step(zero));
      expect(row.every((value) => value >= 0 && value <= 1)).toBe(true);
    }
  });

  it('allocates nothing while it runs', () => {
    const stream = new Stream(probe, network);
    const before = probe.core.alloc(16);
    stream.run();
    stream.reset();
    const used = probe.core.alloc(16) - before;
    // Two blocks follow each other but for the allocator's header.
    expect(used).toBeLessThanOrEqual(32);
  });

  it('gives the same bits with relaxed SIMD', async ({ skip }) => {
    let relaxed: Probe | undefined;
    try {
      relaxed = new Probe(new WebAssembly.Module(await compileProbe(true)));
    } catch (error) {
      if (!(error instanceof WebAssembly.CompileError)) throw error;
    }
    if (!relaxed || !relaxedDotWorks(relaxed))
      return skip('no relaxed SIMD whose dot product passes the self-test: needs Node 24');
    expect(new Stream(relaxed, load(relaxed)).run()).toEqual(new Stream(probe, network).run());
  });
});
