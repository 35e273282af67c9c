/**
 * Format, lint and types of common/, training/ and evaluation/: ruff and mypy as pyproject.toml sets them. Part of npm run check.
 *
 *   node scripts/check-python.mjs [--fix] [--must]
 *
 *   --fix   let ruff format and mend what it can
 *   --must  end with 77 where there is no Python to check with; without it that is told and counts as well
 */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { findPython } from './python.mjs';

const root = fileURLToPath(new URL('../', import.meta.url));
const fix = process.argv.includes('--fix');
const CHECKS = [
  ['ruff', 'format', '--quiet', ...(fix ? [] : ['--diff']), '.'],
  ['ruff', 'check', '--quiet', ...(fix ? ['--fix'] : []), '.'],
  ['mypy', '--no-error-summary'],
];

let python;
try {
  python = findPython(['ruff', 'mypy', 'numpy'], 'requirements-check.txt');
} catch (error) {
  console.error(`the Python of common/, training/ and evaluation/ is NOT CHECKED: ${error.message.split('\n')[0]}`);
  console.error('install Python 3.11 or newer with venv, or name one that has ruff, mypy and numpy in PYTHON');
  process.exit(process.argv.includes('--must') ? 77 : 0);
}
for (const check of CHECKS) {
  const { status } = spawnSync(python, ['-m', ...check], { cwd: root, stdio: 'inherit' });
  if (status !== 0) {
    console.error(`${check[0]} found something: node scripts/check-python.mjs --fix mends what can be mended`);
    process.exitCode = 1;
  }
}
