/** Whether dist holds all that package.json promises of it, in one build. */
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Of exports with a wildcard. */
const NETWORKS = ['dist/model.safetensors', 'dist/model-full.safetensors'];
const HASHED = {
  core: ['core.wasm', 'core-relaxed.wasm'],
  model: ['model.safetensors', 'model-full.safetensors'],
  worklet: ['worklet.js'],
};

/** Files below `root` that the package must have from its build. */
export function builtFiles(root = '.') {
  const { bin, exports } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const targets = [...Object.values(exports), bin].flatMap((entry) =>
    typeof entry === 'string' ? entry : Object.values(entry),
  );
  const files = targets.filter((name) => name.startsWith('./dist/') || name.startsWith('dist/'));
  return [
    ...new Set([...files.filter((name) => !name.includes('*')).map((name) => name.replace('./', '')), ...NETWORKS]),
  ];
}

/** What is wrong with the build in `root`, in words; empty when nothing is. */
export function lacking(root = '.') {
  const missing = builtFiles(root).filter((name) => !existsSync(join(root, name)));
  if (missing.length > 0) return missing.map((name) => `${name} is missing`);
  const hashes = JSON.parse(readFileSync(join(root, 'dist/integrity.json'), 'utf8'));
  return Object.entries(HASHED).flatMap(([kind, names]) =>
    names
      .filter((name) => {
        const digest = createHash('sha384')
          .update(readFileSync(join(root, 'dist', name)))
          .digest('base64');
        return !hashes[kind]?.split(' ').includes(`sha384-${digest}`);
      })
      .map((name) => `dist/${name} is of another build`),
  );
}
