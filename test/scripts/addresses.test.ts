/** The addresses that a release gets from the git remote. */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { expect, test } from 'vitest';
// @ts-expect-error a script of the release
import { addresses } from '../../scripts/addresses.mjs';

test.each([
  'https://github.com/owner/name',
  'https://github.com/owner/name.git',
  'https://user@github.com/owner/name.git/',
  'git@github.com:owner/name.git',
  'ssh://git@github.com/owner/name.git',
  'ssh://git@github.com:22/owner/name.git\n',
  'git+https://github.com/owner/name.git',
])('%s', (remote) => {
  expect(addresses(remote)).toEqual({
    repository: { type: 'git', url: 'git+https://github.com/owner/name.git' },
    homepage: 'https://github.com/owner/name#readme',
    bugs: { url: 'https://github.com/owner/name/issues' },
  });
});

test('groups within groups stay', () => {
  expect(addresses('git@gitlab.com:a/b/c.git').repository.url).toBe('git+https://gitlab.com/a/b/c.git');
});

test.each([
  '',
  '/home/somebody/name',
  '../name',
  'file:///home/name',
  'https://github.com',
  'git@localhost:a/b',
  'https://github.com/name',
])('refuses %j, which is no public address', (remote) => {
  expect(() => addresses(remote)).toThrow('no public address');
});

test('package.json has no placeholder, and gets what the remote says', () => {
  const manifest = JSON.parse(readFileSync('package.json', 'utf8'));
  for (const name of ['repository', 'homepage', 'bugs']) expect(manifest).not.toHaveProperty(name);
  const folder = mkdtempSync(join(tmpdir(), 'addresses-'));
  const script = resolve('scripts/addresses.mjs');
  try {
    writeFileSync(join(folder, 'package.json'), '{\n  "name": "a"\n}\n');
    execFileSync('git', ['init', '--quiet'], { cwd: folder });
    expect(spawnSync(process.execPath, [script], { cwd: folder }).status).toBe(1);
    execFileSync('git', ['remote', 'add', 'origin', 'git@github.com:owner/name.git'], { cwd: folder });
    expect(spawnSync(process.execPath, [script], { cwd: folder }).status).toBe(0);
    const { bugs, ...others } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
    expect(bugs.url).toBe('https://github.com/owner/name/issues');
    expect(Object.keys(others)).toEqual(['name', 'repository', 'homepage']);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
