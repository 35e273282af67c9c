import { beforeAll } from 'vitest';
import { instantiateAssembly } from './assembly';
import { noise } from './signals';

/** f32 of the memory that a probe gives to its test. */
const ROOM = 32768;

/** A stage of the core on its own, and memory to feed it with. */
export interface Bench<T> {
  core: T;
  f32: Float32Array;
  /** Address of the i-th f32. */
  address(i: number): number;
  /** Puts noise into f32[from, from + count); gives it. */
  fill(from: number, count: number): Float64Array;
}

/**
 * Compiles, before the tests of a file, AssemblyScript that exports what they call; imports are relative to the root.
 * @returns filled in by then
 */
export function bench<T>(source: string): Bench<T> {
  let seed = 7;
  const bench = {
    fill(from: number, count: number) {
      bench.f32.set(noise(count, seed++), from);
      return Float64Array.from(bench.f32.subarray(from, from + count));
    },
  } as Bench<T>;
  beforeAll(async () => {
    const core = await instantiateAssembly<T & { at(): number }>(`${source}
const room: usize = memory.data(${4 * ROOM}, 16);
export function at(): usize { return room; }`);
    bench.core = core;
    bench.f32 = new Float32Array(core.memory.buffer, core.at(), ROOM);
    bench.address = (i) => core.at() + 4 * i;
  });
  return bench;
}
