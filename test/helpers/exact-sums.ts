/** The tests of a matrix kernel in every build there is: plain SIMD, relaxed SIMD, and that in two steps. */
import { beforeAll, describe, expect, it } from 'vitest';
import { compileProbe, compileTwoStepProbe, relaxedProbe } from './compile-probe';
import { type MatvecVector, matvecVectors, Probe } from './probe';

const seed = Number(process.env.SEED ?? Date.now() % 1e9);
const relaxed = await relaxedProbe();

/**
 * @param give who gives the sums beside SIMD, and the verb: ' gives', or ' and scalar give'
 * @param check what is wrong of a vector's sums; undefined where nothing is
 */
export function exactSums(
  kernels: string,
  give: string,
  check: (probe: Probe, vector: MatvecVector) => string | undefined,
): void {
  describe(`${kernels}, SEED=${seed}`, () => {
    const vectors = matvecVectors(seed);
    let plain: Probe;
    beforeAll(async () => {
      plain = new Probe(new WebAssembly.Module(await compileProbe(false)));
    });

    it.each(vectors)(`plain SIMD${give} the exact sums: $name`, (vector) => {
      expect(check(plain, vector)).toBeUndefined();
    });

    const why = relaxed ? '' : ' (skipped: no relaxed SIMD whose dot product passes the self-test, needs Node 24)';
    describe.skipIf(why)(`relaxed SIMD${why}`, () => {
      it.each(vectors)(`relaxed SIMD${give} the exact sums: $name`, (vector) => {
        expect(check(relaxed!, vector)).toBeUndefined();
      });
      it('in two steps, as on x86 without VNNI, they are the same', async () => {
        const probe = new Probe(new WebAssembly.Module(await compileTwoStepProbe()));
        for (const vector of vectors) expect(check(probe, vector)).toBeUndefined();
      }, 180_000);
    });
  });
}
