/** What the command line writes, and out of what; nothing is written yet. Node only. */
import { readdir, realpath, stat } from 'node:fs/promises';
import { basename, join, relative, resolve, sep } from 'node:path';
import { NoiseSuppressorError } from '../shared/errors';
import { expand, isPattern } from './glob';
import { followed, identity, STANDARD } from './paths';

export interface FileTask {
  readonly input: string;
  readonly output: string;
}

/** An input, and its path in the output folder where it has one. */
interface Found {
  readonly input: string;
  readonly name: string;
}

/**
 * One input: a file to a file or into a folder, a folder's files into a folder under their own names, `-` for standard input or output.
 * Several, or a pattern: all into a folder; files under their own names, what a pattern found under its path after the part without
 * special characters, what lies in folders under the folder's name.
 * @param extension what is taken of folders
 * @param kept other files that no output may replace
 * @throws {NoiseSuppressorError} 'invalid-input' when nothing is there, an output would overwrite an input by whatever name, or two
 * inputs would go to one output
 */
export async function planFiles(
  inputs: readonly string[],
  output: string,
  kept: readonly string[] = [],
  extension = '.wav',
): Promise<FileTask[]> {
  const tasks = await pairs(inputs, output, extension);
  const outputs = new Map<string, string>();
  for (const task of tasks) {
    // Two links may lead to one file.
    const at = await followed(task.output).catch(() => resolve(task.output));
    const other = outputs.get(at);
    if (other !== undefined && other !== task.input) {
      throw bad(`${task.output}: both ${other} and ${task.input} would be written there; rename one, or run twice`);
    }
    outputs.set(at, task.input);
  }
  const taken = new Map<string, string>();
  for (const path of [...kept, ...tasks.map((task) => task.input)]) {
    const found = await identity(path, 0);
    if (found) taken.set(found, path);
  }
  for (const task of tasks) {
    const found = await identity(task.output, 1);
    const other = found && taken.get(found);
    if (other) throw overwriting(task.output, other);
  }
  return tasks.filter(({ output: at }, i) => tasks.findIndex((task) => task.output === at) === i);
}

async function pairs(inputs: readonly string[], output: string, extension: string): Promise<FileTask[]> {
  const target = output === STANDARD ? null : await stat(output).catch(() => null);
  const [input = ''] = inputs;
  if (inputs.length === 1 && input === STANDARD) {
    if (target?.isDirectory()) throw bad(`${output}: name a file, not a folder`);
    return [{ input, output }];
  }
  const source = inputs.length === 1 ? await stat(input).catch(() => null) : null;
  if (source && !source.isDirectory()) {
    const into = target?.isDirectory() || /[/\\]$/.test(output);
    return [{ input, output: into ? join(output, basename(input)) : output }];
  }
  if (!source && inputs.length === 1 && !isPattern(input)) throw missing(input);
  if (output === STANDARD || (target && !target.isDirectory())) {
    throw bad(
      source ? `${output} is a file, and ${input} a folder` : `${output} is no folder: several inputs need one`,
    );
  }
  if (!source && !target && output.toLowerCase().endsWith(extension)) {
    throw bad(`${output}: there is no such folder, and several inputs need one; end it with / if it is one`);
  }
  const found = source ? await within(input, extension, '', output) : await several(inputs, extension, output);
  if (found.length === 0) throw bad(`${inputs.join(', ')}: no ${extension} file there`);
  return found.map(({ input: path, name }) => ({ input: path, output: join(output, name) }));
}

async function several(inputs: readonly string[], extension: string, output: string): Promise<Found[]> {
  const found: Found[] = [];
  for (const input of inputs) {
    if (input === STANDARD) throw bad('- is one input alone: it has no name to write to in a folder');
    const source = await stat(input).catch(() => null);
    if (source?.isDirectory()) found.push(...(await within(input, extension, basename(resolve(input)), output)));
    else if (source) found.push({ input, name: basename(input) });
    else if (isPattern(input)) found.push(...(await matching(input, output)));
    else throw missing(input);
  }
  return found;
}

/** All files of an extension in a folder, at any depth. */
async function within(folder: string, extension: string, under: string, output: string): Promise<Found[]> {
  if ((await identity(folder, 0)) === ((await identity(output, 1)) ?? '')) throw overwriting(output, folder);
  const earlier = await earlierResults(output);
  const root = await realpath(folder);
  const paths = (await readdir(root, { recursive: true, withFileTypes: true }))
    .filter((entry) => entry.name.toLowerCase().endsWith(extension))
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((path) => !earlier(path));
  return (await files(paths))
    .map((path) => relative(root, path))
    .sort()
    .map((name) => ({ input: join(folder, name), name: join(under, name) }));
}

/** Pipes and devices are taken by their own names alone: they may never end. A link that leads nowhere stays, to be told of. */
async function files(paths: readonly string[]): Promise<string[]> {
  const kinds = await Promise.all(paths.map((path) => stat(path).catch(() => null)));
  return paths.filter((_, i) => kinds[i]?.isFile() !== false);
}

async function matching(pattern: string, output: string): Promise<Found[]> {
  const { root, names } = await expand(pattern);
  const earlier = await earlierResults(output);
  const whole = await realpath(root).catch(() => resolve(root));
  const paths = await files(names.map((name) => join(whole, name)).filter((path) => !earlier(path)));
  if (paths.length === 0) throw bad(`${pattern}: no file fits this pattern`);
  return paths.map((path) => relative(whole, path)).map((name) => ({ input: join(root, name), name }));
}

/** Whether a path is a result of an earlier run, which is no input when the output folder lies in an input folder. */
async function earlierResults(output: string): Promise<(path: string) => boolean> {
  const inside = (await realpath(output).catch(() => resolve(output))) + sep;
  return (path) => path.startsWith(inside);
}

function bad(text: string): NoiseSuppressorError {
  return new NoiseSuppressorError('invalid-input', text);
}

function missing(path: string): NoiseSuppressorError {
  return bad(`${path}: no such file or folder`);
}

function overwriting(output: string, input: string): NoiseSuppressorError {
  const also = resolve(output) === resolve(input) ? '' : `, which is the same file as ${input}`;
  return bad(`${output}${also}: the output would overwrite the input`);
}
