import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import asc from 'assemblyscript/asc';
import { COVERAGE_OPTIONS, instrumented } from '../helpers/coverage';

const root = fileURLToPath(new URL('../../', import.meta.url));
const options = [
  '--config',
  'none',
  '--runtime',
  'stub',
  `-O${process.env.TEST_LEVEL ?? 3}`,
  '--noAssert',
  '--disableWarning',
  '112',
];

/** The bytes of assembly/network/testing.ts, as plain or as relaxed SIMD. */
export async function compileProbe(relaxed: boolean): Promise<Uint8Array<ArrayBuffer>> {
  let binary: Uint8Array | undefined;
  const features = ['--enable', 'simd', ...(relaxed ? ['--enable', 'relaxed-simd'] : [])];
  const { error, stderr } = await asc.main(
    ['assembly/network/testing.ts', ...options, ...features, ...COVERAGE_OPTIONS, '-o', 'probe.wasm'],
    {
      readFile: async (name) => {
        const text = await readFile(root + name, 'utf8').catch(() => null);
        return text === null ? null : instrumented(name, text, name === 'assembly/network/testing.ts');
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
