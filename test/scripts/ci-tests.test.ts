/** .ci/run is red for whatever can be wrong with a run: real runs of the runner, each broken in one way. */
import { execFile } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';

const HEAD = "import { describe, expect, it } from 'vitest';\n";
const GOOD = "it('holds', () => expect(1).toBe(1));\n";

let folder: string;
beforeAll(() => {
  mkdirSync('test-results', { recursive: true });
  // Inside the repository, where the runner is found.
  folder = mkdtempSync(join(process.cwd(), 'test-results/ci-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface Outcome {
  code: number;
  output: string;
  last: string;
}

async function command(file: string, args: string[]): Promise<Outcome> {
  const { VITEST: _, ...env } = process.env;
  const { code, stdout } = await promisify(execFile)(file, args, { env: { ...env, NO_COLOR: '1' } }).then(
    ({ stdout }) => ({ code: 0, stdout }),
    (error) => ({ code: error.code as number, stdout: error.stdout as string }),
  );
  return { code, output: stdout, last: stdout.trimEnd().split('\n').at(-1) as string };
}

/** Runs one file of tests, in a folder of its own. */
function run(source: string, options: string[] = [], config = 'export default {};'): Promise<Outcome> {
  const root = mkdtempSync(join(folder, 'run-'));
  writeFileSync(join(root, 'a.test.ts'), HEAD + source);
  writeFileSync(join(root, 'vitest.config.ts'), config);
  return command(process.execPath, ['scripts/ci-tests.mjs', ...options, '--root', root]);
}

describe.concurrent('the tests of a change', { timeout: 120_000 }, () => {
  it('are green when all pass', async () => {
    expect(await run(GOOD)).toMatchObject({ code: 0, last: '1 passed, 0 failed, 0 skipped' });
  });

  it.each<[string, string, RegExp, string?]>([
    ['a test that fails', `${GOOD}it('fails', () => expect(1).toBe(2));`, /FAILED: a\.test\.ts > fails/],
    [
      'an unhandled rejection',
      `it('holds', async () => { Promise.reject(new Error('lost')); await new Promise((next) => setTimeout(next, 50)); });`,
      /FAILED: outside of a test: Error: lost/,
    ],
    ['a worker that is killed', `${GOOD}it('dies', () => process.kill(process.pid, 'SIGKILL'));`, /FAILED: /],
    ['a test still to be written', `${GOOD}it.todo('later');`, /FAILED: todo: a\.test\.ts > later/],
    [
      'a skip without a reason',
      `${GOOD}it.skip('later', () => {});`,
      /could run it \(no reason\): a\.test\.ts > later/,
    ],
    ['a test that keeps the others out', `${GOOD}it.only('alone', () => {});`, /FAILED: /],
    ['no tests in the file', '', /FAILED: a\.test\.ts could not be run/],
    ['a file that does not load', `import './none';\n${GOOD}`, /FAILED: a\.test\.ts could not be run/],
    ['a hook that fails', `describe('x', () => { beforeAll(() => { throw 1; });\n${GOOD} });`, /FAILED: /],
    [
      'a runner that leaves no report',
      GOOD,
      /FAILED: the runner left no report/,
      'throw new Error("no configuration");',
    ],
    [
      'a runner that ends badly though all passed',
      GOOD,
      /FAILED: the runner ended with 7/,
      'process.on("exit", () => { process.exitCode = 7; }); export default {};',
    ],
    ['no test files', GOOD, /FAILED: /, 'export default { test: { include: ["none/*"] } };'],
  ])('are red for %s', async (_, source, told, config) => {
    const { code, output, last } = await run(source, [], config);
    expect(output).toMatch(told);
    expect(last).toMatch(/^\d+ passed, [1-9]\d* failed, \d+ skipped$/);
    expect(code).toBe(1);
  });

  it('are red for a run that was interrupted, though what ran had passed', async () => {
    const source = `${GOOD}it('is cut', () => { process.kill(process.ppid, 'SIGINT'); return new Promise(() => {}); });`;
    expect((await run(source, ['--pool=forks'])).code).toBe(1);
  });

  it('may be skipped only for what could not be installed', async () => {
    const source = `${GOOD}it('in Firefox', ({ skip }) => skip('firefox-esr is not installed'));
      describe.skip('WebKitGTK (skipped: xvfb is not installed)', () => it('too', () => {}));`;
    const both = await run(source, ['--missing=firefox-esr,xvfb']);
    expect(both).toMatchObject({ code: 0, last: '1 passed, 0 failed, 2 skipped' });
    expect(both.output).toContain('SKIPPED, firefox-esr is not installed:\n  a.test.ts > in Firefox');
    expect(both.output).toContain('SKIPPED, xvfb is not installed:\n');
    expect(await run(source, ['--missing=xvfb'])).toMatchObject({ code: 1, last: '1 passed, 1 failed, 1 skipped' });
  });

  it('may be skipped in one Node and pass in another, but not fail there', async () => {
    const script = join(folder, 'newer');
    writeFileSync(script, `#!/bin/sh\nNEWER=1 exec '${process.execPath}' "$@"\n`, { mode: 0o755 });
    const source = (newer: string): string =>
      `it('needs it', ({ skip }) => { if (!process.env.NEWER) skip('needs a newer Node'); ${newer} });`;
    const options = [`--newer=${script}`, '--again=a.test.ts'];
    const titled = `const why = process.env.NEWER ? '' : ' (skipped: needs a newer Node)';
      describe(\`SEED=\${process.env.SEED ?? Math.random()}\`, () => {
        describe.skipIf(why)('a' + why, () => it('needs it', () => {}));
        it.skipIf(why)('needs it too' + why, () => {});
      });`;
    expect(await run(titled, options)).toMatchObject({ code: 0, last: '2 passed, 0 failed, 0 skipped' });
    expect(await run(titled)).toMatchObject({ code: 1, last: '0 passed, 2 failed, 0 skipped' });
    expect(await run(source(''), options)).toMatchObject({ code: 0, last: '1 passed, 0 failed, 0 skipped' });
    expect(await run(source(''))).toMatchObject({ code: 1, last: '0 passed, 1 failed, 0 skipped' });
    expect(await run(source('throw 1;'), options)).toMatchObject({ code: 1, last: '0 passed, 1 failed, 0 skipped' });
  });
});

describe('the sum of .ci/run', () => {
  const sum = (commands: string): Promise<Outcome> =>
    command('bash', ['-c', `. .ci/tally\nexit77() { return 77; }\n${commands}\ntotal`]);

  it('adds what its parts count', async () => {
    const commands = `tally echo '3 passed, 0 failed, 2 skipped'\ntally echo '4 passed, 0 failed'\ncheck yes true\ncheck unknown exit77`;
    expect(await sum(commands)).toMatchObject({ code: 0, last: '8 passed, 0 failed, 3 skipped' });
  });

  it.each([
    ['counts a failure', `tally bash -c "echo '3 passed, 1 failed'; exit 1"`, '3 passed, 1 failed, 0 skipped'],
    [
      'ends badly with clean counts',
      `tally bash -c "echo '3 passed, 0 failed'; exit 1"`,
      '3 passed, 1 failed, 0 skipped',
    ],
    ['is killed', `tally bash -c "echo '3 passed, 0 failed'; kill -9 \\$\\$"`, '3 passed, 1 failed, 0 skipped'],
    ['counts nothing', 'tally echo done', '0 passed, 1 failed, 0 skipped'],
    ['counts no passed test', `tally echo '0 passed, 0 failed'`, '0 passed, 1 failed, 0 skipped'],
    ['is no test and fails', 'check no false', '0 passed, 1 failed, 0 skipped'],
  ])('is red when a part %s', async (_, commands, last) => {
    expect(await sum(commands)).toMatchObject({ code: 1, last });
  });
});

describe('.ci/run itself', () => {
  let clone: string;
  const calls = (): string => readFileSync(join(clone, 'calls'), 'utf8');
  beforeAll(() => {
    clone = mkdtempSync(join(folder, 'clone-'));
    mkdirSync(join(clone, '.ci'));
    for (const name of ['run', 'tally']) cpSync(join('.ci', name), join(clone, '.ci', name));
    // All that it calls does nothing well, but for the call that begins with BREAK: that ends badly, with or without the counts of a good one.
    const stub = `#!/bin/bash
call="$(basename "$0") $*"
echo "$call" >> '${clone}/calls'
[[ $call == 'node -p'* ]] && exec echo "\${NODE:-24}"
broken=
[[ -n $BREAK && $call == "$BREAK"* ]] && broken=1
[[ -n $broken && -z $LIE ]] && exit 1
[[ $call == *ci-tests* || $call == *test_* ]] && echo '3 passed, 0 failed, 0 skipped'
[[ -z $broken ]]
`;
    for (const path of ['bin/node', 'bin/npm', 'bin/python3', 'bin/apt-get', '.venv/bin/python', '.venv/bin/pip']) {
      mkdirSync(join(clone, path, '..'), { recursive: true });
      writeFileSync(join(clone, path), stub, { mode: 0o755 });
    }
  });
  beforeEach(() => rmSync(join(clone, 'calls'), { force: true }));

  const runs = (env: Record<string, string> = {}): Promise<Outcome> =>
    command('env', [
      ...Object.entries(env).map(([name, value]) => `${name}=${value}`),
      `PATH=${join(clone, 'bin')}:${process.env.PATH}`,
      'bash',
      join(clone, '.ci/run'),
    ]);

  it('is green when all of it is well', async () => {
    expect(await runs()).toMatchObject({ code: 0, last: '16 passed, 0 failed, 0 skipped' });
    expect(calls()).not.toContain('--newer');
  });

  it('has an older Node run the tests of relaxed SIMD in a newer one', async () => {
    expect(await runs({ NODE: '20' })).toMatchObject({ code: 0 });
    expect(calls()).toMatch(/^npm ci --prefix \.ci\/node /m);
    expect(calls()).toMatch(/^node scripts\/ci-tests\.mjs .*--newer=\S+\/node --again=\S*matvec\.test\.ts/m);
  });

  it.each([
    'npm ci',
    'npm run --silent check',
    'node scripts/check-python.mjs',
    'npm run --silent build',
    'node scripts/audit.mjs',
    'node scripts/ci-tests.mjs',
    'pip install -q torch',
    'pip install -q -r',
    'python -m training.test_training',
    'python -m training.data.test_gather',
    'python -m evaluation.test_evaluation',
  ])('is red when this ends badly: %s', async (call) => {
    for (const LIE of ['', 'yes']) {
      const { code, last } = await runs({ BREAK: call, LIE });
      expect(calls()).toContain(call);
      expect(last).toMatch(/^\d+ passed, [1-9]\d* failed, 0 skipped$/);
      expect(code).toBe(1);
    }
  });
});
