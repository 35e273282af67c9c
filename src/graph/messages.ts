/** What travels over the port. Only types and one name, so both sides share it at no cost. */
import type { Model } from '../core/model';
import { VERSION } from '../shared/version';
import type { ProcessorStats } from './node-stats';

/** Registered name of the processor; with the version in it, two versions can live in one context. */
export const PROCESSOR_NAME: string = `percepnet-wasm/noise-suppressor@${VERSION}`;

/** The core and the network of a node. `wasm` and `model` are left out when the scope already holds this `key`. */
export interface ProcessorCore {
  key: string;
  wasm?: ArrayBuffer;
  model?: Model;
}

export interface ProcessorOptions {
  core: ProcessorCore;
  channels: 1 | 2;
  bypass: boolean;
  /** False for offline contexts, where nothing can be late. */
  realtime: boolean;
  overload: 'bypass' | 'report';
  voiceActivity: { start: number; stop: number; holdMs: number } | null;
  quantum: number;
  /** False leaves a frame's work to the callback that completes it; for measurements. */
  spread?: boolean;
}

export type ToProcessor =
  | { type: 'bypass'; value: boolean }
  | { type: 'reset' }
  | { type: 'probability' }
  | { type: 'stats'; id: number }
  | { type: 'keep-processing' }
  | { type: 'destroy' };

export type LiveState = 'running' | 'bypassed' | 'overloaded';

export type FromProcessor =
  /** The core is compiled, loaded and warm. */
  | { type: 'prepared'; latency: number; coreVersion: number }
  /** After the first frame, and at each change. */
  | { type: 'state'; state: LiveState }
  | { type: 'latency'; latency: number }
  | { type: 'speech'; speaking: boolean; probability: number; time: number }
  | { type: 'probability'; value: number }
  | { type: 'overload'; load: number; consecutive: number }
  | { type: 'stats'; id: number; stats: ProcessorStats }
  | { type: 'failed'; message: string };
