/** Addresses and files on a server, where there is no page to start from. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, expect, test } from 'vitest';
import { absolute, fetchFile } from '../../../src/loading/fetch-file';

const folder = mkdtempSync(join(tmpdir(), 'a folder, 100 % #1 '));
afterAll(() => rmSync(folder, { recursive: true }));

const { signal } = new AbortController();

test('a path is one of a file, from where the program runs, whatever is in its name', async () => {
  const path = join(folder, 'core.wasm');
  writeFileSync(path, 'core');
  for (const given of [path, relative(process.cwd(), path)]) {
    expect(absolute(given)).toBe(pathToFileURL(path).href);
    expect((await fetchFile(absolute(given), undefined, signal, false)).bytes.byteLength).toBe(4);
  }
  // A drive, and no scheme.
  expect(absolute('C:\\percepnet\\core.wasm')).toMatch(/^file:\/\/\/.*percepnet/);
});

test('an address stays as it is', () => {
  for (const address of ['https://cdn.example/core.wasm', 'file:///percepnet/core.wasm', 'data:,core']) {
    expect(absolute(address)).toBe(address);
    expect(absolute(new URL(address))).toBe(address);
  }
  expect(() => absolute('http://')).toThrow('http:// is no address of a file');
});

test('a file that is not there, or cannot be read, is told with what helps on a server', async () => {
  const read = (path: string): Promise<unknown> => fetchFile(absolute(path), undefined, signal, false);
  await expect(read(join(folder, 'none.wasm'))).rejects.toMatchObject({
    code: 'asset-not-found',
    message: expect.stringMatching(
      /none\.wasm not found \(no such file\): leave percepnet-wasm out of the bundle .*FOLDER/,
    ),
  });
  await expect(read(folder)).rejects.toMatchObject({
    code: 'asset-not-found',
    message: expect.stringMatching(/cannot be read \(Error: EISDIR/),
  });
});
