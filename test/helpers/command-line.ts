/** The command line as a program of its own, which other processes and threads can start. */
import { chmod, copyFile, mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

/** A folder with run.mjs, which is to be started, and `model` beside it. */
export async function programFolder(wasm: Uint8Array, model: string): Promise<string> {
  const program = await mkdtemp(join(tmpdir(), 'cli-program-'));
  await build({
    entryPoints: [fileURLToPath(new URL('../../src/entries/cli.ts', import.meta.url))],
    bundle: true,
    format: 'esm',
    platform: 'node',
    define: { __VERSION__: '"0.0.0"', __FULL__: 'false' },
    outfile: `${program}/cli.mjs`,
  });
  await writeFile(join(program, 'core.wasm'), wasm);
  await copyFile(model, join(program, 'model'));
  await chmod(program, 0o755);
  await writeFile(
    join(program, 'run.mjs'),
    `import { readFileSync } from 'node:fs';
     import { main } from './cli.mjs';
     await main(process.argv.slice(2), readFileSync(new URL('core.wasm', import.meta.url)));`,
  );
  return program;
}
