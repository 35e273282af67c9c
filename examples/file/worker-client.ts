/** The worker of the file page, as functions. */
import { type NetworkName, NoiseSuppressorError, type NoiseSuppressorErrorCode } from 'percepnet-wasm';
import type { FileAnswer, FileJob } from './file-worker';

type Request = FileJob extends infer Job ? (Job extends FileJob ? Omit<Job, 'id'> : never) : never;

export class FileWorker {
  private readonly worker = new Worker(new URL('file-worker.js', import.meta.url), { type: 'module' });
  private readonly waiting = new Map<
    number,
    { resolve(answer: FileAnswer): void; reject(error: unknown): void; onProgress?: (fraction: number) => void }
  >();
  private last = 0;

  constructor() {
    this.worker.onmessage = ({ data }: MessageEvent<FileAnswer>) => {
      const request = this.waiting.get(data.id);
      if (data.type === 'progress') {
        request?.onProgress?.(data.fraction);
        return;
      }
      this.waiting.delete(data.id);
      if (data.type !== 'error') request?.resolve(data);
      else if (!data.code) request?.reject(new Error(data.message));
      else request?.reject(new NoiseSuppressorError(data.code as NoiseSuppressorErrorCode, data.message));
    };
    this.worker.onerror = (event) => {
      const error = new Error(event.message || 'the worker could not be loaded');
      for (const { reject } of this.waiting.values()) reject(error);
      this.waiting.clear();
    };
  }

  /** An AudioBuffer of the same length. Rejects with code 'aborted' when called again meanwhile. */
  async denoise(
    input: AudioBuffer,
    { strength, network }: { strength: number; network: NetworkName },
    onProgress: (fraction: number) => void,
  ): Promise<AudioBuffer> {
    const { sampleRate } = input;
    const job = { type: 'denoise', channels: channelsOf(input), sampleRate, strength, network } as const;
    const answer = await this.ask(job, onProgress);
    if (answer.type !== 'denoised') throw new Error('the worker gave a wrong answer');
    const output = new AudioBuffer({
      length: input.length,
      numberOfChannels: answer.channels.length,
      sampleRate,
    });
    for (const [i, channel] of answer.channels.entries()) output.copyToChannel(channel, i);
    return output;
  }

  async wav(buffer: AudioBuffer): Promise<Blob> {
    const { sampleRate } = buffer;
    const answer = await this.ask({ type: 'wav', channels: channelsOf(buffer), sampleRate });
    if (answer.type !== 'wav') throw new Error('the worker gave a wrong answer');
    return new Blob([answer.bytes], { type: 'audio/wav' });
  }

  private ask(request: Request, onProgress?: (fraction: number) => void): Promise<FileAnswer> {
    const id = ++this.last;
    return new Promise((resolve, reject) => {
      this.waiting.set(id, { resolve, reject, onProgress });
      this.worker.postMessage({ ...request, id } as FileJob);
    });
  }
}

function channelsOf(buffer: AudioBuffer): Float32Array<ArrayBuffer>[] {
  return Array.from({ length: buffer.numberOfChannels }, (_, c) => buffer.getChannelData(c));
}
