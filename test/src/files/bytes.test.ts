/** A file from its beginning to its end, in pieces of any size: by its name, or by an open descriptor, which cannot be read from anywhere. */
import { closeSync, openSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ByteSource } from '../../../src/files/bytes';
import { randomFrom } from '../../helpers/signals';

const content = Buffer.from(Uint8Array.from({ length: 300_001 }, (_, i) => (i * 2654435761) >>> 24));
let folder: string;
let path: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'bytes-'));
  path = join(folder, 'file');
  await writeFile(path, content);
});
afterAll(() => rm(folder, { recursive: true }));

/** Both ways to one file. */
const WAYS = {
  'a file': async (use: (source: ByteSource) => Promise<void>) => {
    const source = await ByteSource.open(path);
    await use(source);
    await source.close();
  },
  'a descriptor': async (use: (source: ByteSource) => Promise<void>) => {
    const descriptor = openSync(path, 'r');
    try {
      await use(await ByteSource.open(`/dev/fd/${descriptor}`));
    } finally {
      closeSync(descriptor);
    }
  },
};

describe.each(Object.entries(WAYS))('%s', (name, open) => {
  const seed = Math.floor(Math.random() * 2 ** 31);

  test(`gives all its bytes in order, taken and skipped by chance (seed ${seed})`, async () => {
    const random = randomFrom(seed);
    await open(async (source) => {
      let at = 0;
      while (at < content.length) {
        const length = 1 + random(random(3) === 0 ? 100_000 : 3000);
        expect(source.position).toBe(at);
        if (random(4) === 0) {
          // Not past the end: a file's position would be beyond it.
          const some = Math.min(length, content.length - at);
          await source.skip(some);
          at += some;
          continue;
        }
        const got = await source.take(length);
        expect(got.equals(content.subarray(at, at + length))).toBe(true);
        at += got.length;
      }
      expect(await source.take(10)).toHaveLength(0);
    });
  });

  test('gives what is there in whole steps, and nothing but the end is a part of one', async () => {
    await open(async (source) => {
      const pieces: Buffer[] = [];
      for (;;) {
        const piece = await source.take(49_998, 6);
        if (piece.length === 0) break;
        pieces.push(piece);
      }
      expect(pieces.slice(0, -1).filter(({ length }) => length % 6 !== 0)).toEqual([]);
      expect(Buffer.concat(pieces).equals(content)).toBe(true);
    });
  });

  test('has a size where it is a file', async () => {
    await open(async (source) => {
      expect(source.size).toBe(name === 'a file' ? content.length : Number.POSITIVE_INFINITY);
    });
  });
});

test('bytes from anywhere, and fewer behind the end, move nothing', async () => {
  const source = await ByteSource.open(path);
  await source.take(100);
  expect((await source.at(250_000, 1000)).equals(content.subarray(250_000, 251_000))).toBe(true);
  expect((await source.at(300_000, 10)).equals(content.subarray(300_000))).toBe(true);
  expect(await source.at(400_000, 10)).toHaveLength(0);
  expect((await source.take(5)).equals(content.subarray(100, 105))).toBe(true);
  await source.close();
});

test('what is not there is told by the file system', async () => {
  await expect(ByteSource.open(join(folder, 'none'))).rejects.toMatchObject({ code: 'ENOENT' });
});
