import { beforeAll, describe, expect, it } from 'vitest';
import { compileProbe } from '../../helpers/compile-probe';
import { Probe, random } from '../../helpers/probe';

/** Bound stated in assembly/network/activations.ts. */
const BOUND = 5e-6;

describe('activation functions', () => {
  let probe: Probe;
  const x = Float32Array.from({ length: 1 << 17 }, (_, i) => (i - (1 << 16)) / 3000);
  const special = Float32Array.of(0, -0, 1e-30, -1e-30, 7.5, -7.5, 1e30, -1e30, Infinity, -Infinity, 3.4e38, -3.4e38);
  beforeAll(async () => {
    probe = new Probe(new WebAssembly.Module(await compileProbe(false)));
  });

  function apply(name: 'tanhAll' | 'sigmoidAll', input: Float32Array): Float32Array {
    const from = probe.write(input);
    const to = probe.core.alloc(input.byteLength);
    probe.core[name](from, to, input.length);
    return probe.floats(to, input.length);
  }

  it.each([
    ['tanhAll', Math.tanh, -1],
    ['sigmoidAll', (v: number) => 1 / (1 + Math.exp(-v)), 0],
  ] as const)('%s stays within the bound and the range', (name, exact, low) => {
    for (const input of [x, special]) {
      const y = apply(name, input);
      const outside = y.findIndex((value) => !(value >= low && value <= 1));
      expect(outside, `${name}(${input[outside]}) = ${y[outside]}`).toBe(-1);
      const worst = y.reduce((most, value, i) => Math.max(most, Math.abs(value - exact(input[i]!))), 0);
      expect(worst).toBeLessThan(BOUND);
    }
  });

  it('tanh is odd bit for bit', () => {
    const y = apply('tanhAll', x);
    const mirrored = apply(
      'tanhAll',
      x.map((v) => -v),
    );
    expect(y.findIndex((v, i) => !Object.is(mirrored[i], -v))).toBe(-1);
  });

  it('quantises to trunc(63 x + 64.5), clamped to 0..127, also what is out of range', () => {
    const next = random(3);
    const values = Float32Array.from({ length: 4096 }, () => next() * 2.4 - 1.2);
    values.set([-1, 1, 0, 1e9, -1e9, Infinity, -Infinity, 0.5 / 63, -0.5 / 63, Number.NaN]);
    const activations = probe.activations(values.length);
    probe.core.quantiseAll(probe.write(values), activations, values.length);
    const expected = Uint8Array.from(values, (v) =>
      Math.min(127, Math.max(0, Math.trunc(Math.fround(Math.fround(v * 63) + 64.5)) || 0)),
    );
    expect(probe.readLevels(activations, values.length)).toEqual(expected);
  });
});
