/** Builds what the browser tests load: the library and its worklet as they ship, and the helpers of the test page. */
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, statSync } from 'node:fs';
import { build } from 'esbuild';
import { BUILD } from './browser';

function newest(folder: string): number {
  return Math.max(
    ...readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
      .map((entry) => statSync(`${entry.parentPath}/${entry.name}`).mtimeMs),
  );
}

export default async function setup(): Promise<void> {
  const cores = ['build/core.wasm', 'build/core-relaxed.wasm'];
  const fresh = cores.every((file) => existsSync(file) && statSync(file).mtimeMs > newest('assembly'));
  const args = ['scripts/build.mjs', `--out=${BUILD}`, '--no-types'];
  const core = process.env.TEST_CORE ?? (fresh ? 'build' : undefined);
  if (core) args.push(`--core=${core}`);
  execFileSync(process.execPath, args, { stdio: ['ignore', 'ignore', 'inherit'] });
  await build({
    entryPoints: ['test/browser/page.ts'],
    bundle: true,
    format: 'esm',
    external: ['/dist/*'],
    outfile: `${BUILD}/page.js`,
  });
}
