import { compile, decidedDot } from '../../scripts/compile.mjs';
import { compileAssembly } from './assembly';

const ENTRY = 'assembly/entries/testing.ts';

/** The bytes of the test entry, as plain or as relaxed SIMD. */
export function compileProbe(relaxed: boolean): Promise<Uint8Array<ArrayBuffer>> {
  return compileAssembly(ENTRY, { relaxed });
}

/** Relaxed SIMD as it runs on x86 without VNNI, whatever this machine has: there each relaxed dot takes two steps (assembly/network/matvec.ts). */
export async function compileTwoStepProbe(): Promise<Uint8Array<ArrayBuffer>> {
  return (await compile(ENTRY, { relaxed: true, change: decidedDot(true) })).wasm;
}
