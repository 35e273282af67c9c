import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const training = fileURLToPath(new URL('../training/', import.meta.url));
const windows = process.platform === 'win32';
const environment = `${training}.venv`;
const environmentPython = `${environment}${windows ? '/Scripts/python.exe' : '/bin/python'}`;

/** Modules missing from a Python, or null when it does not run. */
function missing(python, modules) {
  const test = `import importlib.util as u; print(*(m for m in ${JSON.stringify(modules)} if not u.find_spec(m)))`;
  const { status, stdout } = spawnSync(python, ['-c', test], { encoding: 'utf8' });
  return status === 0 ? stdout.split(/\s+/).filter(Boolean) : null;
}

/**
 * A Python with these modules: the one PYTHON names, training/.venv, or python3. When none has them, training/.venv is made
 * and training/requirements-score.txt installed into it.
 */
export function findPython(modules) {
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
  console.error('installing what scoring needs (training/requirements-score.txt) into training/.venv');
  const options = { stdio: ['ignore', 2, 2] };
  if (!existsSync(environmentPython)) execFileSync(base, ['-m', 'venv', environment], options);
  execFileSync(environmentPython, ['-m', 'pip', 'install', '-q', '-r', `${training}requirements-score.txt`], options);
  return environmentPython;
}
