/**
 * Mutation testing: changes the source in one place after the other and sees whether a test fails.
 *
 *   npm run mutants                              all of assembly, worklet and src: days; stop it at any time, it goes on where it was
 *   npm run mutants -- assembly/pitch src/files/wav.ts only files whose names begin so
 *   npm run mutants -- --sample 200 --seed 1     200 of them by chance, as many of each folder as it has its share of all; the same
 *                                                ones for the same seed, and more of them for a larger number
 *   npm run mutants -- --named                   those of test/mutants/named.json, which once survived, or nearly
 *   npm run mutants -- --again assembly/pitch    those that survived, once more: after new tests
 *   npm run mutants -- --quick assembly/pitch    the nearest tests alone; what they do not kill stays to be tried
 *   npm run mutants -- --list assembly/pitch     what survived, from the last runs
 *
 * Results are kept in docs/mutants.json and belong to the text of their file: when it changes they are found anew. Those of the last
 * sample and of the named ones stay, for docs/reliability.md (npm run reliability -- mutants). A mutant is
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
import { dirname, relative, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { compile as compileEntry } from '../../scripts/compile.mjs';
import { mutantsOf, mutated } from './operators.mjs';
import { ALL, coreFiles, HASHES, stagesOf } from './plan.mjs';

const RESULTS = 'docs/mutants.json';
const NAMED = 'test/mutants/named.json';
const BOX = 'test-results/mutants';
const VITEST = resolve('node_modules/vitest/vitest.mjs');
/** Seconds of CPU time a process of the tests may take before its mutant counts as one that does not end. */
const STAGE_SECONDS = 300;
/** Tests that pass without a mutant. */
const sound = new Set();

const { values: options, positionals: wanted } = parseArgs({
  allowPositionals: true,
  options: {
    sample: { type: 'string' },
    seed: { type: 'string', default: '1' },
    named: { type: 'boolean', default: false },
    again: { type: 'boolean', default: false },
    quick: { type: 'boolean', default: false },
    list: { type: 'boolean', default: false },
  },
});

/** `files`: a hash of each text, and the result of each mutant by place and change. `sample`, `named`: results by what show() says. */
const known = existsSync(RESULTS) ? JSON.parse(readFileSync(RESULTS, 'utf8')) : { files: {} };
const work = [];
for (const file of sources()) {
  const text = readFileSync(file, 'utf8');
  const hash = createHash('sha256').update(text).digest('hex').slice(0, 12);
  if (known.files[file]?.hash !== hash) known.files[file] = { hash, results: {} };
  for (const mutant of mutantsOf(text)) work.push({ file, text, ...mutant, id: `${mutant.at} ${mutant.now}` });
}
for (const file of Object.keys(known.files)) if (!existsSync(file)) delete known.files[file];

if (options.list) list();
else if (options.named) {
  known.named ??= {};
  run(named().filter((mutant) => open(mutant)));
} else {
  const tried = options.sample ? sample(Number(options.sample), options.seed) : work;
  run(tried.filter((mutant) => open(mutant)));
}

function sources() {
  const library = ['worklet', 'src'].flatMap((folder) =>
    readdirSync(folder, { recursive: true }).map((name) => `${folder}/${name}`),
  );
  const files = [...coreFiles(), ...library].filter((file) => file.endsWith('.ts') && !file.endsWith('.d.ts'));
  return files.filter((file) => wanted.length === 0 || wanted.some((start) => file.startsWith(start)));
}

/** Those of a folder in an order that the seed makes; each folder gives its share. Begins the record of the sample. */
function sample(count, seed) {
  const rank = ({ file, id }) => createHash('sha256').update(`${seed} ${file} ${id}`).digest('hex');
  const folders = new Map();
  for (const mutant of work) {
    const folder = dirname(mutant.file);
    folders.set(folder, [...(folders.get(folder) ?? []), mutant]);
  }
  const chosen = [...folders.values()].flatMap((mutants) =>
    mutants
      .map((mutant) => ({ mutant, rank: rank(mutant) }))
      .sort((a, b) => (a.rank < b.rank ? -1 : 1))
      .slice(0, Math.round((count * mutants.length) / work.length))
      .map(({ mutant }) => mutant),
  );
  const of = Object.fromEntries([...folders].map(([folder, mutants]) => [folder, mutants.length]));
  known.sample = { count, seed, day: new Date().toISOString().slice(0, 10), of, results: {} };
  for (const mutant of chosen) known.sample.results[show(mutant)] = known.files[mutant.file].results[mutant.id] ?? '';
  return chosen;
}

/** A part of a file that is there once, and what stands in its place. */
function named() {
  return JSON.parse(readFileSync(NAMED, 'utf8')).map(({ file, find, put, what }) => {
    const text = readFileSync(file, 'utf8');
    const at = text.indexOf(find);
    if (at < 0 || text.indexOf(find, at + 1) >= 0) throw new Error(`${NAMED}: ${file} holds not once: ${find}`);
    return { file, text, at, end: at + find.length, now: put, what, id: `${at} ${put}` };
  });
}

function open({ file, id }) {
  const result = known.files[file].results[id]?.split(' ')[0];
  return options.again ? result === 'survived' || result === 'hashes' : result === undefined;
}

