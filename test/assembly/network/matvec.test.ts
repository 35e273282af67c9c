import { beforeAll, describe, expect, it } from 'vitest';
import { compileProbe, compileTwoStepProbe } from '../../helpers/compile-probe';
import { checkMatvec, checkMatvecPair, matvecVectors, Probe, relaxedDotWorks } from '../../helpers/probe';

const seed = Number(process.env.SEED ?? Date.now() % 1e9);

async function tryRelaxed(): Promise<Probe | undefined> {
  try {
    const probe = new Probe(new WebAssembly.Module(await compileProbe(true)));
    return relaxedDotWorks(probe) ? probe : undefined;
  } catch (error) {
    if (error instanceof WebAssembly.CompileError) return undefined;
    throw error;
  }
}

const relaxed = await tryRelaxed();

describe(`matrix kernels, SEED=${seed}`, () => {
  const vectors = matvecVectors(seed);
  let plain: Probe;
  beforeAll(async () => {
    plain = new Probe(new WebAssembly.Module(await compileProbe(false)));
  });

  it.each(vectors)('plain SIMD and scalar give the exact sums: $name', (vector) => {
    expect(checkMatvec(plain, vector)).toBeUndefined();
  });

  it.each(vectors)('plain SIMD gives them of two vectors at once: $name', (vector) => {
    expect(checkMatvecPair(plain, vector)).toBeUndefined();
  });

  const why = relaxed ? '' : ' (skipped: no relaxed SIMD whose dot product passes the self-test, needs Node 24)';
  describe.skipIf(why)(`relaxed SIMD${why}`, () => {
    it.each(vectors)('relaxed SIMD and scalar give the exact sums: $name', (vector) => {
      expect(checkMatvec(relaxed!, vector)).toBeUndefined();
    });
    it.each(vectors)('and of two vectors at once: $name', (vector) => {
      expect(checkMatvecPair(relaxed!, vector)).toBeUndefined();
    });
    it('in two steps, as on x86 without VNNI, they are the same', async () => {
      const probe = new Probe(new WebAssembly.Module(await compileTwoStepProbe()));
      for (const vector of vectors) {
        expect(checkMatvec(probe, vector)).toBeUndefined();
        expect(checkMatvecPair(probe, vector)).toBeUndefined();
      }
    }, 180_000);
  });
});
