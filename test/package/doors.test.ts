/** The ways the package comes to an app before it is in a registry: from git, from a folder, as a tarball; each up to the first example. */
import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
// @ts-expect-error a script of the pages
import { serveFolder } from '../../scripts/serve.mjs';
import { makeMicrophone, microphoneSwitches } from '../browser/microphone';
import { launchChromium } from '../helpers/browser';
import { openExample, WORKS, writeExample } from './example';
import { emptyProject, install } from './tarball';

const folders: string[] = [];
let browser: Browser;
/** A clone of what is in the working tree: committed, and nothing built. */
let clone: string;

function temporary(name: string): string {
  const folder = mkdtempSync(join(tmpdir(), `percepnet-${name}-`));
  folders.push(folder);
  return folder;
}

function git(folder: string, ...args: string[]): string {
  const identity = ['-c', 'user.name=test', '-c', 'user.email=test@localhost', '-c', 'commit.gpgsign=false'];
  return execFileSync('git', [...identity, ...args], { cwd: folder, encoding: 'utf8', maxBuffer: 1 << 26 });
}

beforeAll(async () => {
  clone = temporary('clone');
  const files = git('.', 'ls-files', '-z', '--cached', '--others', '--exclude-standard').split('\0');
  for (const name of files.filter((file) => file !== '' && existsSync(file))) cpSync(name, join(clone, name));
  git(clone, 'init', '--quiet');
  git(clone, 'add', '--all');
  git(clone, 'commit', '--quiet', '--message', 'All of it');
  browser = await launchChromium(microphoneSwitches(makeMicrophone().path));
});

afterAll(async () => {
  await browser?.close();
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

/** Builds the example in the project with Vite, as a host would serve it, and opens it. */
async function firstExample(folder: string): Promise<object> {
  writeExample(folder);
  const { build } = await import('vite');
  await build({ root: folder, configFile: false, logLevel: 'error', build: { outDir: 'out' } });
  const site = await serveFolder(join(folder, 'out'), { port: 0 });
  try {
    return await openExample(browser, `${site.origin}/`);
  } finally {
    await site.close();
  }
}

function failure(work: () => unknown): string {
  try {
    work();
  } catch (error) {
    return String((error as { stderr?: unknown }).stderr ?? error);
  }
  return '';
}

const pack = (): string =>
  execFileSync('npm', ['pack', '--loglevel=error'], {
    cwd: clone,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
  });

// In this order: nothing is built in the clone at first.
describe.sequential('a clone', () => {
  test('packs nothing, and says what to do, before its tools are installed', () => {
    expect(failure(pack)).toMatch(/dist\/\S+ is missing, and esbuild, .* run npm ci in /);
    expect(readdirSync(clone).filter((name) => name.endsWith('.tgz'))).toEqual([]);
  });

  test('by its folder: npm builds it, the first example runs', { timeout: 900_000 }, async () => {
    // As npm ci leaves it.
    symlinkSync(resolve('node_modules'), join(clone, 'node_modules'));
    const folder = emptyProject();
    folders.push(folder);
    install(folder, [clone]);
    expect(existsSync(join(folder, 'node_modules/percepnet-wasm/dist/index.js'))).toBe(true);
    expect(await firstExample(folder)).toEqual(WORKS);
  });

  test('as a tarball: what npm pack makes is whole, the first example runs', { timeout: 900_000 }, async () => {
    const name = pack().trim().split('\n').at(-1) as string;
    const folder = emptyProject();
    folders.push(folder);
    install(folder, [join(clone, name)]);
    expect(await firstExample(folder)).toEqual(WORKS);
  });

  test('packs no build that is not whole', () => {
    const check = (): unknown =>
      execFileSync(process.execPath, ['scripts/prepare.mjs', '--check'], { cwd: clone, stdio: 'pipe' });
    expect(failure(check)).toBe('');
    const network = join(clone, 'dist/model-full.safetensors');
    writeFileSync(network, 'another');
    expect(failure(check)).toContain('dist/model-full.safetensors is of another build');
    rmSync(network);
    expect(failure(check)).toContain('dist/model-full.safetensors is missing');
  });

  test('by its git address: npm builds it, the first example runs', { timeout: 1_200_000 }, async ({ skip }) => {
    const folder = emptyProject();
    folders.push(folder);
    try {
      install(folder, [`git+${pathToFileURL(clone)}`]);
    } catch (error) {
      // It fetches the tools of the build itself.
      const text = String((error as { stderr?: unknown }).stderr ?? error);
      if (!/\b(ENOTFOUND|EAI_AGAIN|ETIMEDOUT|ECONNREFUSED)\b/.test(text)) throw error;
      skip(`no registry to fetch the tools of the build from: ${text.split('\n')[0]}`);
    }
    expect(await firstExample(folder)).toEqual(WORKS);
  });
});
