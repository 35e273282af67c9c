import { beforeAll, describe, expect, it } from 'vitest';
import { compileProbe, compileTwoStepProbe, relaxedProbe } from '../../helpers/compile-probe';
import { checkMatvec, matvecVectors, Probe } from '../../helpers/probe';

const seed = Number(process.env.SEED ?? Date.now() % 1e9);
const relaxed = await relaxedProbe();

describe(`matrix kernels, SEED=${seed}`, () => {
  const vectors = matvecVectors(seed);
  let plain: Probe;
  beforeAll(async () => {
    plain = new Probe(new WebAssembly.Module(await compileProbe(false)));
  });

  it.each(vectors)('plain SIMD and scalar give the exact sums: $name', (vector) => {
    expect(checkMatvec(plain, vector)).toBeUndefined();
  });

  const why = relaxed ? '' : ' (skipped: no relaxed SIMD whose dot product passes the self-test, needs Node 24)';
  describe.skipIf(why)(`relaxed SIMD${why}`, () => {
    it.each(vectors)('relaxed SIMD and scalar give the exact sums: $name', (vector) => {
      expect(checkMatvec(relaxed!, vector)).toBeUndefined();
    });
    it('in two steps, as on x86 without VNNI, they are the same', async () => {
      const probe = new Probe(new WebAssembly.Module(await compileTwoStepProbe()));
      for (const vector of vectors) expect(checkMatvec(probe, vector)).toBeUndefined();
    }, 180_000);
  });
});
