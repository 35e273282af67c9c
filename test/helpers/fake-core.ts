import { CORE_DELAY, FRAME } from '../../src/channel/timing';
import type { CoreExports } from '../../src/core/exports';

const HOPS = CORE_DELAY / FRAME;

/** A core with the memory of the real one and its delay; `grow` is what another node's construction may do to it. */
export function fakeCore(): { core: CoreExports; grow(): void } {
  const memory = new WebAssembly.Memory({ initial: 4 });
  const past = new Map<number, Float32Array[]>();
  const input = (s: number): number => 1024 + s * 8 * FRAME;
  const output = (s: number): number => input(s) + 4 * FRAME;
  const run = (s: number): void => {
    const hops = past.get(s) as Float32Array[];
    hops.push(new Float32Array(memory.buffer, input(s), FRAME).slice());
    new Float32Array(memory.buffer, output(s), FRAME).set(hops[hops.length - 1 - HOPS] ?? new Float32Array(FRAME));
  };
  const core = {
    memory,
    suppressorCreate: () => {
      past.set(past.size, []);
      return past.size - 1;
    },
    suppressorReset: (s: number) => {
      past.set(s, []);
      return 0;
    },
    suppressorDestroy: () => 0,
    suppressorInput: input,
    suppressorOutput: output,
    suppressorPrepare: () => 0,
    suppressorProcess: (s: number) => {
      run(s);
      return 0.5;
    },
    suppressorProcessLinked: (a: number, b: number) => {
      run(a);
      run(b);
      return 0.5;
    },
    suppressorBypass: run,
  } as unknown as CoreExports;
  return { core, grow: () => void memory.grow(1) };
}
