/** What a node tells of itself when asked. */
import type { NetworkInfo } from '../core/model';

/** What a node has done and what it costs. */
export interface NoiseSuppressorStats {
  /** Of 10 ms, through the network. */
  framesProcessed: number;
  /** Of 10 ms, let through delayed: bypass, and overload. */
  framesBypassed: number;
  /** Gaps seen on the audio clock. */
  lateCallbacks: number;
  /** How often it fell so far behind that it stopped for a while. */
  overloads: number;
  /** Mean share of real time spent in the core over the last second. 0 in offline contexts. */
  load: number;
  /** The largest `load` of any second so far. */
  peakLoad: number;
  /** dBFS over the last second, first channel. */
  inputLevel: number;
  /** As inputLevel, of what goes out. */
  outputLevel: number;
  /** Decibels by which frames without speech came out quieter, mean over the last 10 s of them. */
  attenuation: number;
  /** Seconds. */
  latency: number;
  /** Hertz, of the context. */
  sampleRate: number;
  /** Of the wasm file, as the package's. */
  coreVersion: string;
  /** Which network runs. */
  network: NetworkInfo;
  /** As network.version. */
  modelVersion: string;
  /** Always true: without SIMD nothing starts. */
  simd: boolean;
  /** Whether the relaxed SIMD core was chosen; the numbers are the same either way. */
  relaxedSimd: boolean;
}

/** Those of them that the audio thread counts; the others are the node's own. */
export type ProcessorStats = Omit<
  NoiseSuppressorStats,
  'sampleRate' | 'coreVersion' | 'network' | 'modelVersion' | 'simd' | 'relaxedSimd'
>;

interface Question {
  resolve(stats: ProcessorStats): void;
  reject(error: unknown): void;
}

/** Questions on their way to the audio thread and back. */
export class StatsQuestions {
  private readonly open = new Map<number, Question>();
  private nextId = 1;

  ask(send: (id: number) => void): Promise<ProcessorStats> {
    const id = this.nextId++;
    return new Promise((resolve, reject) => {
      this.open.set(id, { resolve, reject });
      send(id);
    });
  }

  answer(id: number, stats: ProcessorStats): void {
    this.open.get(id)?.resolve(stats);
    this.open.delete(id);
  }

  /** Nobody is left to answer. */
  refuse(error: unknown): void {
    for (const { reject } of this.open.values()) reject(error);
    this.open.clear();
  }
}
