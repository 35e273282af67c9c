/** Pages of a few lines for a bench, files of the build beside them, and the Chromium that visits them. */
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { extname } from 'node:path';
import { gzipSync } from 'node:zlib';
import { chromium } from 'playwright-core';
import { CHROMIUM, find, PLACES } from './engines.mjs';

const TYPES = {
  '.js': 'text/javascript',
  '.wasm': 'application/wasm',
  '.html': 'text/html',
  '.json': 'application/json',
};

/**
 * Gzipped, and to be kept for an hour.
 * @param {Record<string, string>} own text by its path
 * @param {(path: string) => string} fileOf where any other path is found
 */
export async function serveSmall(own, fileOf) {
  const packed = new Map();
  const body = (path) => {
    if (!packed.has(path)) packed.set(path, gzipSync(own[path] ?? readFileSync(fileOf(path))));
    return packed.get(path);
  };
  const server = createServer((request, response) => {
    const path = new URL(request.url, 'http://localhost').pathname;
    try {
      const bytes = body(path);
      response.writeHead(200, {
        'content-type': TYPES[extname(path) || '.html'] ?? 'application/octet-stream',
        'content-encoding': 'gzip',
        'cache-control': 'public, max-age=3600',
      });
      response.end(bytes);
    } catch {
      response.writeHead(404).end();
    }
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { url: `http://127.0.0.1:${server.address().port}/`, close: () => server.close() };
}

/** @returns the browser, and the id of its first process */
export async function launchChromium(...args) {
  const executablePath = find('CHROME_PATH', CHROMIUM, PLACES);
  if (!executablePath) throw new Error('no Chromium found: install it (apt-get install chromium) or set CHROME_PATH');
  const server = await chromium.launchServer({
    executablePath,
    args: ['--headless=new', '--no-sandbox', '--disable-gpu', '--autoplay-policy=no-user-gesture-required', ...args],
  });
  const browser = await chromium.connect(server.wsEndpoint());
  return { browser, pid: server.process().pid, close: () => server.close() };
}
