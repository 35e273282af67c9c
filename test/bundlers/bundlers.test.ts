/** The packed package in each bundler: one import, no configuration, run in Chromium. */
import { execFile } from 'node:child_process';
import { cpSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { mkdir, readFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { extname, join } from 'node:path';
import { promisify } from 'node:util';
import { build as esbuild } from 'esbuild';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { launchChromium } from '../helpers/browser';
import { project } from '../package/tarball';

const run = promisify(execFile);
const FIXTURES = 'test/bundlers/fixtures';
const TYPES: Record<string, string> = { '.html': 'text/html', '.js': 'text/javascript', '.wasm': 'application/wasm' };
/** What every fixture ends with. */
const WORKS = { state: 'running', heard: true, network: 'lite' };

let browser: Browser;
/** An app with nothing but the tarball installed. */
let app: string;
const folders: string[] = [];

beforeAll(async () => {
  browser = await launchChromium();
  app = fixture();
});

afterAll(async () => {
  await browser?.close();
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

function fixture(packages: string[] = [], fields: object = {}): string {
  const folder = project(packages, fields);
  folders.push(folder);
  cpSync(FIXTURES, folder, { recursive: true });
  return folder;
}

/** Runs an installed command in the folder. */
async function command(folder: string, name: string, ...args: string[]): Promise<void> {
  await run(join(folder, 'node_modules/.bin', name), args, {
    cwd: folder,
    env: { ...process.env, NEXT_TELEMETRY_DISABLED: '1', NODE_ENV: undefined },
    maxBuffer: 1 << 26,
  });
}

/** What the page sets as its result, and the addresses it asked for. */
async function open(address: string): Promise<{ result: unknown; requests: string[] }> {
  const page = await browser.newPage();
  const requests: string[] = [];
  page.on('request', (request) => requests.push(request.url()));
  try {
    await page.goto(address);
    await page.waitForFunction(() => 'result' in globalThis, null, { timeout: 120_000 });
    return { result: await page.evaluate(() => (globalThis as { result?: unknown }).result), requests };
  } finally {
    await page.close();
  }
}

/** Which networks a build carries, under whatever names. */
function networksIn(folder: string): string[] {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  const sizes = files.map((entry) => statSync(join(entry.parentPath, entry.name)).size);
  return ['full', 'lite'].filter((name) => sizes.includes(statSync(`models/${name}/model.safetensors`).size));
}

/** The app beside itself, with the larger network. */
function fullApp(from: string): string {
  const folder = join(from, 'full');
  cpSync(FIXTURES, folder, { recursive: true });
  const source = readFileSync(`${FIXTURES}/main.js`, 'utf8');
  const create = "create(new AudioContext(), { network: 'full', ";
  writeFileSync(
    join(folder, 'main.js'),
    `import 'percepnet-wasm/full';\n${source.replace('create(new AudioContext(), { ', create)}`,
  );
  return folder;
}

/** Serves a folder as a static host does, opens its start page, and expects it to work with files from there alone. */
async function expectToWork(root: string, network = 'lite'): Promise<void> {
  const server: Server = createServer(async (request, response) => {
    const path = new URL(request.url ?? '/', 'http://localhost').pathname;
    try {
      const body = await readFile(join(root, path.endsWith('/') ? `${path}index.html` : path));
      response.setHeader(
        'content-type',
        TYPES[extname(path)] ?? (path.endsWith('/') ? 'text/html' : 'application/octet-stream'),
      );
      response.end(body);
    } catch {
      response.statusCode = 404;
      response.end();
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const origin = `http://localhost:${(server.address() as AddressInfo).port}`;
  try {
    const { result, requests } = await open(`${origin}/`);
    expect(result).toEqual({ ...WORKS, network });
    expect(requests.filter((address) => !address.startsWith(origin) && !address.startsWith('blob:'))).toEqual([]);
  } finally {
    server.close();
  }
}

/** A start page for output that comes without one. */
async function startPage(folder: string): Promise<string> {
  await mkdir(folder, { recursive: true });
  writeFileSync(join(folder, 'index.html'), readFileSync(`${FIXTURES}/index.html`));
  return folder;
}

describe('with nothing installed but the package', () => {
  test('<script type=module>, the files as they are', async () => {
    const folder = join(app, 'plain');
    cpSync(join(app, 'node_modules/percepnet-wasm/dist'), join(folder, 'percepnet-wasm'), { recursive: true });
    await startPage(folder);
    const source = readFileSync(`${FIXTURES}/main.js`, 'utf8');
    writeFileSync(join(folder, 'main.js'), source.replace("'percepnet-wasm'", "'./percepnet-wasm/index.js'"));
    await expectToWork(folder);
  });

  test('Vite, dev server', async () => {
    const { createServer } = await import('vite');
    const server = await createServer({ root: app, configFile: false, logLevel: 'error', server: { port: 0 } });
    try {
      await server.listen();
      const origin = server.resolvedUrls?.local[0]?.replace(/\/$/, '') ?? '';
      const { result, requests } = await open(`${origin}/`);
      expect(result).toEqual(WORKS);
      const files = requests.filter((address) => /core(-relaxed)?\.wasm$/.test(address));
      expect(files).toEqual([expect.stringContaining('/node_modules/percepnet-wasm/dist/core')]);
      // Why beside() in src/loading/beside.ts replaces the path: Vite moves the module and leaves its files behind. When this fails, remove both.
      const moved = await fetch(`${origin}/node_modules/.vite/deps/worklet.js`);
      expect(moved.ok && moved.headers.get('content-type')?.includes('javascript')).toBe(false);
    } finally {
      await server.close();
    }
  });

  test('Vite, build', async () => {
    const { build } = await import('vite');
    await build({ root: app, configFile: false, logLevel: 'error', build: { outDir: 'out/vite' } });
    await expectToWork(join(app, 'out/vite'));
    expect(networksIn(join(app, 'out/vite'))).toEqual(['lite']);
  });

  test("Vite, build, 'full' imported", async () => {
    const { build } = await import('vite');
    const folder = fullApp(app);
    await build({ root: folder, configFile: false, logLevel: 'error', build: { outDir: 'out' } });
    await expectToWork(join(folder, 'out'), 'full');
    expect(networksIn(join(folder, 'out'))).toEqual(['full', 'lite']);
  });

  test("Vite, dev server, 'full' imported", async () => {
    const { createServer } = await import('vite');
    const server = await createServer({
      root: fullApp(app),
      configFile: false,
      logLevel: 'error',
      server: { port: 0 },
    });
    try {
      await server.listen();
      const { result } = await open(server.resolvedUrls?.local[0] ?? '');
      expect(result).toEqual({ ...WORKS, network: 'full' });
    } finally {
      await server.close();
    }
  });

  test('esbuild, with copy-assets beside the bundle', async () => {
    const outfile = join(app, 'out/esbuild/main.js');
    await esbuild({ absWorkingDir: app, entryPoints: ['main.js'], bundle: true, format: 'esm', outfile });
    const { stdout } = await run(join(app, 'node_modules/.bin/percepnet-wasm'), ['copy-assets', 'out/esbuild'], {
      cwd: app,
    });
    expect(stdout).toContain("assets: { base: '/esbuild/' }");
    await expectToWork(await startPage(join(app, 'out/esbuild')));
  });

  test('esbuild, ./inline and the network by a loader', async () => {
    await esbuild({
      absWorkingDir: app,
      entryPoints: { main: 'inline.js' },
      bundle: true,
      format: 'esm',
      loader: { '.safetensors': 'file' },
      outdir: join(app, 'out/inline'),
    });
    await expectToWork(await startPage(join(app, 'out/inline')));
  });
});

/** Bundlers this repository does not have: installed from npm for the test, which is skipped when that fails. */
describe('installed for the test', () => {
  /** What npm said when it could not install. */
  function tryFixture(
    packages: string[],
    fields: object = {},
  ): { folder: string; reason?: undefined } | { reason: string } {
    try {
      return { folder: fixture(packages, fields) };
    } catch (error) {
      return { reason: `npm could not install ${packages.join(', ')}: ${(error as Error).message.split('\n').at(-1)}` };
    }
  }

  test('webpack 5', async ({ skip }) => {
    const { folder, reason } = { folder: '', ...tryFixture(['webpack@5', 'webpack-cli@7']) };
    if (reason) skip(reason);
    await command(folder, 'webpack');
    await expectToWork(await startPage(join(folder, 'out/webpack')));
    expect(networksIn(join(folder, 'out/webpack'))).toEqual(['lite']);
    const full = fullApp(folder);
    await command(folder, 'webpack', '--context', full, '--output-path', join(full, 'out/webpack'));
    await expectToWork(await startPage(join(full, 'out/webpack')), 'full');
    expect(networksIn(join(full, 'out/webpack'))).toEqual(['full', 'lite']);
  });

  test('Rollup', async ({ skip }) => {
    const { folder, reason } = {
      folder: '',
      ...tryFixture(['rollup@4', '@rollup/plugin-node-resolve@16', '@web/rollup-plugin-import-meta-assets@2']),
    };
    if (reason) skip(reason);
    await command(folder, 'rollup', '-c');
    await expectToWork(await startPage(join(folder, 'out/rollup')));
  });

  test('Parcel', { timeout: 600_000 }, async ({ skip }) => {
    const fields = { '@parcel/resolver-default': { packageExports: true } };
    const { folder, reason } = { folder: '', ...tryFixture(['parcel@2'], fields) };
    if (reason) skip(reason);
    await command(folder, 'parcel', 'build', 'index.html', '--dist-dir', 'out/parcel', '--no-cache');
    await expectToWork(join(folder, 'out/parcel'));
  });

  test('Next.js: rendered on the server, run in the page', { timeout: 900_000 }, async ({ skip }) => {
    const { folder, reason } = { folder: '', ...tryFixture(['next@16', 'react@19', 'react-dom@19']) };
    if (reason) skip(reason);
    // Next takes the folder it is started in.
    cpSync(join(folder, 'next'), folder, { recursive: true });
    await command(folder, 'next', 'build');
    expect(readFileSync(join(folder, 'out/index.html'), 'utf8')).toMatch(/Supported on the server: .*false/);
    await expectToWork(join(folder, 'out'));
  });
});
