/** WAV files and folders of them through the core. Node only. */
import { mkdir, readdir, stat } from 'node:fs/promises';
import { basename, dirname, join, relative, resolve, sep } from 'node:path';
import { NoiseSuppressorError } from './errors';
import { type SharedCore, Stream } from './stream';
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
}

/**
 * What to write for an input file or folder. In a folder every .wav is taken, at any depth, under its own name.
 * @throws {NoiseSuppressorError} 'invalid-input' when nothing is there, or output would overwrite input
 */
export async function planFiles(input: string, output: string): Promise<FileTask[]> {
  const source = await stat(input).catch(() => null);
  if (!source) throw new NoiseSuppressorError('invalid-input', `${input}: no such file or folder`);
  const target = await stat(output).catch(() => null);
  if (!source.isDirectory()) {
    const into = target?.isDirectory() || /[/\\]$/.test(output);
    const task = { input, output: into ? join(output, basename(input)) : output };
    if (resolve(task.input) === resolve(task.output)) throw overwriting(input);
    return [task];
  }
  if (target && !target.isDirectory()) {
    throw new NoiseSuppressorError('invalid-input', `${output} is a file, and ${input} a folder`);
  }
  if (resolve(input) === resolve(output)) throw overwriting(input);
  const inside = resolve(output) + sep;
  const tasks = (await readdir(input, { recursive: true, withFileTypes: true }))
    .filter((entry) => (entry.isFile() || entry.isSymbolicLink()) && /\.wav$/i.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name))
    // Results of an earlier run, when the output folder lies in the input folder.
    .filter((path) => !resolve(path).startsWith(inside))
    .sort()
    .map((path) => ({ input: path, output: join(output, relative(input, path)) }));
  if (tasks.length === 0) throw new NoiseSuppressorError('invalid-input', `${input}: no .wav file in this folder`);
  return tasks;
}

function overwriting(path: string): NoiseSuppressorError {
  return new NoiseSuppressorError('invalid-input', `${path}: the output would overwrite the input`);
}

/**
 * Denoises one file: same length, rate, channels, sample format and other chunks. Either the whole output is written or none.
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
    const { format, length } = reader;
    await mkdir(dirname(output), { recursive: true });
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
        for (let at = 0; at < length; at += WAV_BLOCK) {
          const count = Math.min(WAV_BLOCK, length - at);
          stream.push(await reader.read(at, count), 0, count);
          await flush();
          onProgress?.((at + count) / length);
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
    return { format, seconds: length / format.sampleRate, spent: (performance.now() - started) / 1000 };
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
