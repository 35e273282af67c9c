/** copy-assets: what it puts where the app serves from. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { copyAssets } from '../../../src/files/copy-assets';

const LITE = ['core-relaxed.wasm', 'core.wasm', 'integrity.json', 'model.safetensors', 'worklet.js'];
let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'copy-'));
  for (const name of [...LITE, 'model-full.safetensors', 'index.js'])
    writeFileSync(join(folder, name), `this is ${name}`);
});

afterEach(() => {
  rmSync(folder, { recursive: true });
});

test.each([
  [false, LITE, "assets: { base: '/percepnet/' }"],
  [true, [...LITE, 'model-full.safetensors'].sort(), "assets: { base: '/percepnet/', network: 'full' }"],
])('the files of a page and their hashes, the larger network when asked for (%s)', (full, names, option) => {
  const target = join(folder, 'public', 'percepnet');
  const result = copyAssets(target, full, pathToFileURL(`${folder}/`));
  expect(readdirSync(target).sort()).toEqual(names);
  for (const name of names) expect(readFileSync(join(target, name), 'utf8')).toBe(`this is ${name}`);
  expect(result.option).toBe(option);
  expect(result.files.map(({ path }) => path).sort()).toEqual(names.map((name) => join(target, name)));
});

test('a build without a file is told', () => {
  rmSync(join(folder, 'integrity.json'));
  expect(() => copyAssets(join(folder, 'out'), false, pathToFileURL(`${folder}/`))).toThrow('has no integrity.json');
});
