/** A file, or a part of one, through the core. Node only. */
import { stat } from 'node:fs/promises';
import type { Sink } from '../offline/aligned';
import type { SharedCore } from '../offline/cores';
import { cut, type Part } from '../offline/parts';
import { Stream } from '../offline/stream';
import { descriptorOf } from './paths';
import type { FileTask } from './plan';
import { type Place, WAV_BLOCK, type WavFormat, WavPart, WavReader, WavWriter } from './wav';

export interface FileResult {
  readonly format: WavFormat;
  /** Of audio. */
  readonly seconds: number;
  /** Of work. */
  readonly spent: number;
  /** What the user should know. */
  readonly warning?: string;
}

/** A part of a file alone, into a file whose beginning and end somebody else writes. */
export interface PartTask extends FileTask {
  readonly part: Part;
  readonly into: Place;
}

/**
 * Denoises one file: same length, rate, channels, sample format and other chunks. Either the whole output is written or none;
 * pipes and devices are written as it goes. Of a PartTask only the part's samples are.
 * @param raw what the samples are where there is no header
 * @throws {NoiseSuppressorError} 'invalid-audio', and the file system's own errors
 */
export async function denoiseFile(
  core: SharedCore,
  task: FileTask | PartTask,
  strength: number,
  raw?: WavFormat,
  onProgress?: (fraction: number) => void,
): Promise<FileResult> {
  const started = performance.now();
  const reader = await WavReader.open(task.input, raw);
  try {
    const { format } = reader;
    const part = 'part' in task ? task.part : null;
    if (part) await reader.between(part.from, part.until);
    const length = part ? part.until - part.from : reader.length;
    const writer =
      'part' in task
        ? await WavPart.open(task.into, format, task.part.first)
        : await WavWriter.create(task.output, reader);
    let done = 0;
    try {
      const ready: Float32Array[][] = [];
      const take: Sink = (channels) => void ready.push(channels.map((samples) => samples.slice()));
      const sink = part ? within(part.first - part.from, part.end - part.from, take) : take;
      const stream = new Stream(core, format.sampleRate, format.channels, strength, sink);
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
    return { format, ...told(reader, done, started) };
  } finally {
    await reader.close();
  }
}

/** Has the parts of one file denoised, all at once. */
export type Denoise = (task: PartTask, onProgress: (fraction: number) => void) => Promise<unknown>;

/**
 * Denoises one file in parts, each by another of `threads`; as denoiseFile() elsewise.
 * @param threads as many as partsOf() told
 */
export async function denoiseInParts(
  threads: readonly Denoise[],
  { input, output }: FileTask,
  raw?: WavFormat,
  onProgress?: (fraction: number) => void,
): Promise<FileResult> {
  const started = performance.now();
  const reader = await WavReader.open(input, raw);
  try {
    const { format, length } = reader;
    const writer = await WavWriter.create(output, reader);
    try {
      const into = writer.place!;
      const parts = cut(length, format.sampleRate, threads.length);
      const shares = parts.map(() => 0);
      const all = await Promise.allSettled(
        parts.map((part, i) =>
          threads[i]!({ input, output, part, into }, (share) => {
            shares[i] = share;
            onProgress?.(shares.reduce((sum, one) => sum + one, 0) / parts.length);
          }),
        ),
      );
      // Not before the last one is done: none may write into a file that is gone.
      const failure = all.find(({ status }) => status === 'rejected') as PromiseRejectedResult | undefined;
      if (failure) throw failure.reason;
      writer.skip(length);
      await writer.finish();
    } catch (error) {
      await writer.discard();
      throw error;
    }
    return { format, ...told(reader, length, started) };
  } finally {
    await reader.close();
  }
}

/** In how many parts up to `most` a file can be denoised: 1 where it is short, no regular file, goes to none, or is no sound at all. */
export async function partsOf({ input, output }: FileTask, most: number, raw?: WavFormat): Promise<number> {
  // Not opened before: of a pipe that would take the beginning.
  if (!(await isPlain(input, 0)) || !(await isPlain(output, 1))) return 1;
  const reader = await WavReader.open(input, raw).catch(() => null);
  if (!reader) return 1;
  const { length, format } = reader;
  await reader.close();
  return cut(length, format.sampleRate, most).length;
}

/** Whether it is, or will be, a file that can be read or written from anywhere. */
async function isPlain(path: string, standard: 0 | 1): Promise<boolean> {
  if ((await descriptorOf(path, standard)) !== null) return false;
  const stats = await stat(path).catch(() => null);
  return !stats || stats.isFile();
}

/** Of what comes, samples first to end alone. */
function within(first: number, end: number, sink: Sink): Sink {
  let at = 0;
  return (channels, count) => {
    const from = Math.min(Math.max(first - at, 0), count);
    const to = Math.min(Math.max(end - at, from), count);
    at += count;
    if (to > from)
      sink(
        channels.map((samples) => samples.subarray(from, to)),
        to - from,
      );
  };
}

function told(
  { format, warning }: WavReader,
  samples: number,
  started: number,
): Pick<FileResult, 'seconds' | 'spent' | 'warning'> {
  const spent = (performance.now() - started) / 1000;
  return { seconds: samples / format.sampleRate, spent, ...(warning && { warning }) };
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
