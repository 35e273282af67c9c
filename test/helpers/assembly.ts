import { readFile } from 'node:fs/promises';
import { compile } from '../../scripts/compile.mjs';
import { CORE_IMPORTS } from '../../src/core/exports';
import { kept } from './kept';

const CORE = 'assembly/entries/index.ts';

/**
 * Compiles AssemblyScript as what ships is compiled: `entry` is a file of the repository, or `source` itself, whose imports are relative to
 * the root. The core itself comes from the folder TEST_CORE names, if it does.
 * @param options more of asc's
 */
export async function compileAssembly(
  entry: string,
  { source, relaxed = false, options = [] }: { source?: string; relaxed?: boolean; options?: readonly string[] } = {},
): Promise<Uint8Array<ArrayBuffer>> {
  const { TEST_CORE, ASSEMBLY_COVERAGE } = process.env;
  if (TEST_CORE && entry === CORE && options.length === 0)
    return Uint8Array.from(await readFile(`${TEST_CORE}/core${relaxed ? '-relaxed' : ''}.wasm`));
  const asked = { relaxed, ...(source !== undefined && { source }), options };
  if (!ASSEMBLY_COVERAGE) return kept({ entry, ...asked }, () => compile(entry, asked));
  // Only now: it brings the compiler, which most runs do without.
  const { COVERAGE_OPTIONS, instrumented } = await import('./coverage');
  const { wasm } = await compile(entry, {
    ...asked,
    options: [...options, ...COVERAGE_OPTIONS],
    change: (file, text) => instrumented(file, text, file === entry),
  });
  return wasm;
}

/** Compiles and instantiates AssemblyScript `source`. */
export async function instantiateAssembly<T>(source: string): Promise<T & { memory: WebAssembly.Memory }> {
  const { instance } = await WebAssembly.instantiate(await compileAssembly('probe.ts', { source }), CORE_IMPORTS);
  return instance.exports as unknown as T & { memory: WebAssembly.Memory };
}
