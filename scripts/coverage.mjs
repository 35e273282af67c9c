/**
 * What the tests reach: `npm run coverage`. Fails below 90 % of any of the three.
 *
 * assembly/  statements of what assembly/entries/index.ts reaches, by instrumented cores in the unit tests; code of
 *            the relaxed build counts as missed where the engine cannot run it (Node < 24)
 * src/       lines, by V8's counts in Node (unit tests) and in Chromium (browser tests)
 * worklet/   lines, by V8's counts in Node
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { relative, resolve } from 'node:path';
import { mergeProcessCovs } from '@bcoe/v8-coverage';
import { convert } from 'ast-v8-to-istanbul';
import { parseAstAsync } from 'vite';
import { FILES, positions } from '../test/helpers/coverage.ts';

const LEAST = 0.9;
const UNIT = ['assembly', 'src', 'worklet', 'reliability'];
const BROWSER = [
  'src/graph/node',
  'src/graph/track',
  'src/loading/assets',
  'src/adapters',
  'reliability/browser/faults',
];
const BUILD = 'test-results/dist';
const folder = resolve('test-results/coverage');
const cores = `${folder}/cores`;
const pages = `${folder}/pages`;

rmSync(folder, { recursive: true, force: true });
mkdirSync(pages, { recursive: true });
let status = vitest(['fast', 'slow', 'reliability'], UNIT, { ASSEMBLY_COVERAGE: cores }, [
  '--coverage.enabled',
  '--coverage.provider=v8',
  '--coverage.reporter=json',
  '--coverage.reportOnFailure',
  '--coverage.include={src,worklet}/**/*.ts',
  `--coverage.reportsDirectory=${folder}/unit`,
]);
status |= vitest(['browser'], BROWSER, { PAGE_COVERAGE: pages }, []);

const counts = { assembly: statements(), src: await lines('src'), worklet: await lines('worklet') };
writeFileSync(`${folder}/summary.json`, JSON.stringify(counts));
for (const [name, { all, hit }] of Object.entries(counts)) {
  console.log(`${`${name}/`.padEnd(36)} ${percent(hit, all)}  ${hit} of ${all}`);
  if (hit < LEAST * all) status = 1;
}
process.exitCode = status;

function vitest(projects, tests, env, options) {
  const named = projects.flatMap((name) => ['--project', name]);
  const args = ['vitest', 'run', ...named, ...options, ...tests.map((name) => `test/${name}`)];
  return spawnSync('npx', args, { stdio: ['ignore', 'inherit', 'inherit'], env: { ...process.env, ...env } }).status;
}

function percent(hit, all) {
  return `${((100 * hit) / all).toFixed(1).padStart(6)} %`;
}

function show(file, all, hit, missed) {
  console.log(
    `${file.padEnd(36)} ${percent(hit, all)}${missed.length > 0 ? `  missed lines ${missed.join(' ')}` : ''}`,
  );
}

function statements() {
  const reached = existsSync(cores) ? readdirSync(cores).map((name) => readFileSync(`${cores}/${name}`)) : [];
  const used = new Set(['assembly/entries/index.ts']);
  for (const file of used) {
    for (const [, name] of FILES.get(file).text.matchAll(/from '(\.[^']*)'/g)) {
      used.add(new URL(`${name}.ts`, `file:///${file}`).pathname.slice(1));
    }
  }
  const sum = { all: 0, hit: 0 };
  for (const file of [...used].sort()) {
    const { base, text } = FILES.get(file);
    const at = positions(file);
    if (at.length === 0) continue;
    const missed = at.filter((start) => !reached.some((bytes) => bytes[base + start] === 1));
    sum.all += at.length;
    sum.hit += at.length - missed.length;
    const lines = new Set(missed.map((start) => text.slice(0, start).split('\n').length));
    show(file, at.length, at.length - missed.length, [...lines]);
  }
  return sum;
}

/** Counts of all lines that a statement begins on, by file, of what ran in Node and in pages. */
async function linesReached() {
  const unit = `${folder}/unit/coverage-final.json`;
  const maps = existsSync(unit) ? [JSON.parse(readFileSync(unit, 'utf8'))] : [];
  const merged = mergeProcessCovs(
    readdirSync(pages).map((name) => ({
      result: JSON.parse(readFileSync(`${pages}/${name}`, 'utf8')).map(({ url, functions }) => ({
        scriptId: '0',
        // Each test file has a server, and so an origin, of its own.
        url: new URL(url).pathname,
        functions,
      })),
    })),
  );
  for (const coverage of merged.result) {
    const file = resolve(BUILD, coverage.url.split('/').pop());
    // A file of a test's own invention.
    if (!coverage.url.startsWith('/dist/') || !existsSync(`${file}.map`)) continue;
    const code = readFileSync(file, 'utf8');
    const sourceMap = JSON.parse(readFileSync(`${file}.map`, 'utf8'));
    coverage.url = `file://${file}`;
    maps.push(await convert({ code, sourceMap, coverage, ast: parseAstAsync(code) }));
  }
  const files = new Map();
  for (const { path, statementMap } of Object.values(maps[0] ?? {})) {
    files.set(path, new Map(Object.values(statementMap).map(({ start }) => [start.line, 0])));
  }
  for (const { path, statementMap, s } of maps.flatMap((map) => Object.values(map))) {
    const lines = files.get(path);
    // The build joins statements: a line counts with the smallest one around it.
    const length = ({ start, end }) => end.line - start.line;
    const counts = new Map();
    for (const [id, range] of Object.entries(statementMap).sort(([, a], [, b]) => length(b) - length(a))) {
      for (let line = range.start.line; line <= range.end.line; line++) counts.set(line, s[id]);
    }
    for (const [line, count] of counts) if (lines?.has(line)) lines.set(line, Math.max(lines.get(line), count));
  }
  return files;
}

async function lines(part) {
  const sum = { all: 0, hit: 0 };
  for (const [path, lines] of [...(await linesReached())].sort()) {
    const file = relative('.', path);
    if (!file.startsWith(`${part}/`) || lines.size === 0) continue;
    const missed = [...lines.keys()].filter((line) => lines.get(line) === 0).sort((a, b) => a - b);
    sum.all += lines.size;
    sum.hit += lines.size - missed.length;
    show(file, lines.size, lines.size - missed.length, missed);
  }
  return sum;
}
