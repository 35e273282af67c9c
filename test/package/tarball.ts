/** The packed package and empty projects to install it in. */
import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';

/** Where setup.ts leaves the package's files and the tarball. */
export const STAGE = 'test-results/package';

/** Absolute path of the tarball. */
export function tarball(): string {
  const name = readdirSync(STAGE).find((file) => file.endsWith('.tgz'));
  if (!name) throw new Error(`no tarball in ${STAGE}: test/package/setup.ts makes it`);
  return resolve(STAGE, name);
}

/** A new project outside the repository with nothing in it; its path. */
export function emptyProject(fields: object = {}): string {
  const folder = mkdtempSync(join(tmpdir(), 'percepnet-project-'));
  writeFileSync(
    join(folder, 'package.json'),
    JSON.stringify({ name: 'app', private: true, type: 'module', ...fields }),
  );
  return folder;
}

/** A new project outside the repository with the tarball and other packages installed; its path. */
export function project(packages: readonly string[] = [], fields: object = {}): string {
  const folder = emptyProject(fields);
  install(folder, [tarball(), ...packages]);
  return folder;
}

/** @throws when npm fails; its message says why */
export function install(folder: string, packages: readonly string[]): void {
  execFileSync('npm', ['install', '--no-audit', '--no-fund', '--prefer-offline', '--loglevel=error', ...packages], {
    cwd: folder,
    stdio: ['ignore', 'ignore', 'pipe'],
    encoding: 'utf8',
  });
}

/** Puts a package that the repository has already into a project as its own: a peer, say. */
export function bring(folder: string, name: string): void {
  cpSync(`node_modules/${name}`, join(folder, 'node_modules', name), { recursive: true });
}

/** As bring(), where it stays, beside what it needs itself: npm would take such a link away again. */
export function link(folder: string, name: string): void {
  const path = join(folder, 'node_modules', name);
  mkdirSync(dirname(path), { recursive: true });
  symlinkSync(resolve(`node_modules/${name}`), path);
}

/** Writes files of a project, folders included. */
export function write(folder: string, files: Record<string, string>): void {
  for (const [name, text] of Object.entries(files)) {
    const path = join(folder, name);
    mkdirSync(join(path, '..'), { recursive: true });
    writeFileSync(path, text);
  }
}