function show({ file, text, at, end, now }) {
  const line = text.slice(0, at).split('\n').length;
  const column = at - text.lastIndexOf('\n', at - 1);
  return `${file}:${line}:${column} ${text.slice(at, end).replace(/\s+/g, ' ').slice(0, 60)} -> ${now.replace(/\s+/g, ' ') || 'nothing'}`;
}

function list() {
  for (const mutant of work) {
    const result = known.files[mutant.file].results[mutant.id] ?? '';
    if (/^(survived|hashes)/.test(result)) console.log(`${result.padEnd(9)} ${show(mutant)}`);
  }
}

/** Of `files` those with results. */
function tried() {
  return Object.fromEntries(Object.entries(known.files).filter(([, { results }]) => Object.keys(results).length > 0));
}

function keep(mutant, result) {
  known.files[mutant.file].results[mutant.id] = result;
  if (mutant.what) known.named[`${mutant.file}: ${mutant.what}`] = result;
  const { results } = known.sample ?? { results: {} };
  if (show(mutant) in results) results[show(mutant)] = result;
}

async function run(mutants) {
  prepare();
  const original = new Map();
  mkdirSync(`${BOX}/build`, { recursive: true });
  for (const target of ['core', 'core-relaxed']) {
    original.set(target, await compile(target));
    writeFileSync(`${BOX}/build/${target}.wasm`, original.get(target));
  }
  console.log(`${mutants.length} of ${work.length} mutants to try`);
  for (const [i, mutant] of mutants.entries()) {
    const started = Date.now();
    const result = await judge(mutant, original);
    if (result !== 'open') keep(mutant, result);
    // Written at once: a run may end at any time.
    writeFileSync(RESULTS, `${JSON.stringify({ ...known, files: tried() }, null, 2)}\n`);
    const seconds = ((Date.now() - started) / 1000).toFixed(0);
    console.log(`${i + 1}/${mutants.length} ${result.padEnd(9)} ${show(mutant)} (${seconds} s)`);
  }
}

/** A copy of all that is no build, so that nobody's working tree is ever mutated. */
function prepare() {
  rmSync(BOX, { recursive: true, force: true });
  mkdirSync(BOX, { recursive: true });
  const { stdout } = spawnSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], {
    encoding: 'utf8',
    maxBuffer: 1 << 26,
  });
  for (const name of stdout.split('\0')) if (name && existsSync(name)) cpSync(name, `${BOX}/${name}`);
  symlinkSync(resolve('node_modules'), `${BOX}/node_modules`);
}

async function judge(mutant, original) {
  const { file, text } = mutant;
  const changed = mutated(text, mutant);
  let killer;
  const builds = file.startsWith('assembly/') ? [...original.keys()] : [];
  try {
    writeFileSync(`${BOX}/${file}`, changed);
    let same = builds.length;
    for (const target of builds) {
      // What both builds have in common is the same in both.
      if (target === 'core-relaxed' && !text.includes('RELAXED') && same < builds.length) continue;
      const bytes = await compile(target, file, changed);
      if (!bytes) return 'invalid';
      if (Buffer.compare(bytes, original.get(target)) !== 0) same--;
      writeFileSync(`${BOX}/build/${target}.wasm`, bytes);
    }
    if (builds.length > 0 && same === builds.length) return 'same';
    for (const stage of stagesOf(file)) {
      killer = failing(stage);
      if (killer) return `killed ${killer}`;
      if (options.quick) return 'open';
    }
    killer = failing(HASHES);
    return killer ? 'hashes' : 'survived';
  } finally {
    writeFileSync(`${BOX}/${file}`, text);
    for (const target of builds) writeFileSync(`${BOX}/build/${target}.wasm`, original.get(target));
    if (killer) checkSound(killer);
  }
}

/** A test that fails without a mutant, too, has killed none. */
function checkSound(test) {
  if (test === 'run' || sound.has(test)) return;
  if (failing([...ALL, test]))
    throw new Error(`${test} fails in ${BOX} without a mutant: npm run mutants finds nothing so`);
  sound.add(test);
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

/** @returns the first failing test file, 'run' where none could tell, or undefined where all passed */
function failing(stage) {
  const report = `${BOX}/report.json`;
  rmSync(report, { force: true });
  const { status } = spawnSync(
    'bash',
    [
      ...['-c', `ulimit -t ${STAGE_SECONDS}; exec "$0" "$@"`, process.execPath, VITEST, 'run', '--bail=1'],
      // A machine may be busy with other things: only CPU time counts.
      ...['--testTimeout=1e8', '--hookTimeout=1e8', '--reporter=json', '--outputFile=report.json', ...stage],
    ],
    {
      cwd: BOX,
      stdio: 'ignore',
      env: { ...process.env, TEST_CORE: resolve(BOX, 'build') },
    },
  );
  if (status === 0) return undefined;
  const { testResults = [] } = existsSync(report) ? JSON.parse(readFileSync(report, 'utf8')) : {};
  const file = testResults.find((result) => result.status === 'failed')?.name;
  return file ? relative(BOX, file) : 'run';
}
