/** The audit of scripts/audit.mjs with a registry that answers as the test wants. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, expect, test } from 'vitest';
// @ts-expect-error a script of the build
import { bundledPackages } from '../../scripts/bundled.mjs';

const folder = mkdtempSync(join(tmpdir(), 'audit-test-'));
afterAll(() => rmSync(folder, { recursive: true }));

const CLEAN = JSON.stringify({ metadata: { vulnerabilities: { high: 0, total: 0 } } });
const WEAK = JSON.stringify({ metadata: { vulnerabilities: { high: 1, total: 1 } } });
const HASHED = { version: '1.0.0', integrity: 'sha512-x', dev: true };

/** @param npm shell text that says what npm audit says; $1 is set where the project has a dependency that is no development one */
function audit(npm: string, entry: object = HASHED): { status: number | null; stdout: string } {
  const project = mkdtempSync(join(folder, 'project-'));
  const bin = join(project, 'bin');
  mkdirSync(join(project, 'dist'));
  mkdirSync(bin);
  writeFileSync(join(bin, 'npm'), `#!/bin/sh\ngrep -q '"dependencies"' package.json && carried=1\n${npm}\n`, {
    mode: 0o755,
  });
  writeFileSync(join(project, 'package.json'), '{"devDependencies":{"carried":"1.0.0"}}');
  writeFileSync(join(project, 'dist/bundled.json'), '{"carried":"1.0.0"}');
  writeFileSync(
    join(project, 'package-lock.json'),
    JSON.stringify({ packages: { '': {}, 'node_modules/carried': entry, 'node_modules/inside': { inBundle: true } } }),
  );
  const env = { ...process.env, PATH: `${bin}:${process.env.PATH}` };
  return spawnSync(process.execPath, [resolve('scripts/audit.mjs')], { cwd: project, env, encoding: 'utf8' });
}

test.each<[string, string, object, number]>([
  ['nothing known', `echo '${CLEAN}'`, HASHED, 0],
  ['no answer at all', 'exit 1', HASHED, 77],
  ['an error for an answer', `echo '{"error":{"code":"ENOAUDIT"}}'; exit 1`, HASHED, 77],
  ['no answer for what is carried', `[ $carried ] || echo '${CLEAN}'`, HASHED, 77],
  [
    'a weakness in what is carried, a development dependency',
    `[ $carried ] && echo '${WEAK}' || echo '${CLEAN}'`,
    HASHED,
    1,
  ],
  [
    'a weakness in what builds and tests',
    `case "$*" in *omit*) echo '${CLEAN}';; *) [ $carried ] && echo '${CLEAN}' || echo '${WEAK}';; esac`,
    HASHED,
    0,
  ],
  ['an entry of the lock without its hash', `echo '${CLEAN}'`, { version: '1.0.0' }, 1],
])('%s', (_, npm, entry, expected) => {
  const { status, stdout } = audit(npm, entry);
  expect(status, stdout).toBe(expected);
});

test('packages are found wherever they lie, by output', () => {
  const inputs = {
    'src/entries/cli.ts': {},
    'node_modules/a/x.js': {},
    'node_modules/a/y.js': {},
    'node_modules/a/node_modules/@s/b/z.js': {},
  };
  expect(
    bundledPackages({
      outputs: { 'dist/cli.js': { inputs }, 'dist/index.js': { inputs: { 'src/entries/index.ts': {} } } },
    }),
  ).toEqual({
    'dist/cli.js': ['node_modules/a', 'node_modules/a/node_modules/@s/b'],
  });
});

test('workflows pin actions by commit, and only a job that runs no script of ours or of packages may sign', () => {
  for (const name of readdirSync('.github/workflows')) {
    const uses = [...readFileSync(`.github/workflows/${name}`, 'utf8').matchAll(/uses: (\S+)/g)].map(
      ([, action]) => action,
    );
    expect(uses.length).toBeGreaterThan(0);
    for (const action of uses) expect(action).toMatch(/^[\w-]+\/[\w-]+@[0-9a-f]{40}$/);
  }
  const release = readFileSync('.github/workflows/release.yml', 'utf8');
  const [before, publish] = release.split(/^ {2}publish:$/m) as [string, string];
  expect(before).not.toContain('id-token');
  expect(publish).toContain('id-token: write');
  const commands = [...publish.matchAll(/run: (.*)/g)].map(([, command]) => command);
  expect(commands.filter((command) => !command!.startsWith('echo "$SHA256'))).toEqual([
    'npm publish ./package.tgz --ignore-scripts --provenance --access public',
  ]);
  expect(publish).not.toContain('actions/checkout');
});
