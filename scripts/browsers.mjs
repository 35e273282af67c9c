/** npm run browsers: tries every browser at hand and writes docs/browsers.md from what was found. */
import { spawnSync } from 'node:child_process';

const { status } = spawnSync('npx', ['vitest', 'run', '--project', 'browser', 'test/browser/engines.test.ts'], {
  stdio: 'inherit',
  env: { ...process.env, BROWSERS_TABLE: 'docs/browsers.md' },
});
process.exitCode = status ?? 1;
