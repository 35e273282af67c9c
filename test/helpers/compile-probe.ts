import { compile, decidedDot } from '../../scripts/compile.mjs';
import { compileAssembly } from './assembly';
import { kept } from './kept';
import { Probe, relaxedDotWorks } from './probe';

const ENTRY = 'assembly/entries/testing.ts';

/** The bytes of the test entry, as plain or as relaxed SIMD. */
export function compileProbe(relaxed: boolean): Promise<Uint8Array<ArrayBuffer>> {
  return compileAssembly(ENTRY, { relaxed });
}

/** Relaxed SIMD as it runs on x86 without VNNI, whatever this machine has: there each relaxed dot takes two steps (assembly/network/matvec.ts). */
export function compileTwoStepProbe(): Promise<Uint8Array<ArrayBuffer>> {
  return kept({ entry: ENTRY, steps: 2 }, () => compile(ENTRY, { relaxed: true, change: decidedDot(true) }));
}

/** The layers in relaxed SIMD, where this engine has it and its dot product is the one the kernels need. */
export async function relaxedProbe(): Promise<Probe | undefined> {
  try {
    const probe = new Probe(new WebAssembly.Module(await compileProbe(true)));
    return relaxedDotWorks(probe) ? probe : undefined;
  } catch (error) {
    if (error instanceof WebAssembly.CompileError) return undefined;
    throw error;
  }
}
