/** Where paths lead: links followed to what may not exist, descriptors known by their names, one file by all of its own. */
import { closeSync, openSync } from 'node:fs';
import { link, mkdir, mkdtemp, realpath, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { descriptorOf, followed, identity, isDescriptorFolder } from '../../../src/files/paths';

let folder: string;
const at = (name: string): string => join(folder, name);
beforeAll(async () => {
  folder = await realpath(await mkdtemp(join(tmpdir(), 'paths-')));
  await mkdir(at('deep/er'), { recursive: true });
  await writeFile(at('file'), 'x');
  await writeFile(at('other'), 'x');
  await link(at('file'), at('hard'));
  await symlink('file', at('soft'));
  await symlink('soft', at('softer'));
  await symlink('../nothing', at('deep/broken'));
  await symlink('deep/er', at('folder'));
  await symlink('loop', at('loop'));
});
afterAll(() => rm(folder, { recursive: true }));

describe('a path after its links', () => {
  test.each([
    ['file', 'file'],
    ['soft', 'file'],
    ['softer', 'file'],
    ['none', 'none'],
    ['none/at/all', 'none/at/all'],
    // Of a broken link: where it leads, so that it can be made there.
    ['deep/broken', 'nothing'],
    ['folder', 'deep/er'],
    ['folder/new', 'deep/er/new'],
  ])('%s is %s', async (path, end) => expect(await followed(at(path))).toBe(at(end)));

  test('that is a loop is told', async () => {
    await expect(followed(at('loop'))).rejects.toMatchObject({
      code: 'invalid-input',
      message: expect.stringContaining('a loop of them'),
    });
  });
});

describe('descriptors', () => {
  test('- is the standard one, a file is none', async () => {
    expect([await descriptorOf('-', 0), await descriptorOf('-', 1)]).toEqual([0, 1]);
    expect(await descriptorOf(at('file'), 0)).toBeNull();
    expect(await descriptorOf(at('12'), 0)).toBeNull();
  });

  test('are known by every name, behind links too', async () => {
    const descriptor = openSync(at('file'), 'r');
    try {
      await symlink(`/dev/fd/${descriptor}`, at('link'));
      for (const name of [`/dev/fd/${descriptor}`, `/proc/self/fd/${descriptor}`, at('link')])
        expect(await descriptorOf(name, 0), name).toBe(descriptor);
      expect(await identity(`/dev/fd/${descriptor}`, 0)).toBe(await identity(at('file'), 0));
    } finally {
      closeSync(descriptor);
    }
  });

  test.each([
    ['/dev/fd', true],
    ['/proc/self/fd', true],
    ['/proc/123/task/123/fd', true],
    ['/home/dev/fd', false],
    ['/dev/fdx', false],
    ['/dev', false],
  ])('%s holds them: %s', (path, is) => expect(isDescriptorFolder(path)).toBe(is));
});

test('one file is the same by all its names, two with the same content are not, none is null', async () => {
  const own = await identity(at('file'), 0);
  expect(own).toMatch(/^\d+:\d+$/);
  for (const name of ['hard', 'soft', 'softer']) expect(await identity(at(name), 0), name).toBe(own);
  expect(await identity(at('other'), 0)).not.toBe(own);
  expect(await identity(at('deep/broken'), 0)).toBeNull();
});
