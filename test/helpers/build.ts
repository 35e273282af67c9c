import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, statSync } from 'node:fs';

function newest(folder: string): number {
  return Math.max(
    ...readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
      .map((entry) => statSync(`${entry.parentPath}/${entry.name}`).mtimeMs),
  );
}

/** Builds the library into a folder of its own. Cores are compiled unless those in build/ are newer than their source, or TEST_CORE has some. */
export function buildLibrary(out: string, ...options: string[]): void {
  const cores = ['build/core.wasm', 'build/core-relaxed.wasm'];
  const fresh = cores.every((file) => existsSync(file) && statSync(file).mtimeMs > newest('assembly'));
  const core = process.env.TEST_CORE ?? (fresh ? 'build' : undefined);
  const args = ['scripts/build.mjs', `--out=${out}`, ...options];
  if (core) args.push(`--core=${core}`);
  execFileSync(process.execPath, args, { stdio: ['ignore', 'ignore', 'inherit'] });
}
