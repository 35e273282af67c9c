/**
 * Runs the tests and is red unless all of them passed, or were skipped for a reason this machine cannot help. What the runner's
 * exit code or report leaves open counts as failed. The last line counts: N passed, N failed, N skipped.
 *
 *   node scripts/ci-tests.mjs [--missing=A,B] [--newer=NODE --again=FILE,FILE] [arguments of vitest]
 *
 *   --missing   packages of the system that could not be installed: what is skipped for want of them may be
 *   --newer     a newer Node; what is skipped in this one has to pass there
 *   --again     the files with such tests
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const VITEST = join(createRequire(import.meta.url).resolve('vitest/package.json'), '../vitest.mjs');
const REPORTER = fileURLToPath(new URL('test-report.mjs', import.meta.url));
/** From the least to what decides: a test that ran twice is what the worse of its runs was, and a skip is none. */
const STATES = ['skipped', 'passed', 'todo', 'pending', 'failed'];

const given = process.argv.slice(2);
const missing = option('missing');
const [newer] = option('newer');
const again = option('again');

/** One for both runs: titles tell it, and a test is known by its title. */
const seed = process.env.SEED ?? String(Date.now() % 1e9);

const runs = [run(process.execPath, given)];
if (newer) runs.push(run(newer, [...given, ...again]));
process.exitCode = tell(runs) ? 0 : 1;

/** Takes an option of ours out of what vitest is given. */
function option(name) {
  const at = given.findIndex((text) => text.startsWith(`--${name}=`));
  return at < 0
    ? []
    : given
        .splice(at, 1)[0]
        .slice(name.length + 3)
        .split(',')
        .filter(Boolean);
}

/** @returns the runner's exit code (null when it was killed) and its report, if it left one */
function run(node, args) {
  const folder = mkdtempSync(join(tmpdir(), 'tests-'));
  const file = join(folder, 'report.json');
  const { status } = spawnSync(
    node,
    [
      VITEST,
      'run',
      '--allowOnly=false',
      '--passWithNoTests=false',
      '--reporter=default',
      `--reporter=${REPORTER}`,
      ...args,
    ],
    { stdio: ['ignore', 'inherit', 'inherit'], env: { ...process.env, SEED: seed, TEST_REPORT: file } },
  );
  const report = existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : undefined;
  rmSync(folder, { recursive: true });
  return { status, report };
}

/** What a test is called in every run: a skip of one has its reason in the title. */
function keyOf({ file, name }) {
  return `${file} > ${name.replaceAll(/ ?\(skipped: .*?\)/g, '')}`;
}

/** Whether this machine cannot run what is skipped for this reason. */
function excused(reason) {
  const [, name] = /^(\S+) is not installed/.exec(reason) ?? [];
  return missing.includes(name) || /^this Chromium does not know|the machine is too busy$/.test(reason);
}

/** Prints what was found; true when nothing is wrong. */
function tell(runs) {
  const tests = new Map();
  const wrong = [];
  for (const { status, report } of runs) {
    const before = wrong.length;
    if (!report) wrong.push('the runner left no report');
    else {
      const { outcome, unhandled, broken } = report;
      wrong.push(...unhandled.map((message) => `outside of a test: ${message}`));
      wrong.push(...broken.map((file) => `${file} could not be run`));
      if (outcome === 'interrupted') wrong.push('the run was interrupted');
      if (report.tests.length === 0) wrong.push('no test was found');
      for (const test of report.tests) {
        const key = keyOf(test);
        const known = tests.get(key);
        if (!known || STATES.indexOf(test.state) > STATES.indexOf(known.state)) tests.set(key, test);
      }
    }
    const failed = report?.tests.some(({ state }) => state === 'failed');
    if (status !== 0 && wrong.length === before && !failed) wrong.push(`the runner ended with ${status ?? 'a signal'}`);
  }

  let passed = 0;
  const skipped = new Map();
  for (const [key, { state, reason }] of tests) {
    if (state === 'passed') passed++;
    else if (state !== 'skipped') wrong.push(`${state === 'failed' ? '' : `${state}: `}${key}`);
    else if (!excused(reason))
      wrong.push(`skipped though this machine could run it (${reason || 'no reason'}): ${key}`);
    else skipped.set(reason, [...(skipped.get(reason) ?? []), key]);
  }

  for (const [reason, names] of skipped) console.log(`SKIPPED, ${reason}:\n  ${names.join('\n  ')}`);
  for (const text of wrong) console.log(`FAILED: ${text}`);
  console.log(`${passed} passed, ${wrong.length} failed, ${[...skipped.values()].flat().length} skipped`);
  return wrong.length === 0;
}
