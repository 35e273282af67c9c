/**
 * Every load and store of the core checked against the blocks of its heap: what AddressSanitizer does for C. Binaryen
 * routes each address through a function of ours; a shadow of the memory says which words may be touched.
 *
 * The heap is AssemblyScript's stub runtime: blocks one after the other, each 4 bytes of size and then the payload, which is
 * 16-byte aligned; an object's payload begins with 16 bytes of header, the last 4 of which hold its size.
 */
import binaryen from 'assemblyscript/binaryen';
import { compileAssembly } from '../helpers/assembly';
import type { FullExports } from '../helpers/kit';

const FREE = 0;
const PAYLOAD = 1;
/** An object's size, read by `.length`. */
const SIZE = 2;

export interface Sanitizer {
  readonly core: FullExports;
  /** Takes the heap as it is now as what may be touched; from here on each access is checked. */
  arm(): void;
  disarm(): void;
  /** Takes one block out again, by the address of its payload. */
  withdraw(pointer: number): void;
  readonly accesses: number;
  /** Accesses outside all blocks, described; the first ten. */
  readonly faults: readonly string[];
}

/** The core's source, with loops instead of memory.copy and memory.fill, so that these are checked too. */
const SOURCE = `
export * from './assembly/entries/index';
export function heapBase(): usize { return __heap_base; }`;

export async function sanitized(): Promise<Sanitizer> {
  const module = binaryen.readBinary(
    await compileAssembly('probe.ts', { source: SOURCE, options: ['--disable', 'bulk-memory'] }),
  );
  module.setFeatures(binaryen.Features.All);
  module.runPasses(['instrument-memory']);
  const binary = Uint8Array.from(module.emitBinary());
  module.dispose();

  let armed = false;
  let accesses = 0;
  let shadow: Uint8Array = new Uint8Array(0);
  const faults: string[] = [];
  const check = (kind: string, allowed: number, bytes: number, offset: number, pointer: number): number => {
    if (!armed) return pointer;
    accesses++;
    const first = (pointer >>> 0) + (offset >>> 0);
    for (let word = first >>> 2; word <= (first + bytes - 1) >>> 2; word++) {
      const what = shadow[word] ?? FREE;
      if (what === PAYLOAD || what === allowed) continue;
      if (faults.length < 10) faults.push(`${kind} of ${bytes} bytes at ${first}`);
      break;
    }
    return pointer;
  };
  const same = (_id: number, value: unknown): unknown => value;
  const env: Record<string, unknown> = {
    abort() {
      throw new WebAssembly.RuntimeError('the core aborted');
    },
    load_ptr: (_id: number, bytes: number, offset: number, pointer: number) =>
      check('load', SIZE, bytes, offset, pointer),
    store_ptr: (_id: number, bytes: number, offset: number, pointer: number) =>
      check('store', PAYLOAD, bytes, offset, pointer),
  };
  const compiled = new WebAssembly.Module(binary);
  for (const { module: from, name } of WebAssembly.Module.imports(compiled)) if (from === 'env') env[name] ??= same;
  const core = new WebAssembly.Instance(compiled, { env } as WebAssembly.Imports).exports as unknown as FullExports & {
    heapBase(): number;
  };

  return {
    core,
    faults,
    get accesses() {
      return accesses;
    },
    arm() {
      shadow = shadowOf(core.memory.buffer, core.heapBase());
      armed = true;
    },
    disarm() {
      armed = false;
    },
    withdraw(pointer) {
      const size = new Uint32Array(core.memory.buffer)[(pointer >> 2) - 1] as number;
      shadow.fill(FREE, pointer >> 2, (pointer + size) >> 2);
    },
  };
}

/** One byte per word of the memory. */
function shadowOf(buffer: ArrayBuffer, heapBase: number): Uint8Array {
  const words = new Uint32Array(buffer);
  const shadow = new Uint8Array(words.length);
  shadow.fill(PAYLOAD, 0, (heapBase + 3) >> 2);
  // The first payload is the first multiple of 16 with room for the header behind the static data.
  let header = (((heapBase + 4 + 15) & ~15) - 4) >> 2;
  for (;;) {
    const bytes = words[header] as number;
    if (bytes === 0 || bytes % 4 !== 0 || header + 1 + bytes / 4 > words.length) return shadow;
    const payload = header + 1;
    const [gcInfo, gcInfo2, id, size] = words.subarray(payload, payload + 4) as unknown as number[];
    const isObject = gcInfo === 0 && gcInfo2 === 0 && id! > 0 && id! < 256 && size! <= bytes - 16 && size! > bytes - 32;
    if (isObject) {
      shadow[payload + 3] = SIZE;
      shadow.fill(PAYLOAD, payload + 4, payload + 4 + ((size! + 3) >> 2));
    } else {
      shadow.fill(PAYLOAD, payload, payload + bytes / 4);
    }
    header = payload + bytes / 4;
  }
}
