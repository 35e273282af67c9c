/** What the reliability tests share: their two lengths, their seeds, their record for docs/reliability.md, and the built core. */
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { TestContext } from 'vitest';
import { CORE_IMPORTS, type CoreExports } from '../../src/core/exports';
import { compileAssembly } from './assembly';

declare module 'vitest' {
  interface TaskMeta {
    /** What the test found, for its row of the report. */
    result?: string;
  }
}

const root = fileURLToPath(new URL('../../', import.meta.url));

/** The long form is `npm run reliability`, the short one part of `npm test`. */
export const LONG = process.env.RELIABILITY === 'long';

export function amount(short: number, long: number): number {
  return LONG ? long : short;
}

/** Repeat a run with SEED=... */
export const SEED = Number(process.env.SEED ?? Date.now() % 2 ** 31);

/** Leaves what the test found for the report. Call it after the last expectation. */
export function record({ task }: TestContext, result: string): void {
  task.meta.result = result;
}

export interface Random {
  /** Uniform, 0 <= x < 1. */
  (): number;
  below(n: number): number;
  pick<T>(values: readonly T[]): T;
}

/** xorshift32: the same numbers for the same seed, everywhere. */
export function random(seed: number): Random {
  let state = seed >>> 0 || 1;
  const next = (): number => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
  // Small seeds begin with small numbers.
  for (let i = 0; i < 8; i++) next();
  const below = (n: number): number => Math.floor(next() * n);
  return Object.assign(next, { below, pick: <T>(values: readonly T[]) => values[below(values.length)] as T });
}

function bytesOf(path: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(readFileSync(root + path));
}

/** The small untrained network. */
export function tinyModel(): Uint8Array<ArrayBuffer> {
  return bytesOf('test/golden/tiny.safetensors');
}

/** A network of models/, or null while there is none. */
export function shippedModel(name: 'lite' | 'full'): Uint8Array<ArrayBuffer> | null {
  const path = `models/${name}/model.safetensors`;
  return existsSync(root + path) ? bytesOf(path) : null;
}

export { fixture } from '../../scripts/fixture.mjs';

/** A core in the folder TEST_CORE names, if it is there, or as built, when the build is newer than its source; compiled otherwise. */
export async function coreBytes(name = 'core.wasm'): Promise<Uint8Array<ArrayBuffer>> {
  const { TEST_CORE, ASSEMBLY_COVERAGE } = process.env;
  if (TEST_CORE && existsSync(`${TEST_CORE}/${name}`)) return Uint8Array.from(readFileSync(`${TEST_CORE}/${name}`));
  const built = `${root}build/${name}`;
  const newest = Math.max(
    ...readdirSync(`${root}assembly`, { recursive: true, encoding: 'utf8' }).map(
      (file) => statSync(`${root}assembly/${file}`).mtimeMs,
    ),
  );
  const fresh = existsSync(built) && statSync(built).mtimeMs > newest;
  if (fresh && !ASSEMBLY_COVERAGE) return Uint8Array.from(readFileSync(built));
  const entry = name === 'recording.wasm' ? 'recording' : 'index';
  return compileAssembly(`assembly/entries/${entry}.ts`, { relaxed: name === 'core-relaxed.wasm' });
}

/** Exports that only tests and training call; those of recordings are in recording.wasm alone. */
export interface FullExports extends CoreExports {
  suppressorFeatures(s: number): number;
  suppressorGains(s: number): number;
  suppressorStrengths(s: number): number;
  suppressorPeriod(s: number): number;
  recordingLadder(noisy: number, clean: number, hops: number, step: number, out: number): number;
  recordingFeatures(noisy: number, clean: number, hops: number, out: number): number;
  recordingPitch(noisy: number, hops: number, out: number): number;
  recordingSpectra(noisy: number, hops: number, out: number): number;
}

export function instantiate(module: WebAssembly.Module, imports = CORE_IMPORTS): FullExports {
  return new WebAssembly.Instance(module, imports).exports as unknown as FullExports;
}
