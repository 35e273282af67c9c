/** A file through the core. Node only. */
import type { SharedCore } from '../offline/cores';
import { Stream } from '../offline/stream';
import type { FileTask } from './plan';
import { WAV_BLOCK, type WavFormat, WavReader, WavWriter } from './wav';

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
 * Denoises one file: same length, rate, channels, sample format and other chunks. Either the whole output is written or none;
 * pipes and devices are written as it goes.
 * @param raw what the samples are where there is no header
 * @throws {NoiseSuppressorError} 'invalid-audio', and the file system's own errors
 */
export async function denoiseFile(
  core: SharedCore,
  { input, output }: FileTask,
  strength: number,
  raw?: WavFormat,
  onProgress?: (fraction: number) => void,
): Promise<FileResult> {
  const started = performance.now();
  const reader = await WavReader.open(input, raw);
  try {
    const { format, length } = reader;
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
    const { warning } = reader;
    return { format, seconds: done / format.sampleRate, spent, ...(warning && { warning }) };
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
