/** A decoded recording, its denoised twin, and a player that switches between the two without losing its place. */
import { NoiseSuppressorError, type NoiseSuppressorErrorCode } from 'percepnet-wasm';
import type { FileAnswer, FileJob } from './file-worker';

const RATE = 48000;
const SWITCH_SECONDS = 0.015;
/** A longer recording would not fit the memory of a page. */
const MAX_SECONDS = 3600;
/** Share of the loudest frames that loudness is compared by, and their length: pauses must not count. */
const LOUD_SHARE = 0.2;
const LOUD_FRAME = 4800;
/** Speech above noise in the example, in decibels. */
const EXAMPLE_SNR = 8;

type Request = FileJob extends infer Job ? (Job extends FileJob ? Omit<Job, 'id'> : never) : never;

/** The worker as functions. */
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
  async denoise(input: AudioBuffer, strength: number, onProgress: (fraction: number) => void): Promise<AudioBuffer> {
    const { sampleRate } = input;
    const answer = await this.ask({ type: 'denoise', channels: channelsOf(input), sampleRate, strength }, onProgress);
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

/** @throws {DOMException} 'EncodingError' when the browser knows no way to decode it */
export async function decode(file: Blob): Promise<AudioBuffer> {
  const context = new OfflineAudioContext(1, 1, RATE);
  const buffer = await context.decodeAudioData(await file.arrayBuffer());
  if (buffer.length === 0) throw new DOMException('empty', 'EncodingError');
  if (buffer.duration > MAX_SECONDS) {
    throw new Error(`Recordings up to ${MAX_SECONDS / 60} minutes fit here: use the command line for longer ones.`);
  }
  return buffer;
}

/** Words in the rain. */
export async function noisyExample(): Promise<AudioBuffer> {
  const [speech, noise] = await Promise.all(
    ['speech', 'noise'].map(async (name) => {
      const response = await fetch(new URL(`../samples/${name}.wav`, import.meta.url));
      if (!response.ok) throw new Error(`The example is missing on the server (HTTP ${response.status}).`);
      return decode(await response.blob());
    }),
  );
  const gain = loudness(speech!) / loudness(noise!) / 10 ** (EXAMPLE_SNR / 20);
  const rain = noise!.getChannelData(0);
  const mixed = speech!.getChannelData(0).map((x, n) => x + gain * rain[n % rain.length]!);
  const buffer = new AudioBuffer({ length: mixed.length, sampleRate: RATE });
  buffer.copyToChannel(mixed, 0);
  return buffer;
}

export type Side = 'before' | 'after';

export class Player {
  private readonly context = new AudioContext({ sampleRate: RATE });
  private readonly gains: Record<Side, GainNode>;
  private sources: AudioBufferSourceNode[] = [];
  private startedAt = 0;
  private offset = 0;
  private side: Side = 'after';
  /** What makes the quieter result as loud as the recording. */
  private readonly makeUp: number;
  private matched = false;
  playing = false;

  constructor(
    private readonly before: AudioBuffer,
    private readonly after: AudioBuffer,
    private readonly onEnd: () => void,
  ) {
    const { context } = this;
    this.makeUp = Math.min(8, loudness(before) / loudness(after));
    this.gains = { before: new GainNode(context, { gain: 0 }), after: new GainNode(context, { gain: 1 }) };
    for (const gain of Object.values(this.gains)) gain.connect(context.destination);
  }

  get duration(): number {
    return this.before.duration;
  }

  /** Seconds. */
  get position(): number {
    if (!this.playing) return this.offset;
    return Math.min(this.duration, this.offset + Math.max(0, this.context.currentTime - this.startedAt));
  }

  play(): void {
    this.halt();
    const { context } = this;
    context.resume().catch(() => {});
    if (this.offset >= this.duration - 0.01) this.offset = 0;
    this.startedAt = context.currentTime + 0.02;
    this.sources = (['before', 'after'] as const).map((side) => {
      const source = new AudioBufferSourceNode(context, { buffer: this[side] });
      source.connect(this.gains[side]);
      source.start(this.startedAt, this.offset);
      return source;
    });
    this.playing = true;
    const [first] = this.sources;
    if (first) {
      first.onended = () => {
        this.halt();
        this.offset = 0;
        this.onEnd();
      };
    }
  }

  pause(): void {
    this.offset = this.position;
    this.halt();
  }

  seek(seconds: number): void {
    const { playing } = this;
    this.halt();
    this.offset = Math.max(0, Math.min(this.duration, seconds));
    if (playing) this.play();
  }

  /** Both play all the time; only who is heard changes. */
  listenTo(side: Side): void {
    this.side = side;
    this.setGains();
  }

  set sameLoudness(value: boolean) {
    this.matched = value;
    this.setGains();
  }

  close(): void {
    this.halt();
    this.context.close().catch(() => {});
  }

  private setGains(): void {
    const level = { before: 1, after: this.matched ? this.makeUp : 1 };
    for (const side of ['before', 'after'] as const) {
      const target = side === this.side ? level[side] : 0;
      this.gains[side].gain.setTargetAtTime(target, this.context.currentTime, SWITCH_SECONDS / 3);
    }
  }

  private halt(): void {
    for (const source of this.sources) {
      source.onended = null;
      source.stop();
      source.disconnect();
    }
    this.sources = [];
    this.playing = false;
  }
}

/** Root mean square of the loudest frames: that of the voice, when there is one. */
function loudness(buffer: AudioBuffer): number {
  const samples = buffer.getChannelData(0);
  const powers: number[] = [];
  for (let start = 0; start < samples.length; start += LOUD_FRAME) {
    const frame = samples.subarray(start, start + LOUD_FRAME);
    powers.push(frame.reduce((sum, x) => sum + x * x, 0) / frame.length);
  }
  powers.sort((a, b) => b - a);
  const loud = powers.slice(0, Math.ceil(powers.length * LOUD_SHARE));
  return Math.sqrt(loud.reduce((sum, power) => sum + power, 0) / loud.length) + 1e-6;
}
