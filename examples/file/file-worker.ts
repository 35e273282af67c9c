/** Denoises a recording off the main thread, and writes WAV files. */
import { denoise, type NetworkName } from 'percepnet-wasm/offline';
import { WaveFile } from 'wavefile';

export type FileJob =
  | {
      type: 'denoise';
      id: number;
      channels: Float32Array<ArrayBuffer>[];
      sampleRate: number;
      strength: number;
      network: NetworkName;
    }
  | { type: 'wav'; id: number; channels: Float32Array<ArrayBuffer>[]; sampleRate: number };

export type FileAnswer =
  | { type: 'progress'; id: number; fraction: number }
  | { type: 'denoised'; id: number; channels: Float32Array<ArrayBuffer>[] }
  | { type: 'wav'; id: number; bytes: Uint8Array<ArrayBuffer> }
  | { type: 'error'; id: number; code: string; message: string };

// Pages and workers have one type of global here.
const scope = self as unknown as {
  onmessage: ((event: MessageEvent<FileJob>) => void) | null;
  postMessage(answer: FileAnswer, transfer?: Transferable[]): void;
};

let running: AbortController | undefined;

scope.onmessage = async ({ data: job }) => {
  const { id } = job;
  try {
    if (job.type === 'wav') {
      const bytes = wav(job.channels, job.sampleRate);
      scope.postMessage({ type: 'wav', id, bytes }, [bytes.buffer]);
      return;
    }
    if (job.network === 'full') await import('percepnet-wasm/full');
    // A new strength or network makes the result of the last one worthless.
    running?.abort();
    running = new AbortController();
    const channels = (await denoise(job.channels, {
      sampleRate: job.sampleRate,
      strength: job.strength,
      network: job.network,
      signal: running.signal,
      onProgress: (fraction) => scope.postMessage({ type: 'progress', id, fraction }),
    })) as Float32Array<ArrayBuffer>[];
    scope.postMessage(
      { type: 'denoised', id, channels },
      channels.map(({ buffer }) => buffer),
    );
  } catch (error) {
    const { code, message } = error as { code?: string; message?: string };
    scope.postMessage({ type: 'error', id, code: code ?? '', message: message ?? String(error) });
  }
};

/** 16-bit PCM. */
function wav(channels: readonly Float32Array[], sampleRate: number): Uint8Array<ArrayBuffer> {
  const length = channels[0]?.length ?? 0;
  const samples = new Int16Array(length * channels.length);
  for (const [c, channel] of channels.entries()) {
    for (let n = 0; n < length; n++) {
      samples[n * channels.length + c] = Math.max(-32768, Math.min(32767, Math.round(channel[n]! * 32768)));
    }
  }
  const file = new WaveFile();
  file.fromScratch(channels.length, sampleRate, '16', samples);
  return Uint8Array.from(file.toBuffer());
}
