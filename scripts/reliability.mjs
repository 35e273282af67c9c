/**
 * Runs the reliability tests in their long form and writes docs/reliability.md.
 *
 *   npm run reliability                   everything: hours (SOAK_MINUTES=60 ends each soak after an hour)
 *   npm run reliability -- soak wav       only test files whose names begin so, `coverage`, `audit`, `mutants` (found by npm run mutants); the other rows stay
 *   npm run reliability -- --short        the form of npm test
 *   npm run reliability -- --golden       makes test/golden/determinism.json anew, after a change of weights or of the signal path
 *   npm run reliability -- --from FILE    takes rows from a JSON report of vitest, or from test-results/coverage/summary.json, instead of running anything
 *
 * The rows live in docs/reliability.json, each with the day and the form of its run.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, relative } from 'node:path';
import { parseArgs } from 'node:util';

const ROWS = 'docs/reliability.json';
const PAGE = 'docs/reliability.md';
const MUTANTS = 'docs/mutants.json';
const ACCEPTED = 'test/mutants/accepted.json';
const REPORT = 'test-results/reliability.json';
/** Folders of the tests by their project, which run one after the other: a soak must not make a browser late. */
const PROJECTS = {
  reliability: ['test/reliability/'],
  fast: ['test/worklet/'],
  browser: ['test/reliability/browser/'],
};
/** Sections of the page, and the groups of tests that belong to them. */
const SECTIONS = {
  Soak: ['soak of lite', 'soak of full', 'soak of a page'],
  Overload: ['overload'],
  Faults: ['faults', 'hostile model files'],
  'Bad input': ['bad input', 'hostile WAV files'],
  'Core safety': ['core safety', 'coverage'],
  Determinism: ['determinism'],
  Security: ['security', 'audit'],
};

const { values: options, positionals: names } = parseArgs({
  allowPositionals: true,
  options: {
    short: { type: 'boolean', default: false },
    golden: { type: 'boolean', default: false },
    from: { type: 'string' },
  },
});
const form = options.short ? 'short' : 'long';
/** Rows of this run, and the test files that it ran whole. */
const found = [];
const whole = new Set();
let status = 0;

if (options.golden) process.exit(vitest('reliability', ['test/reliability/determinism'], { UPDATE_GOLDEN: '1' }));
if (options.from?.endsWith('summary.json')) takeCoverage(options.from);
else if (options.from) takeReport(options.from);
else {
  const tests = names.filter((name) => !['coverage', 'audit', 'mutants'].includes(name));
  for (const [project, folders] of Object.entries(PROJECTS)) {
    if (names.length > 0 && tests.length === 0) break;
    const files =
      tests.length > 0
        ? tests.flatMap((name) => folders.map((folder) => folder + name))
        : folders.map((folder) => folder.replace('worklet/', 'worklet/processor'));
    rmSync(REPORT, { force: true });
    status |= vitest(project, files, options.short ? {} : { RELIABILITY: 'long' });
    if (existsSync(REPORT)) takeReport(REPORT);
  }
  if (wanted('coverage')) {
    status |= run('npm', ['run', 'coverage']).status ?? 1;
    takeCoverage('test-results/coverage/summary.json');
  }
  if (wanted('audit')) takeAudit();
}
const rows = merged();
writeFileSync(ROWS, `${JSON.stringify(rows, null, 2)}\n`);
writeFileSync(PAGE, page());
process.exitCode = status;

function wanted(name) {
  return names.length === 0 || names.includes(name);
}

function run(command, args, settings = {}) {
  return spawnSync(command, args, { encoding: 'utf8', stdio: 'inherit', ...settings });
}

