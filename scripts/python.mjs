import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../', import.meta.url));
const windows = process.platform === 'win32';
const environment = `${root}.venv`;
const environmentPython = `${environment}${windows ? '/Scripts/python.exe' : '/bin/python'}`;

/** Modules missing from a Python, or null when it does not run. */
function missing(python, modules) {
  const test = `import importlib.util as u; print(*(m for m in ${JSON.stringify(modules)} if not u.find_spec(m)))`;
  const { status, stdout } = spawnSync(python, ['-c', test], { encoding: 'utf8' });
  return status === 0 ? stdout.split(/\s+/).filter(Boolean) : null;
}

/**
 * A Python with these modules: the one PYTHON names, .venv, or python3. When none has them, .venv is made and the requirements
 * installed into it.
 * @param {string[]} modules
 * @param {string} requirements a file that names their packages
 */
export function findPython(modules, requirements = 'evaluation/requirements.txt') {
  const named = process.env.PYTHON;
  if (named) {
    const lacking = missing(named, modules);
    if (lacking?.length === 0) return named;
    throw new Error(
      lacking ? `${named} (from PYTHON) has no ${lacking.join(', ')}` : `${named} (from PYTHON) does not run`,
    );
  }
  const known = [environmentPython, 'python3', 'python'];
  const ready = known.find((python) => missing(python, modules)?.length === 0);
  if (ready) return ready;
  const base = known.slice(1).find((python) => missing(python, []) !== null);
  if (!base) throw new Error('Python 3 is needed: install it, or name it in the environment variable PYTHON');
  console.error(`installing ${requirements} into .venv`);
  const options = { stdio: ['ignore', 2, 2] };
  if (!existsSync(environmentPython)) execFileSync(base, ['-m', 'venv', environment], options);
  execFileSync(environmentPython, ['-m', 'pip', 'install', '-q', '-r', join(root, requirements)], options);
  return environmentPython;
}

/**
 * Runs `python -m ...` with the repository's packages, whatever the folder is that this is called in.
 * @param {string} python
 * @param {string[]} step a package, a step of it and its arguments
 */
export function runStep(python, step, options = {}) {
  const path = [root, process.env.PYTHONPATH].filter(Boolean).join(delimiter);
  execFileSync(python, ['-m', ...step], { stdio: 'inherit', env: { ...process.env, PYTHONPATH: path }, ...options });
}
