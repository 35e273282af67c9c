/** WAV files and folders of them through the core. Node only. */
import { readdir, realpath, stat } from 'node:fs/promises';
import { basename, join, relative, resolve, sep } from 'node:path';
import type { SharedCore } from '../offline/cores';
import { Stream } from '../offline/stream';
import { NoiseSuppressorError } from '../shared/errors';
import { identity, STANDARD } from './paths';
import { WAV_BLOCK, type WavFormat, WavReader, WavWriter } from './wav';

export interface FileTask {
  readonly input: string;
  readonly output: string;
}

export interface FileResult {
  readonly format: WavFormat;
  /** Of audio. */
  readonly seconds: number;
  /** Of work. */
  readonly spent: number;
  /** What the user should know. */
  readonly warning?: string;
}

/**
 * What to write for an input file or folder; nothing is written yet. In a folder every .wav is taken, at any depth, under its own
 * name. `-` is standard input or output.
 * @param kept other files that no output may replace
 * @throws {NoiseSuppressorError} 'invalid-input' when nothing is there, or an output would overwrite an input, by whatever name
 */
export async function planFiles(input: string, output: string, kept: readonly string[] = []): Promise<FileTask[]> {
  const tasks = await pairs(input, output);
  if (tasks.length === 0) throw new NoiseSuppressorError('invalid-input', `${input}: no .wav file in this folder`);
  const taken = new Map<string, string>();
  for (const path of [...kept, ...tasks.map((task) => task.input)]) {
    const found = await identity(path);
    if (found) taken.set(found, path);
  }
  for (const task of tasks) {
    const found = await identity(task.output);
    const other = found && taken.get(found);
    if (other) throw overwriting(task.output, other);
  }
  return tasks;
}

async function pairs(input: string, output: string): Promise<FileTask[]> {
  const target = output === STANDARD ? null : await stat(output).catch(() => null);
  if (input === STANDARD) {
    if (target?.isDirectory()) throw new NoiseSuppressorError('invalid-input', `${output}: name a file, not a folder`);
    return [{ input, output }];
  }
  const source = await stat(input).catch(() => null);
  if (!source) throw new NoiseSuppressorError('invalid-input', `${input}: no such file or folder`);
  if (!source.isDirectory()) {
    const into = target?.isDirectory() || /[/\\]$/.test(output);
    return [{ input, output: into ? join(output, basename(input)) : output }];
  }
  if (output === STANDARD || (target && !target.isDirectory())) {
    throw new NoiseSuppressorError('invalid-input', `${output} is a file, and ${input} a folder`);
  }
  if (target && (await identity(input)) === (await identity(output))) throw overwriting(output, input);
  const inside = (await realpath(output).catch(() => resolve(output))) + sep;
  const root = await realpath(input);
  return (
    (await readdir(root, { recursive: true, withFileTypes: true }))
      .filter((entry) => (entry.isFile() || entry.isSymbolicLink()) && /\.wav$/i.test(entry.name))
      .map((entry) => join(entry.parentPath, entry.name))
      // Results of an earlier run, when the output folder lies in the input folder.
      .filter((path) => !path.startsWith(inside))
      .map((path) => relative(root, path))
      .sort()
      .map((name) => ({ input: join(input, name), output: join(output, name) }))
  );
}

function overwriting(output: string, input: string): NoiseSuppressorError {
  const also = resolve(output) === resolve(input) ? '' : `, which is the same file as ${input}`;
  return new NoiseSuppressorError('invalid-input', `${output}${also}: the output would overwrite the input`);
}

/**
 * Denoises one file: same length, rate, channels, sample format and other chunks. Either the whole output is written or none;
 * pipes and devices are written as it goes.
 * @throws {NoiseSuppressorError} 'invalid-audio', and the file system's own errors
 */
export async function denoiseFile(
  core: SharedCore,
  { input, output }: FileTask,
  strength: number,
  onProgress?: (fraction: number) => void,
): Promise<FileResult> {
  const started = performance.now();
  const reader = await WavReader.open(input);
  try {
    const { format, length, header } = reader;
    let done = 0;
    const writer = await WavWriter.create(output, reader);
    try {
      const ready: Float32Array[][] = [];
      const stream = new Stream(core, format.sampleRate, format.channels, strength, (channels) => {
        ready.push(channels.map((samples) => samples.slice()));
      });
      const flush = async (): Promise<void> => {
        const blocks = ready.splice(0);
        if (blocks.length === 0) return;
        await writer.write(Array.from({ length: format.channels }, (_, i) => concatenated(blocks.map((b) => b[i]!))));
      };
      try {
        for (let block = await reader.read(WAV_BLOCK); block; block = await reader.read(WAV_BLOCK)) {
          const count = block[0]!.length;
          stream.push(block, 0, count);
          await flush();
          done += count;
          if (length < Number.POSITIVE_INFINITY) onProgress?.(done / length);
        }
        stream.finish();
        await flush();
      } finally {
        stream.destroy();
      }
      await writer.finish();
    } catch (error) {
      await writer.discard();
      throw error;
    }
    const spent = (performance.now() - started) / 1000;
    return { format, seconds: done / format.sampleRate, spent, ...(header.warning && { warning: header.warning }) };
  } finally {
    await reader.close();
  }
}

function concatenated(parts: readonly Float32Array[]): Float32Array {
  const out = new Float32Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}
