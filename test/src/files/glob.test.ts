/** Patterns: what fits them, and from which folder on it is named. */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { expand, isPattern } from '../../../src/files/glob';

const FILES = [
  'a.wav',
  'b.WAV',
  'ab.wav',
  'a-b.wav',
  'a^b.wav',
  '.h.wav',
  'x/a.wav',
  'x/y/a.wav',
  'x/y/z.txt',
  '.d/a.wav',
  'odd/[].wav',
  'odd/[!].wav',
  'odd/-o.wav',
  'odd/u\u0308.wav',
  'odd/\u00e9.wav',
];
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'glob-'));
  for (const file of FILES) {
    await mkdir(join(folder, file, '..'), { recursive: true });
    await writeFile(join(folder, file), '');
  }
});
afterAll(() => rm(folder, { recursive: true }));

test.each<[pattern: string, names: string[]]>([
  ['*.wav', ['a-b.wav', 'a.wav', 'a^b.wav', 'ab.wav']],
  ['?.wav', ['a.wav']],
  ['??.wav', ['ab.wav']],
  ['?.{wav,WAV}', ['a.wav', 'b.WAV']],
  ['[ab].*', ['a.wav', 'b.WAV']],
  ['[!a].*', ['b.WAV']],
  ['[a-c]b.wav', ['ab.wav']],
  // A minus is a range between two letters, a caret itself.
  ['a[-^]b.wav', ['a-b.wav', 'a^b.wav']],
  ['.h*', ['.h.wav']],
  ['x/*.wav', ['a.wav']],
  ['*/a.wav', ['x/a.wav']],
  ['{a*,x}.wav', ['a-b.wav', 'a.wav', 'a^b.wav', 'ab.wav']],
  ['odd/{[a-z]?,-*}.wav', ['-o.wav']],
  // A class of nothing is no class, a range of nothing fits nothing.
  ['odd/[].wav', ['[].wav']],
  ['odd/[!].wav', ['[!].wav']],
  ['[z-a].wav', []],
  // However an accent is written, here or there.
  ['odd/\u00fc*', ['u\u0308.wav']],
  ['odd/[e\u0301].wav', ['\u00e9.wav']],
  ['odd/?.wav', ['u\u0308.wav', '\u00e9.wav']],
  ['*/*/*', ['x/y/a.wav', 'x/y/z.txt']],
  ['**/a.wav', ['a.wav', 'x/a.wav', 'x/y/a.wav']],
  ['x/**', ['a.wav', 'y/a.wav', 'y/z.txt']],
  ['**/y/*', ['x/y/a.wav', 'x/y/z.txt']],
  // A dot is a dot, and a folder is no file.
  ['a?wav', ['a.wav']],
  ['a.w?v?', []],
  ['x*', []],
  ['none/*', []],
])('%s', async (pattern, names) => {
  const found = await expand(join(folder, pattern));
  expect([...found.names].map((name) => name.replaceAll('\\', '/'))).toEqual(names);
});

test.each([
  ['x/y/*', 'x/y'],
  ['x/*/a.wav', 'x'],
  ['*', ''],
])('%s is named from %j on', async (pattern, root) => {
  expect((await expand(`${folder}/${pattern}`)).root).toBe(root === '' ? folder : `${folder}/${root}`);
});

test('from where the program runs, and from the root of the file system', async () => {
  expect((await expand('package.jso?')).root).toBe('.');
  expect((await expand('/proc-that-is-not-there*')).root).toBe('/');
});

test.each([
  ['a.wav', false],
  ['a-b (1).wav', false],
  ['a]b}.wav', false],
  ['a*', true],
  ['a?', true],
  ['[a', true],
  ['{a', true],
])('%s is a pattern: %s', (path, is) => expect(isPattern(path)).toBe(is));
