/**
 * From suppressNoise() to the first clean sample, in headless Chromium: node bench/start.mjs [--rounds=3] [--network=lite|full] [--json]
 * Wants a build (npm run build).
 *
 * cold: nothing is cached; second node: another call in that page; warm: the page visited again. On this machine's loopback, and on a line of
 * 1.6 Mb/s with 300 ms of delay (Chromium's own emulation; it waits once a request). Files go out gzipped and may be kept for an hour.
 * Milliseconds, median of the rounds. With its import the library begins to work, so that is not in it.
 */
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { extname } from 'node:path';
import { parseArgs } from 'node:util';
import { gzipSync } from 'node:zlib';
import { chromium } from 'playwright-core';
import { CHROMIUM, find, PLACES } from './engines.mjs';

const LINES = {
  'this machine': null,
  '1.6 Mb/s, 300 ms': { offline: false, latency: 300, downloadThroughput: 1.6e6 / 8, uploadThroughput: 1.6e6 / 8 },
};
const TYPES = { '.js': 'text/javascript', '.wasm': 'application/wasm', '.html': 'text/html' };
const PAGE = '<!doctype html><meta charset="utf-8"><title>start</title><script type="module" src="start.js"></script>';
const SCRIPT = `import { suppressNoise } from './index.js';
import './full.js';
const stream = await navigator.mediaDevices.getUserMedia({ audio: true });
globalThis.begin = async (network) => {
  const track = stream.getAudioTracks()[0].clone();
  const began = performance.now();
  const clean = await suppressNoise(track, { network });
  const spent = performance.now() - began;
  if (clean.error) throw clean.error;
  return spent;
};`;

const { values: options } = parseArgs({
  options: {
    rounds: { type: 'string', default: '3' },
    network: { type: 'string', default: 'lite' },
    json: { type: 'boolean', default: false },
  },
});

const packed = new Map();
function body(path) {
  if (!packed.has(path)) {
    const own = { '/': PAGE, '/start.js': SCRIPT };
    packed.set(path, gzipSync(own[path] ?? readFileSync(`dist${path}`)));
  }
  return packed.get(path);
}

async function serve() {
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

/** One visitor: cold, another node, and the second visit. */
async function visitor(browser, url, line) {
  const context = await browser.newContext({ permissions: ['microphone'] });
  const visit = async () => {
    const page = await context.newPage();
    const session = await context.newCDPSession(page);
    await session.send('Network.enable');
    if (line) await session.send('Network.emulateNetworkConditions', line);
    await page.goto(url);
    await page.waitForFunction(() => 'begin' in globalThis);
    return page;
  };
  const begin = (page) => page.evaluate((network) => globalThis.begin(network), options.network);
  const first = await visit();
  const cold = await begin(first);
  const second = await begin(first);
  await first.close();
  const warm = await begin(await visit());
  await context.close();
  return { cold, second, warm };
}

const median = (values) => [...values].sort((a, b) => a - b)[values.length >> 1];

const executablePath = find('CHROME_PATH', CHROMIUM, PLACES);
if (!executablePath) throw new Error('no Chromium found: install it (apt-get install chromium) or set CHROME_PATH');
const server = await serve();
const browser = await chromium.launch({
  executablePath,
  args: [
    '--headless=new',
    '--no-sandbox',
    '--disable-gpu',
    '--autoplay-policy=no-user-gesture-required',
    '--use-fake-device-for-media-stream',
    '--use-fake-ui-for-media-stream',
  ],
});
const rows = [];
try {
  for (const [name, line] of Object.entries(LINES)) {
    const found = [];
    for (let round = 0; round < Number(options.rounds); round++) found.push(await visitor(browser, server.url, line));
    const row = (what) => Math.round(median(found.map((one) => one[what])));
    rows.push({ line: name, cold: row('cold'), warm: row('warm'), secondNode: row('second') });
  }
} finally {
  await browser.close();
  server.close();
}
if (options.json) console.log(JSON.stringify(rows, null, 2));
else {
  console.log(`${options.network}, ms from suppressNoise() to the first clean sample, median of ${options.rounds}`);
  console.log('line                  cold    warm  second node');
  for (const { line, cold, warm, secondNode } of rows)
    console.log(
      `${line.padEnd(18)}${String(cold).padStart(8)}${String(warm).padStart(8)}${String(secondNode).padStart(13)}`,
    );
}
