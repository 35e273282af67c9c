/**
 * npm run bench: what the suppressor costs, beside others in the same run, in headless Chromium, Firefox and Node.
 *
 * Microseconds per 10 ms are CPU time of the audio thread while an OfflineAudioContext renders, read from /proc, which repeats within
 * a few per cent even on a busy machine; where there is no /proc (macOS, Windows) it is wall time. Subjects take turns, round by
 * round, and the median round counts. Callbacks, memory and the first frame come from the same processor in a worker
 * (bench/drive.ts), where there is a fine clock; so does all of Node. docs/performance.md says more.
 *
 *   --json              only a JSON array on standard output
 *   --seconds=60        of audio per subject and round
 *   --rounds=5
 *   --engines=LIST      of chromium,firefox,node
 *   --only=TEXT         only subjects whose id contains one of the comma-separated texts
 *   --models=DIR        networks from elsewhere
 *   --chart=FILE.svg    also draws it
 *   --scaling           instead, how cost grows (bench/scaling.mjs)
 *   CHROME_PATH, FIREFOX_PATH, NODE_PATH_24    the programs, when they are not found by themselves
 */
import { execFileSync } from 'node:child_process';
import { existsSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { serveFolder } from '../scripts/serve.mjs';
import { buildSite } from '../scripts/site.mjs';
import { barChart } from './chart.mjs';
import { openChromium, openFirefox } from './engines.mjs';

const SITE = 'build/bench-site';
const BASELINE = 'rnnoise-0.1-simd';
const FRAMES_PER_SECOND = 100;
/** Milliseconds of a 128-sample quantum at 48 kHz, in per cent of microseconds. */
const QUANTUM_US = 2667;
/** Of audio per subject under the fine clock. */
const DRIVE_SECONDS = 10;
/** The first Node whose relaxed SIMD computes what it should. */
const NODE = 24;

const { values: options } = parseArgs({
  options: {
    json: { type: 'boolean', default: false },
    seconds: { type: 'string', default: '60' },
    rounds: { type: 'string', default: '5' },
    engines: { type: 'string', default: 'chromium,firefox,node' },
    only: { type: 'string' },
    models: { type: 'string', default: 'models' },
    chart: { type: 'string' },
    scaling: { type: 'boolean', default: false },
    network: { type: 'string' },
  },
});
const seconds = positive('seconds');
const rounds = Math.round(positive('rounds'));
const engines = options.engines.split(',');
const strange = engines.find((name) => !['chromium', 'firefox', 'node'].includes(name));
if (strange !== undefined) fail(`--engines knows chromium, firefox and node, not "${strange}"`);

function fail(message) {
  console.error(message);
  process.exit(2);
}

function positive(name) {
  const value = Number(options[name]);
  return value >= 1 && value <= 3600 ? value : fail(`--${name} must be a number from 1 to 3600`);
}

/** Standard output is for the result. */
const log = (message) => console.error(message);

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

function wanted(subjects) {
  const texts = options.only?.split(',');
  const chosen = subjects.filter(({ id }) => !texts || texts.some((text) => id.includes(text)));
  if (chosen.length === 0) fail(`--only=${options.only} leaves no subject`);
  return chosen;
}

/** Microseconds per 10 ms of each subject, one per round. */
async function measureWorklets(engine, subjects) {
  const times = new Map(subjects.map(({ id }) => [id, []]));
  let cpu = true;
  for (let round = 1; round <= rounds; round++) {
    log(`${engine.name}: round ${round} of ${rounds} ...`);
    for (const { id } of subjects) {
      await engine.call('warmUp', id, seconds);
      const before = cpu ? await engine.threads() : null;
      const { wall, audio } = await engine.call('finish');
      const after = before ? await engine.threads() : null;
      if (cpu && !after) {
        if (round > 1 || times.values().next().value.length > 0) throw new Error('/proc could not be read any more');
        cpu = false;
        log('No /proc with the audio thread: wall time instead of CPU time. Close other programs while it runs.');
      }
      const microseconds = after ? between(before, after) / 1e3 : wall * 1e6;
      times.get(id).push(microseconds / (audio * FRAMES_PER_SECOND));
    }
  }
  return { times, clock: cpu ? 'CPU time of the audio thread' : 'wall time' };
}

async function browserRows(open, origin) {
  const engine = await open(`${origin}/bench/headless.html`, log);
  if (typeof engine === 'string') {
    log(`Skipped: ${engine}`);
    return null;
  }
  try {
    const relaxed = await engine.call('relaxedSimd');
    const subjects = wanted(await engine.call('subjects')).filter(({ build }) => relaxed || build !== 'relaxed');
    const { times, clock } = await measureWorklets(engine, subjects);
    const rows = [];
    for (const subject of subjects) {
      log(`${engine.name}: callbacks of ${subject.id} ...`);
      const driven = await engine.call('drive', subject.id, DRIVE_SECONDS);
      rows.push(row(subject, engine.name, median(times.get(subject.id)), driven, times.get(subject.id)));
    }
    return { title: `${engine.name} ${engine.version}, ${clock}, whole worklet`, rows };
  } finally {
    await engine.close();
  }
}

/** A Node that is new enough: this one, or the one that NODE_PATH_24 names. */
function findNode() {
  for (const path of [process.execPath, process.env.NODE_PATH_24]) {
    if (!path || !existsSync(path)) continue;
    const version = execFileSync(path, ['--version'], { encoding: 'utf8' }).trim();
    if (Number(version.slice(1).split('.')[0]) >= NODE) return { path, version };
  }
  return null;
}

function nodeRows(subjects) {
  const node = findNode();
  if (!node) {
    log(
      `Skipped: Node ${process.version} is older than ${NODE}: npx -y node@${NODE} bench/headless.mjs runs it in a newer one`,
    );
    return null;
  }
  const rows = [];
  for (const subject of wanted(subjects)) {
    log(`node: ${subject.id} ...`);
    try {
      const text = execFileSync(node.path, ['bench/node.mjs', SITE, subject.id, String(DRIVE_SECONDS)], {
        encoding: 'utf8',
        stdio: ['ignore', 'pipe', 'pipe'],
      });
      const driven = JSON.parse(text);
      rows.push(row(subject, 'node', driven.usPer10ms, driven, [driven.usPer10ms]));
    } catch (error) {
      log(
        `node: ${subject.id} does not run here: ${
          String(error.stderr ?? error)
            .trim()
            .split('\n')
            .slice(-1)[0]
        }`,
      );
    }
  }
  return { title: `Node ${node.version}, median callbacks, no Web Audio around them`, rows };
}

function row(subject, engine, usPer10ms, driven, times) {
  return {
    subject,
    times,
    driven,
    report: {
      name: subject.name,
      package: subject.package,
      build: subject.build,
      engine,
      usPer10ms: Number(usPer10ms.toFixed(2)),
      peakCallbackUs: Number(driven.peakCallbackUs.toFixed(1)),
      wasmMemoryBytes: driven.wasmMemoryBytes,
      firstUseGzipBytes: subject.firstUseGzipBytes,
    },
  };
}

async function main() {
  const { models } = await buildSite({ out: SITE, models: options.models, log });
  for (const name of ['lite', 'full']) {
    if (!models.includes(name)) log(`No network ${options.models}/${name}/model.safetensors: no row "${name}".`);
  }
  const site = await serveFolder(SITE, { port: 0 });
  const tables = [];
  try {
    if (engines.includes('chromium')) tables.push(await browserRows(openChromium, site.origin));
    if (engines.includes('firefox')) tables.push(await browserRows(openFirefox, site.origin));
    if (engines.includes('node')) {
      const subjects = await (await fetch(`${site.origin}/bench/subjects.json`)).json();
      tables.push(nodeRows(subjects));
    }
  } finally {
    await site.close();
  }
  const measured = tables.filter((table) => table && table.rows.length > 0);
  if (measured.length === 0) throw new Error('nothing could be measured');
  if (options.json)
    console.log(
      JSON.stringify(
        measured.flatMap(({ rows }) => rows.map(({ report }) => report)),
        null,
        2,
      ),
    );
  else for (const table of measured) printTable(table);
  if (options.chart) {
    const groups = measured.map(({ title, rows }) => ({
      title: `${title}: us per 10 ms`,
      bars: rows.map(({ subject, report }) => ({
        label: subject.label,
        value: report.usPer10ms,
        ours: subject.kind === 'percepnet',
      })),
    }));
    writeFileSync(options.chart, barChart(groups));
    log(`Chart in ${options.chart}`);
  }
}

function printTable({ title, rows }) {
  const baseline = rows.find(({ subject }) => subject.id === BASELINE)?.report.usPer10ms;
  const table = [
    [
      'subject',
      'us / 10 ms',
      'range',
      '% of a core',
      'x RNNoise 0.1 SIMD',
      'peak callback us',
      '% of a quantum',
      'cold us',
      'first frame ms',
      'wasm MiB',
      'first use kB gzip',
      'package',
    ],
    ...rows.map(({ subject, times, driven, report }) => [
      subject.label,
      report.usPer10ms.toFixed(1),
      `${Math.min(...times).toFixed(0)}-${Math.max(...times).toFixed(0)}`,
      (report.usPer10ms / 100).toFixed(2),
      baseline ? (report.usPer10ms / baseline).toFixed(2) : '-',
      report.peakCallbackUs.toFixed(0),
      ((100 * report.peakCallbackUs) / QUANTUM_US).toFixed(1),
      driven.peakCallbackColdUs.toFixed(0),
      driven.firstFrameMs.toFixed(1),
      report.wasmMemoryBytes ? (report.wasmMemoryBytes / 2 ** 20).toFixed(1) : '-',
      (report.firstUseGzipBytes / 1000).toFixed(0),
      report.package,
    ]),
  ];
  const widths = table[0].map((_, column) => Math.max(...table.map((line) => line[column].length)));
  console.log(`\n${title}, ${seconds} s of audio, median of ${rounds} rounds\n`);
  for (const line of table) {
    const cells = line.map((cell, i) => (i === 0 || i === 11 ? cell.padEnd(widths[i]) : cell.padStart(widths[i])));
    console.log(cells.join('  ').trimEnd());
  }
}

try {
  if (options.scaling) await import('./scaling.mjs');
  else await main();
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
