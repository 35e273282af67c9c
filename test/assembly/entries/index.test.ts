/** What is tested, measured and shown is compiled as what ships is. */
import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { CORE_IMPORTS, type CoreExports } from '../../../src/core/exports';
import { compileAssembly } from '../../helpers/assembly';
import { coreBytes } from '../../helpers/kit';

const FOLDERS = ['bench', 'evaluation', 'examples', 'scripts', 'src', 'test', 'worklet'];
const files = FOLDERS.flatMap((folder) =>
  readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.m?[jt]s$/.test(name) && !name.includes('node_modules'))
    .map((name) => `${folder}/${name}`),
);

test('the compiler is called in one place', () => {
  const callers = files.filter((file) => /['"`]assemblyscript\/(asc|bin\/)/.test(readFileSync(file, 'utf8')));
  expect(callers).toEqual(['scripts/compile.mjs']);
});

test('tests get the bytes that ship', async () => {
  expect(Buffer.compare(await compileAssembly('assembly/entries/index.ts'), await coreBytes())).toBe(0);
}, 300_000);

test('a stream takes no more memory than is asked for before it is made', async () => {
  const { instance } = await WebAssembly.instantiate(await coreBytes(), CORE_IMPORTS);
  const core = instance.exports as unknown as CoreExports;
  const source = readFileSync('assembly/entries/index.ts', 'utf8');
  const [, count, shift] = /SUPPRESSOR_BYTES: i64 = (\d+) << (\d+);/.exec(source) ?? [];
  core.suppressorCreate(-1);
  const before = core.alloc(16);
  core.suppressorCreate(-1);
  const taken = core.alloc(16) - before;
  expect(taken).toBeGreaterThan(50_000);
  expect(taken).toBeLessThanOrEqual(Number(count) << Number(shift));
});
