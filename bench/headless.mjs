/**
 * npm run bench: CPU time of whole worklets, ours and others', per 10 ms of audio, in headless Chromium.
 *
 * The audio thread's CPU time is read from /proc, which repeats within a few per cent even on a busy machine; where there is
 * no /proc (macOS, Windows) it falls back to wall time. Subjects take turns, round by round, and the median round counts.
 *
 *   --json          only a JSON array on standard output
 *   --seconds=60    of audio per subject and round
 *   --rounds=5
 *   --only=TEXT     only subjects whose id contains one of the comma-separated texts
 *   --models=DIR    networks from elsewhere
 *   CHROME_PATH     the browser, when it is not found by itself
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { parseArgs } from 'node:util';
import { chromium } from 'playwright-core';
import { serveFolder } from '../scripts/serve.mjs';
import { buildSite } from '../scripts/site.mjs';

const NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];
const PLACES = [
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
  'C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe',
];
/** Linux cuts thread names at 15 characters. */
const AUDIO_THREAD = 'Offline AudioWo';
const BASELINE = 'rnnoise-0.1-simd';
const FRAMES_PER_SECOND = 100;

const { values: options } = parseArgs({
  options: {
    json: { type: 'boolean', default: false },
    seconds: { type: 'string', default: '60' },
    rounds: { type: 'string', default: '5' },
    only: { type: 'string' },
    models: { type: 'string' },
  },
});
const seconds = positive('seconds');
const rounds = Math.round(positive('rounds'));

function positive(name) {
  const value = Number(options[name]);
  if (value > 0 && value <= 3600) return value;
  console.error(`--${name} must be a number from 1 to 3600`);
  return process.exit(2);
}

/** Standard output is for the result. */
const log = (message) => console.error(message);

function findChromium() {
  const named = process.env.CHROME_PATH;
  if (named) {
    if (existsSync(named)) return named;
    throw new Error(`CHROME_PATH names ${named}, which is not there`);
  }
  const inPath = (process.env.PATH ?? '').split(delimiter).flatMap((folder) => NAMES.map((name) => join(folder, name)));
  const found = [...inPath, ...PLACES].find((path) => existsSync(path));
  if (found) return found;
  throw new Error(
    'No Chromium found: install it (apt-get install chromium), or set CHROME_PATH to a Chrome or Chromium',
  );
}

/** CPU nanoseconds by thread of all offline audio threads of a browser, or null where it cannot be had. */
async function audioThreads(session) {
  const { processInfo } = await session.send('SystemInfo.getProcessInfo');
  const times = new Map();
  for (const { type, id } of processInfo) {
    if (type !== 'renderer') continue;
    let tasks;
    try {
      tasks = readdirSync(`/proc/${id}/task`);
    } catch {
      continue;
    }
    for (const task of tasks) {
      try {
        const folder = `/proc/${id}/task/${task}`;
        if (!readFileSync(`${folder}/comm`, 'utf8').startsWith(AUDIO_THREAD)) continue;
        times.set(`${id}/${task}`, Number(readFileSync(`${folder}/schedstat`, 'utf8').split(' ')[0]));
      } catch {
        // A thread that has just ended.
      }
    }
  }
  return times.size > 0 ? times : null;
}

/** Nanoseconds all threads together took between two readings. */
function between(before, after) {
  let sum = 0;
  for (const [thread, time] of after) sum += time - (before.get(thread) ?? 0);
  return sum;
}

function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

