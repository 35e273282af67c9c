import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import asc from 'assemblyscript/asc';
import { COVERAGE_OPTIONS, instrumented } from './coverage';

const root = fileURLToPath(new URL('../../', import.meta.url));

/** -O0 to -O3; less is compiled faster, and computes the same. */
const LEVEL = `-O${process.env.TEST_LEVEL ?? 3}`;

/**
 * Compiles AssemblyScript: `entry` is a file of the repository, or `source` itself, whose imports are relative to the root. The core
 * itself comes from the folder TEST_CORE names, if it does.
 * @param options more of asc's
 */
export async function compileAssembly(
  entry: string,
  source?: string,
  options: readonly string[] = [],
): Promise<Uint8Array<ArrayBuffer>> {
  const { TEST_CORE } = process.env;
  if (TEST_CORE && entry === 'assembly/index.ts' && options.length === 0)
    return Uint8Array.from(await readFile(`${TEST_CORE}/core.wasm`));
  let binary: Uint8Array | undefined;
  const { error, stderr } = await asc.main(
    [
      entry,
      '--config',
      'none',
      '--runtime',
      'stub',
      LEVEL,
      '--noAssert',
      '--enable',
      'simd',
      ...options,
      ...COVERAGE_OPTIONS,
      '-o',
      'probe.wasm',
    ],
    {
      readFile: async (name) => {
        const text = name === entry && source ? source : await readFile(root + name, 'utf8').catch(() => null);
        return text === null ? null : instrumented(name, text, name === entry);
      },
      writeFile: (_name, contents) => {
        binary = contents as Uint8Array;
      },
      listFiles: () => [],
    },
  );
  if (error || !binary) throw new Error(`${error?.message}\n${stderr.toString()}`);
  return Uint8Array.from(binary);
}

/** Compiles and instantiates AssemblyScript `source`. */
export async function instantiateAssembly<T>(source: string): Promise<T & { memory: WebAssembly.Memory }> {
  const { instance } = await WebAssembly.instantiate(await compileAssembly('probe.ts', source), {
    env: {
      abort() {
        throw new Error('abort');
      },
    },
  });
  return instance.exports as unknown as T & { memory: WebAssembly.Memory };
}
