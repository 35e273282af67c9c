import { compileAssembly } from './assembly';

/** The bytes of assembly/entries/testing.ts, as plain or as relaxed SIMD. */
export function compileProbe(relaxed: boolean): Promise<Uint8Array<ArrayBuffer>> {
  return compileAssembly('assembly/entries/testing.ts', { relaxed });
}
