/**
 * Compiled cores, kept for the next run: compiling them takes longer than all that the tests of assembly/ do. What is kept of a request
 * holds as long as each file that the compiler read then has the text that it had, and each that it looked for in vain is still not there.
 */
import { createHash, randomUUID } from 'node:crypto';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

export interface Compiled {
  wasm: Uint8Array<ArrayBuffer>;
  /** Texts by file; null of those that were not there. */
  read: Record<string, string | null>;
}

const root = fileURLToPath(new URL('../../', import.meta.url));
/** Of these every core depends. */
const COMPILER = ['scripts/compile.mjs', 'node_modules/assemblyscript/package.json'];

const hash = (text: string): string => createHash('sha256').update(text).digest('base64url');
const textOf = (file: string): Promise<string | null> => readFile(resolve(root, file), 'utf8').catch(() => null);
const markOf = (text: string | null): string | null => (text === null ? null : hash(text));

/**
 * @param request all that decides what `compile` makes, besides the files that it reads
 * @param folder where to keep it: one file a request, so that nothing has to be cleared away
 */
export async function kept(
  request: object,
  compile: () => Promise<Compiled>,
  folder = `${root}test-results/compiled`,
): Promise<Uint8Array<ArrayBuffer>> {
  const file = `${folder}/${hash(JSON.stringify(request))}`;
  const known = await lookUp(file);
  if (known) return known;
  const texts = await Promise.all(COMPILER.map(async (name) => [name, await textOf(name)] as const));
  const { wasm, read } = await compile();
  const marks = Object.entries({ ...read, ...Object.fromEntries(texts) }).map(([name, text]) => [name, markOf(text)]);
  await mkdir(folder, { recursive: true });
  // Another process may be reading it, or writing the same.
  const own = `${file}.${randomUUID()}`;
  await writeFile(own, JSON.stringify({ marks, wasm: Buffer.from(wasm).toString('base64') }));
  await rename(own, file);
  return wasm;
}

async function lookUp(file: string): Promise<Uint8Array<ArrayBuffer> | undefined> {
  const text = await textOf(file);
  if (!text) return undefined;
  const { marks, wasm } = JSON.parse(text) as { marks: [name: string, mark: string | null][]; wasm: string };
  const same = await Promise.all(marks.map(async ([name, mark]) => markOf(await textOf(name)) === mark));
  return same.every(Boolean) ? Uint8Array.from(Buffer.from(wasm, 'base64')) : undefined;
}