function vitest(project, files, env) {
  mkdirSync('test-results', { recursive: true });
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${REPORT}`];
  const args = ['vitest', 'run', '--passWithNoTests', '--project', project, ...files, ...reporters];
  return run('npx', args, { env: { ...process.env, ...env } }).status ?? 1;
}

/**
 * The rows of before, read only now because a run takes hours, with those of this run. One replaces the earlier one of its test,
 * but a short run that passed no long one that passed. Rows of tests that are gone go with the next run of their file.
 */
function merged() {
  const before = existsSync(ROWS) ? JSON.parse(readFileSync(ROWS, 'utf8')) : [];
  const isThere = (row) => found.some(({ group, test }) => group === row.group && test === row.test);
  const rows = before.filter((row) => !whole.has(row.file) || isThere(row));
  for (const row of found) {
    const at = rows.findIndex(({ group, test }) => group === row.group && test === row.test);
    if (at < 0) rows.push(row);
    else if (!(rows[at].form === 'long' && row.form === 'short' && rows[at].passed && row.passed)) rows[at] = row;
  }
  return rows;
}

function day(time) {
  return new Date(time).toISOString().slice(0, 10);
}

function takeReport(file) {
  const { testResults, startTime } = JSON.parse(readFileSync(file, 'utf8'));
  for (const { name, assertionResults } of testResults) {
    if (assertionResults.every(({ status }) => status === 'passed' || status === 'failed'))
      whole.add(relative('.', name));
  }
  for (const { file, ancestorTitles, title, status, meta, failureMessages } of testResults.flatMap((result) =>
    result.assertionResults.map((test) => ({ file: relative('.', result.name), ...test })),
  )) {
    const group = ancestorTitles.join(', ');
    const ours = Object.values(SECTIONS).flat().includes(group);
    if (!ours || (status !== 'passed' && status !== 'failed')) continue;
    found.push({
      file,
      group,
      test: title,
      form,
      day: day(startTime),
      passed: status === 'passed',
      // One that failed has no result to tell, but a reason.
      result: meta?.result ?? failureMessages?.[0]?.split('\n')[0] ?? '',
    });
  }
}

function takeCoverage(file) {
  const counts = JSON.parse(readFileSync(file, 'utf8'));
  for (const [name, { all, hit }] of Object.entries(counts)) {
    const unit = name === 'assembly' ? 'statements' : 'lines';
    const result = `${((100 * hit) / all).toFixed(1)} %: ${hit} of ${all} ${unit} (\`npm run coverage\`)`;
    found.push({
      group: 'coverage',
      test: `coverage of ${name}/`,
      form,
      day: day(Date.now()),
      passed: hit >= 0.9 * all,
      result,
    });
  }
}

function takeAudit() {
  const { status: failed, stdout } = run('node', ['scripts/audit.mjs'], { stdio: 'pipe' });
  status |= failed ?? 1;
  const result = `${stdout.trim().replaceAll('\n', '; ')} (\`node scripts/audit.mjs\`)`;
  found.push({ group: 'audit', test: 'dependency audit', form, day: day(Date.now()), passed: failed === 0, result });
}

function page() {
  const failed = rows.filter(({ passed }) => !passed).length;
  const text = [
    '# Reliability report',
    '',
    '<!-- Written by scripts/reliability.mjs from docs/reliability.json: do not edit. -->',
    '',
    'What `test/reliability` and `test/worklet/processor.test.ts` found. `npm test` runs the short form of each test; `npm run reliability`',
    'runs the long one and writes this page, `npm run reliability -- soak` one file of it. A failure is repeated with the `SEED` it prints.',
    'The threat model is in [SECURITY.md](../SECURITY.md). A row is of the code and the weights of its day.',
    '',
    `${rows.length} tests, ${failed === 0 ? 'none failed' : `${failed} failed`}.`,
  ];
  for (const [section, groups] of Object.entries(SECTIONS)) {
    const here = groups.flatMap((group) => rows.filter((row) => row.group === group));
    if (here.length === 0) continue;
    text.push('', `## ${section}`, '', '| test | result | form |', '|---|---|---|');
    for (const { group, test, passed, result, form, day } of here) {
      const name = group.startsWith('soak of ') ? `${group.slice('soak of '.length)}: ${test}` : test;
      const told = `${passed ? '' : '**failed** '}${result || (passed ? 'passed' : '')}`;
      const cells = [name, told + sinceThen(result), `${form}, ${day}`];
      text.push(`| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`);
    }
  }
  text.push(...mutants());
  return `${text.join('\n')}\n`;
}

