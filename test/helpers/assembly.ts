import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import asc from 'assemblyscript/asc';

const root = fileURLToPath(new URL('../../', import.meta.url));

/** Compiles AssemblyScript `source`, whose imports are relative to the repository's root, and instantiates it. */
export async function instantiateAssembly<T>(source: string): Promise<T & { memory: WebAssembly.Memory }> {
  let binary: Uint8Array | undefined;
  const { error, stderr } = await asc.main(
    ['probe.ts', '--config', 'none', '--runtime', 'stub', '-O3', '--noAssert', '--enable', 'simd', '-o', 'probe.wasm'],
    {
      readFile: (name) => (name === 'probe.ts' ? source : readFile(root + name, 'utf8').catch(() => null)),
      writeFile: (_name, contents) => {
        binary = contents as Uint8Array;
      },
      listFiles: () => [],
    },
  );
  if (error || !binary) throw new Error(`${error?.message}\n${stderr.toString()}`);
  const { instance } = await WebAssembly.instantiate(binary as BufferSource, {
    env: {
      abort() {
        throw new Error('abort');
      },
    },
  });
  return instance.exports as unknown as T & { memory: WebAssembly.Memory };
}
