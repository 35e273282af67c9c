/** The system's Chromium and a local server for browser tests. */
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { extname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Browser, chromium, type Page } from 'playwright-core';
import { counted } from './page-coverage';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
/** Where setup.ts puts the build under test, relative to the repository's root. */
export const BUILD = 'test-results/dist';

const NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];
const TYPES: Record<string, string> = {
  '.html': 'text/html',
  '.js': 'text/javascript',
  '.json': 'application/json',
  '.wasm': 'application/wasm',
  '.css': 'text/css',
  '.svg': 'image/svg+xml',
  '.map': 'application/json',
  '.wav': 'audio/wav',
};

/** The first Chromium that is known to have both `renderSizeHint` and compiled modules sent to a worklet; 150 has neither. */
export const OLD_CHROMIUM = 156;

/** Whether a Chromium, by its version, may have neither; Debian's releases package different ones. */
export function isOldChromium(version: string): boolean {
  return Number.parseInt(version, 10) < OLD_CHROMIUM;
}

/** Path of a Chromium: CHROME_PATH, then the usual names; as root on a Debian system it is installed when missing. */
export function findChromium(): string {
  const found = locate();
  if (found) return found;
  if (process.getuid?.() === 0 && spawnSync('apt-get', ['--version']).status === 0) {
    console.warn('No Chromium found: installing it with apt-get install chromium');
    spawnSync('apt-get', ['install', '-y', '--no-install-recommends', 'chromium'], { stdio: 'inherit' });
    const installed = locate();
    if (installed) return installed;
  }
  throw new Error('The browser tests need Chromium: install it (apt-get install chromium) or set CHROME_PATH');
}

function locate(): string | undefined {
  const named = process.env.CHROME_PATH;
  if (named) {
    if (!existsSync(named)) throw new Error(`CHROME_PATH names ${named}, which is not there`);
    return named;
  }
  for (const name of NAMES) {
    try {
      return execFileSync('which', [name], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim();
    } catch {
      // The next name.
    }
  }
  return undefined;
}

export async function launchChromium(args: string[] = []): Promise<Browser> {
  const browser = await chromium.launch({
    executablePath: findChromium(),
    args: [
      '--headless=new',
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
      '--autoplay-policy=no-user-gesture-required',
      ...args,
    ],
  });
  return counted(browser);
}

/** A local server: `/` is an empty page with the library as `percepnet` and page.ts as `tools`. */
export interface Site {
  readonly origin: string;
  /** Paths it was asked for, in their order. */
  readonly requested: readonly string[];
  close(): Promise<void>;
}

export type Route = (request: IncomingMessage, response: ServerResponse) => void;

/**
 * `/dist/*` is the build under test, `/test/*` and `/models/*` are files of the repository, `folders` adds more by the first
 * part of the path; `routes` come first.
 */
export async function serve(
  routes: Record<string, Route> = {},
  headers: Record<string, string> = {},
  folders: Record<string, string> = {},
): Promise<Site> {
  const requested: string[] = [];
  const server = createServer(async (request, response) => {
    const path = normalize(decodeURIComponent(new URL(request.url ?? '/', 'http://localhost').pathname));
    requested.push(path);
    for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
    const route = routes[path];
    if (route) return route(request, response);
    if (path === '/') {
      response.setHeader('content-type', 'text/html');
      return response.end('<!doctype html><script type="module" src="/dist/page.js"></script>');
    }
    const [, top, ...rest] = path.split('/');
    const folder = { dist: BUILD, test: 'test', models: 'models', ...folders }[top];
    try {
      if (!folder) throw new Error('outside');
      if (path.endsWith('/')) rest.push('index.html');
      const body = await readFile(join(ROOT, folder, ...rest));
      response.setHeader('content-type', TYPES[extname(rest.at(-1) ?? '')] ?? 'application/octet-stream');
      response.end(body);
    } catch {
      response.statusCode = 404;
      response.end();
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    origin: `http://localhost:${(server.address() as AddressInfo).port}`,
    requested,
    close: () => new Promise((resolve) => server.close(() => resolve())),
  };
}

/** A page of the site with the library loaded; errors on it fail the test through `errors`. */
export async function openPage(browser: Browser, site: Site, errors: string[] = []): Promise<Page> {
  const page = await browser.newPage();
  page.on('pageerror', (error) => errors.push(String(error)));
  await page.goto(site.origin);
  await page.waitForFunction(() => 'tools' in globalThis);
  return page;
}