/** The share that is killed by meaning, and the range of 95 % (Wilson) that a sample of this size leaves. */
function told({ killed, hashes, survived }) {
  const n = killed + hashes + survived;
  const percent = (share) => (100 * share).toFixed(0);
  const z = 1.96;
  const middle = (killed + (z * z) / 2) / (n + z * z);
  const half = (z * Math.sqrt((killed * (n - killed)) / n + (z * z) / 4)) / (n + z * z);
  return `${percent(killed / n)} % are killed by meaning, of all ${percent(middle - half)} to ${percent(middle + half)} %`;
}

/** Of a row that names its network: which one ships today, when that is another. */
function sinceThen(result) {
  const [, network, crc] = /^(lite|full) \S+ \(CRC-32 (\w+)\)/.exec(result) ?? [];
  if (!network) return '';
  const file = readFileSync(`models/${network}/model.safetensors`);
  const header = JSON.parse(file.toString('utf8', 8, 8 + Number(file.readBigUInt64LE(0))));
  const { version, crc32 } = header.__metadata__;
  return crc32 === crc ? '' : `. Not repeated with ${network} ${version}, which ships now`;
}

/** What npm run mutants has found: its last sample by folder, the named ones, and what survived with its reason. */
function mutants() {
  if (!existsSync(MUTANTS)) return [];
  const { sample, named } = JSON.parse(readFileSync(MUTANTS, 'utf8'));
  const kinds = (results) => {
    const counts = { killed: 0, hashes: 0, survived: 0 };
    for (const result of results) {
      const [kind] = result.split(' ');
      if (kind in counts) counts[kind]++;
    }
    return counts;
  };
  const row = (name, all, { killed, hashes, survived }) => {
    const tried = killed + hashes + survived;
    const share = tried > 0 ? `${((100 * killed) / tried).toFixed(0)} %` : '';
    return `| ${name} | ${all} | ${tried} | ${killed} | ${hashes} | ${survived} | ${share} |`;
  };
  const text = [
    '',
    '## Mutants',
    '',
    'Changes of one operator, constant, condition or statement, each tried against the tests that speak of its file (`npm run mutants`). Those',
    'the compiler refuses or makes the same core of are not counted as tried. Killed by hashes alone: a test knows that the samples are others,',
    'none knows what is right.',
  ];
  if (sample) {
    const results = Object.entries(sample.results);
    const all = kinds(Object.values(sample.results));
    const left = Object.values(sample.results).filter((result) => result === '').length;
    const command = `npm run mutants -- --sample ${sample.count} --seed ${sample.seed}`;
    // Those that are quick to kill are tried first.
    const share = left > 0 ? `${left} of them are not tried yet, so no share of all can be told` : told(all);
    text.push(
      '',
      `A sample by chance (\`${command}\`, ${sample.day}): ${share}.`,
      '',
      '| folder | mutants there are | tried | killed | by hashes alone | survived | killed by meaning |',
      '|---|---|---|---|---|---|---|',
    );
    for (const [folder, all] of Object.entries(sample.of).sort()) {
      const here = results.filter(([mutant]) => dirname(mutant.split(':')[0]) === folder).map(([, result]) => result);
      text.push(row(`${folder}/`, all, kinds(here)));
    }
    const there = Object.values(sample.of).reduce((sum, count) => sum + count);
    text.push(row('all', there, all));
    const accepted = JSON.parse(readFileSync(ACCEPTED, 'utf8'));
    const notKilled = results.filter(([, result]) => /^(survived|hashes)/.test(result));
    if (notKilled.length > 0) text.push('', 'Not killed by meaning:', '');
    for (const [mutant, result] of notKilled) {
      const reason = accepted[mutant] ?? 'no test yet';
      text.push(`- \`${mutant}\` (${result === 'hashes' ? 'by hashes' : 'survived'}): ${reason}`);
    }
  }
  if (named) {
    text.push(
      '',
      'Mutants that once survived, or nearly (`npm run mutants -- --named`, the list is `test/mutants/named.json`):',
      '',
      '| change | result |',
      '|---|---|',
      ...Object.entries(named).map(([what, result]) => `| ${what} | ${result} |`),
    );
  }
  return text;
}
