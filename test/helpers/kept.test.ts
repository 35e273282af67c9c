/** A kept core is never one of other sources. */
import { readFileSync } from 'node:fs';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, expect, test } from 'vitest';
import { compile } from '../../scripts/compile.mjs';
import { kept } from './kept';

let folder: string;
let compiled: number;
const at = (name: string): string => join(folder, name);

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'kept-'));
  compiled = 0;
  await writeFile(at('there.ts'), 'one');
  return () => rm(folder, { recursive: true });
});

/** A compiler that reads a file, looks for another, and makes the number of its calls. */
const ask = (request: object = { source: 'a' }, text = 'one'): Promise<Uint8Array> => {
  const make = async () => ({
    wasm: Uint8Array.of(++compiled),
    read: { [at('there.ts')]: text, [at('missing.ts')]: null },
  });
  return kept(request, make, at('cores'));
};

test('what was compiled is given again, to any who ask at once, in one file a request', async () => {
  expect(await ask()).toEqual(Uint8Array.of(1));
  expect(await Promise.all([ask(), ask()])).toEqual([Uint8Array.of(1), Uint8Array.of(1)]);
  expect(await ask({ source: 'b' })).toEqual(Uint8Array.of(2));
  await writeFile(at('there.ts'), 'two');
  await Promise.all([ask(), ask()]);
  expect(await readdir(at('cores'))).toHaveLength(2);
});

test.each<[what: string, change: () => Promise<void>]>([
  ['a file it was made of is another', () => writeFile(at('there.ts'), 'two')],
  ['a file it was made of is gone', () => rm(at('there.ts'))],
  ['a file that was missing has come', () => writeFile(at('missing.ts'), '')],
  ['what was kept is cut', async () => writeFile(join(at('cores'), (await readdir(at('cores')))[0]!), '')],
])('is compiled anew when %s', async (_, change) => {
  await ask();
  await change();
  expect(await ask()).toEqual(Uint8Array.of(2));
});

test('a file that changed while it was compiled does not count as what it was made of', async () => {
  await ask({}, 'the text before');
  expect(await ask({})).toEqual(Uint8Array.of(2));
});

test('the compiler tells each file it read as it is there, but for the source it was given', async () => {
  const source = `export { log2x4 } from './assembly/signal/log';`;
  const { read } = await compile('probe.ts', { source, options: ['-O0'], change: (_, text) => `${text}\n` });
  const texts = ['asconfig.json', 'assembly/signal/log.ts'].map((name) => [name, readFileSync(name, 'utf8')]);
  expect(read).toEqual(Object.fromEntries(texts));
});
