/**
 * Mutation testing: changes the source in one place after the other and sees whether a test fails.
 *
 *   npm run mutants                              all of assembly, worklet and src: days; stop it at any time, it goes on where it was
 *   npm run mutants -- assembly/pitch src/wav.ts only files whose names begin so
 *   npm run mutants -- --sample 50 assembly      50 of them, spread evenly
 *   npm run mutants -- --again assembly/pitch    those that survived, once more: after new tests
 *   npm run mutants -- --list assembly/pitch     what survived, from the last runs
 *
 * Results are kept in docs/mutants.json and belong to the text of their file: when it changes they are found anew. A mutant is
 *
 *   invalid     it does not compile
 *   same        the compiler makes the same core of it
 *   killed      a test fails, or does not end
 *   hashes      only the golden hashes notice: that something changed, not that it is wrong
 *   survived    no test notices; test/mutants/accepted.json says of some why that is no fault
 *
 * Runs in a copy of the repository (test-results/mutants). Code of the relaxed build needs Node 24, see .ci/run.
 */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { relative, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { compile as compileEntry } from '../../scripts/compile.mjs';
import { mutantsOf, mutated } from './operators.mjs';
import { coreFiles, HASHES, stagesOf } from './plan.mjs';

const RESULTS = 'docs/mutants.json';
const BOX = 'test-results/mutants';
const VITEST = resolve('node_modules/vitest/vitest.mjs');
const STAGE_MS = 600_000;

const { values: options, positionals: wanted } = parseArgs({
  allowPositionals: true,
  options: {
    sample: { type: 'string' },
    again: { type: 'boolean', default: false },
    list: { type: 'boolean', default: false },
  },
});

/** By file: a hash of its text, and the result of each mutant by place and change. */
const known = existsSync(RESULTS) ? JSON.parse(readFileSync(RESULTS, 'utf8')) : {};
const work = [];
for (const file of sources()) {
  const text = readFileSync(file, 'utf8');
  const hash = createHash('sha256').update(text).digest('hex').slice(0, 12);
  if (known[file]?.hash !== hash) known[file] = { hash, results: {} };
  for (const mutant of mutantsOf(text)) work.push({ file, text, ...mutant, id: `${mutant.at} ${mutant.now}` });
}
for (const file of Object.keys(known)) if (!existsSync(file)) delete known[file];

if (options.list) list();
else run(spread(work, Number(options.sample ?? work.length)).filter((mutant) => open(mutant)));

function sources() {
  const library = ['worklet', 'src'].flatMap((folder) => readdirSync(folder).map((name) => `${folder}/${name}`));
  const files = [...coreFiles(), ...library].filter((file) => file.endsWith('.ts') && !file.endsWith('.d.ts'));
  return files.filter((file) => wanted.length === 0 || wanted.some((start) => file.startsWith(start)));
}

/** `count` of them at equal distances: the same ones each time. */
function spread(all, count) {
  if (count >= all.length) return all;
  return Array.from({ length: count }, (_, i) => all[Math.floor(((i + 0.5) * all.length) / count)]);
}

function open({ file, id }) {
  const result = known[file].results[id]?.split(' ')[0];
  return options.again ? result === 'survived' || result === 'hashes' : result === undefined;
}

function show({ file, text, at, end, now }) {
  const line = text.slice(0, at).split('\n').length;
  const column = at - text.lastIndexOf('\n', at - 1);
  return `${file}:${line}:${column} ${text.slice(at, end).replace(/\s+/g, ' ').slice(0, 60)} -> ${now || 'nothing'}`;
}

function list() {
  for (const mutant of work) {
    const result = known[mutant.file].results[mutant.id] ?? '';
    if (/^(survived|hashes)/.test(result)) console.log(`${result.padEnd(9)} ${show(mutant)}`);
  }
}

async function run(mutants) {
  prepare();
  const original = new Map();
  for (const target of ['core', 'core-relaxed']) original.set(target, await compile(target));
  console.log(`${mutants.length} of ${work.length} mutants to try`);
  for (const [i, mutant] of mutants.entries()) {
    const started = Date.now();
    const result = await judge(mutant, original);
    known[mutant.file].results[mutant.id] = result;
    // Written at once: a run may end at any time.
    writeFileSync(RESULTS, `${JSON.stringify(known, null, 2)}\n`);
    const seconds = ((Date.now() - started) / 1000).toFixed(0);
    console.log(`${i + 1}/${mutants.length} ${result.padEnd(9)} ${show(mutant)} (${seconds} s)`);
  }
}

/** A copy of what tests need, so that nobody's working tree is ever mutated. */
function prepare() {
  rmSync(BOX, { recursive: true, force: true });
  mkdirSync(BOX, { recursive: true });
  for (const name of [
    'assembly',
    'src',
    'worklet',
    'test',
    'bench',
    'scripts',
    'docs',
    'package.json',
    'vitest.config.ts',
    'tsconfig.json',
    'asconfig.json',
  ]) {
    cpSync(name, `${BOX}/${name}`, { recursive: true });
  }
  for (const name of ['node_modules', 'models']) symlinkSync(resolve(name), `${BOX}/${name}`);
}

async function judge(mutant, original) {
  const { file, text } = mutant;
  const changed = mutated(text, mutant);
  try {
    writeFileSync(`${BOX}/${file}`, changed);
    if (file.startsWith('assembly/')) {
      const cores = [];
      for (const target of original.keys()) cores.push([target, await compile(target, file, changed)]);
      if (cores.some(([, bytes]) => !bytes)) return 'invalid';
      if (cores.every(([target, bytes]) => Buffer.compare(bytes, original.get(target)) === 0)) return 'same';
      // As after npm run build:core: newer than its source, so tests take it.
      mkdirSync(`${BOX}/build`, { recursive: true });
      for (const [target, bytes] of cores) writeFileSync(`${BOX}/build/${target}.wasm`, bytes);
    }
    for (const stage of stagesOf(file)) {
      const by = failing(stage);
      if (by) return `killed ${by}`;
    }
    return failing(HASHES) ? 'hashes' : 'survived';
  } finally {
    writeFileSync(`${BOX}/${file}`, text);
  }
}

/** @returns bytes, or undefined when the source does not compile */
async function compile(target, changed, text) {
  const change = (name, original) => (name === changed ? text : original);
  const result = compileEntry('assembly/entries/index.ts', { relaxed: target !== 'core', change });
  return result.then(
    ({ wasm }) => Buffer.from(wasm),
    () => undefined,
  );
}

/** @returns the first failing test file, 'time' where they did not end, or undefined where all passed */
function failing(stage) {
  const report = `${BOX}/report.json`;
  rmSync(report, { force: true });
  const { status } = spawnSync(
    process.execPath,
    [VITEST, 'run', '--project', 'unit', '--bail', '1', '--reporter=json', '--outputFile=report.json', ...stage],
    { cwd: BOX, stdio: 'ignore', timeout: STAGE_MS, killSignal: 'SIGKILL' },
  );
  if (status === 0) return undefined;
  if (status === null) return 'time';
  const { testResults = [] } = existsSync(report) ? JSON.parse(readFileSync(report, 'utf8')) : {};
  const file = testResults.find((result) => result.status === 'failed')?.name;
  return file ? relative(BOX, file) : 'run';
}