async function measureAll(page, session, subjects) {
  const times = new Map(subjects.map(({ id }) => [id, []]));
  let cpu = true;
  for (let round = 1; round <= rounds; round++) {
    log(`Round ${round} of ${rounds} ...`);
    for (const { id } of subjects) {
      await page.evaluate(([id, seconds]) => globalThis.bench.warmUp(id, seconds), [id, seconds]);
      const before = cpu ? await audioThreads(session) : null;
      const { wall } = await page.evaluate(() => globalThis.bench.finish());
      const after = before ? await audioThreads(session) : null;
      if (cpu && !after) {
        cpu = false;
        if (round > 1 || times.values().next().value.length > 0) throw new Error('/proc could not be read any more');
        log('No /proc with the audio thread: wall time instead of CPU time. Close other programs while it runs.');
      }
      const microseconds = after ? between(before, after) / 1e3 : wall * 1e6;
      times.get(id).push(microseconds / (seconds * FRAMES_PER_SECOND));
    }
  }
  return { times, clock: cpu ? 'CPU time of the audio thread' : 'wall time' };
}

async function main() {
  const executablePath = findChromium();
  const { models } = await buildSite({ out: 'build/bench-site', models: options.models, log });
  if (models.length === 0) log('No network under models/: only the peers are measured.');
  const site = await serveFolder('build/bench-site', { port: 0 });
  const browser = await chromium.launch({
    executablePath,
    args: ['--headless=new', '--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-background-networking'],
  });
  try {
    const engine = `Chromium ${browser.version()}`;
    const session = await browser.newBrowserCDPSession();
    const page = await browser.newPage();
    page.on('pageerror', (error) => log(String(error)));
    await page.goto(`${site.origin}/bench/headless.html`);
    await page.waitForFunction(() => 'bench' in globalThis);
    const wanted = options.only?.split(',');
    const subjects = (await page.evaluate(() => globalThis.bench.subjects())).filter(
      ({ id }) => !wanted || wanted.some((text) => id.includes(text)),
    );
    if (subjects.length === 0) throw new Error(`--only=${options.only} leaves no subject`);
    const { times, clock } = await measureAll(page, session, subjects);
    const rows = [];
    for (const subject of subjects) {
      rows.push({
        id: subject.id,
        name: subject.name,
        package: subject.package,
        build: subject.build,
        engine,
        usPer10ms: Number(median(times.get(subject.id)).toFixed(2)),
        // Audio worklets have no clock finer than a millisecond.
        peakCallbackUs: null,
        wasmMemoryBytes: await page.evaluate((id) => globalThis.bench.memoryBytes(id), subject.id),
        firstUseGzipBytes: subject.firstUseGzipBytes,
      });
    }
    if (options.json)
      console.log(
        JSON.stringify(
          rows.map(({ id, ...row }) => row),
          null,
          2,
        ),
      );
    else printTable(rows, times, clock, engine);
  } finally {
    await browser.close();
    await site.close();
  }
}

function printTable(rows, times, clock, engine) {
  const baseline = rows.find(({ id }) => id === BASELINE)?.usPer10ms;
  const lines = [
    [
      'subject',
      'build',
      'us / 10 ms',
      'spread',
      '% of a core',
      'x RNNoise 0.1 SIMD',
      'wasm memory',
      'first use (gzip)',
      'package',
    ],
    ...rows.map((row) => [
      row.name,
      row.build,
      row.usPer10ms.toFixed(1),
      `${Math.min(...times.get(row.id)).toFixed(0)}-${Math.max(...times.get(row.id)).toFixed(0)}`,
      (row.usPer10ms / 100).toFixed(2),
      baseline ? (row.usPer10ms / baseline).toFixed(2) : '-',
      row.wasmMemoryBytes ? `${(row.wasmMemoryBytes / 2 ** 20).toFixed(1)} MiB` : '-',
      `${(row.firstUseGzipBytes / 1000).toFixed(0)} kB`,
      row.package,
    ]),
  ];
  const widths = lines[0].map((_, column) => Math.max(...lines.map((line) => line[column].length)));
  console.log(`\n${engine}, ${clock}, whole worklet, ${seconds} s of audio, median of ${rounds} rounds\n`);
  for (const line of lines) {
    const cells = line.map((cell, i) => (i < 2 || i === 8 ? cell.padEnd(widths[i]) : cell.padStart(widths[i])));
    console.log(cells.join('  ').trimEnd());
  }
}

try {
  await main();
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
