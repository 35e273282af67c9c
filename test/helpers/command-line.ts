/**
 * The command line with the tiny network, in an empty folder for each test: called here, or started as a program in a process of its own.
 * `useCommandLine()` once, in the file that tests; `out`, `err` and `folder` are those of the running test.
 */
import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process';
import { chmod, copyFile, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { afterAll, beforeAll, beforeEach } from 'vitest';
import { run } from '../../src/entries/cli';
import { testAssets } from './assets';

export const model = fileURLToPath(new URL('../golden/tiny.safetensors', import.meta.url));

export let folder: string;
/** What was said since the test began, or since `forget()`. */
export let out = '';
export let err = '';
/** Folder of the program, which everyone may enter. */
export let program: string;

export const io = {
  out: (text: string) => {
    out += text;
  },
  err: (text: string) => {
    err += text;
  },
  isTerminal: false,
};

export let wasm: Uint8Array<ArrayBuffer>;
let always: string[];

/**
 * @param options that `denoise` always has
 * @param asProgram whether anything is to be started
 */
export function useCommandLine({ options = [], asProgram = false }: { options?: string[]; asProgram?: boolean }): void {
  beforeAll(async () => {
    always = options;
    ({ wasm } = await testAssets());
    if (asProgram) program = await bundled();
  });
  afterAll(async () => {
    if (asProgram) await rm(program, { recursive: true });
  });
  beforeEach(async () => {
    forget();
    folder = await mkdtemp(join(tmpdir(), 'command-line-'));
    return () => rm(folder, { recursive: true });
  });
}

export function forget(): void {
  out = err = '';
}

/** A path in the folder. */
export const at = (...names: string[]): string => join(folder, ...names);

/** Status of a call with these arguments and no others. */
export const call = (...args: string[]): Promise<number> => run(args, io, wasm);

/** Status of a call with the tiny network and the options that the file always has. */
export const denoise = (...args: string[]): Promise<number> => call('--model', model, ...always, ...args);

/** The program with the tiny network. */
export function start(args: string[], options: SpawnOptions = {}): ChildProcess {
  const child = spawn(
    process.execPath,
    [join(program, 'run.mjs'), '--model', join(program, 'model'), ...args],
    options,
  );
  // One that ends before it has read all it is given: Node 24 tells whoever writes.
  child.stdin?.on('error', () => {});
  return child;
}

/** A folder with run.mjs, which is to be started, and `model` beside it. */
async function bundled(): Promise<string> {
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
