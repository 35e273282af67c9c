/** The core's own view of a recording, off the main thread: steps of the ladder, pitch, bands, comb filter. */
import { denoise, type NetworkName } from 'percepnet-wasm/offline';
import { CORE_IMPORTS, type CoreExports } from '../../src/core/exports';
import {
  BANDS,
  BINS,
  COMB_PERIODS,
  DELAY as CORE_DELAY,
  SAMPLE_RATE as CORE_RATE,
  FRAME,
  LOOKAHEAD,
} from '../../src/core/shape';
import { type Loads, watchLoads } from '../shared/loading';

export type CoreJob =
  | {
      type: 'ladder';
      id: number;
      noisy: Float32Array<ArrayBuffer>;
      clean: Float32Array<ArrayBuffer>;
      network: NetworkName;
    }
  | { type: 'bands'; id: number }
  | { type: 'comb'; id: number; period: number };

/** Pitch of one frame of 10 ms. */
export interface PitchFrame {
  /** Samples at 48 kHz. */
  readonly period: number;
  /** About 0 (noise) to 1 (periodic). */
  readonly correlation: number;
}

export interface Ladder {
  /** Bins, bands, comb filter, post-filter, network. */
  readonly steps: Float32Array<ArrayBuffer>[];
  readonly pitch: { readonly noisy: PitchFrame[]; readonly clean: PitchFrame[] };
}

export type CoreAnswer =
  | ({ type: 'load' } & Loads)
  | ({ type: 'ladder'; id: number } & Ladder)
  | { type: 'bands'; id: number; shapes: Float32Array[] }
  | { type: 'comb'; id: number; taps: Float32Array }
  | { type: 'error'; id: number; message: string };

/** assembly/entries/article.ts: the core and what the library does not use. */
interface ArticleCore extends CoreExports {
  recordingLadder(noisy: number, clean: number, hops: number, step: number, out: number): number;
  recordingPitch(noisy: number, hops: number, out: number): number;
  bandShape(band: number): number;
  combTaps(period: number): number;
}

const TAPS = 2 * COMB_PERIODS + 1;
/** Steps 1 to 4 of recordingLadder. */
const IDEAL_STEPS = [1, 2, 3, 4];

// Pages and workers have one type of global here.
const scope = self as unknown as {
  onmessage: ((event: MessageEvent<CoreJob>) => void) | null;
  postMessage(answer: CoreAnswer): void;
};

async function load(): Promise<WebAssembly.Module> {
  const response = await fetch(new URL('core.wasm', import.meta.url));
  if (!response.ok) throw new Error(`article/core.wasm is missing on the server (HTTP ${response.status}).`);
  return WebAssembly.compile(await response.arrayBuffer());
}

let loaded: Promise<WebAssembly.Module> | undefined;
async function instance(): Promise<ArticleCore> {
  loaded ??= load();
  return (await WebAssembly.instantiate(await loaded, CORE_IMPORTS)).exports as unknown as ArticleCore;
}

let shapes: Promise<ArticleCore> | undefined;

watchLoads((loads) => scope.postMessage({ type: 'load', ...loads }));

scope.onmessage = async ({ data: job }) => {
  const { id } = job;
  try {
    if (job.type === 'ladder') {
      scope.postMessage({ type: 'ladder', id, ...(await climb(job)) });
      return;
    }
    shapes ??= instance();
    const core = await shapes;
    if (job.type === 'bands') {
      const view = (band: number) => new Float32Array(core.memory.buffer, core.bandShape(band), BINS).slice();
      scope.postMessage({ type: 'bands', id, shapes: Array.from({ length: BANDS }, (_, band) => view(band)) });
    } else {
      const taps = new Float32Array(core.memory.buffer, core.combTaps(job.period), TAPS).slice();
      scope.postMessage({ type: 'comb', id, taps });
    }
  } catch (error) {
    scope.postMessage({ type: 'error', id, message: error instanceof Error ? error.message : String(error) });
  }
};

async function climb({ noisy, clean, network }: CoreJob & { type: 'ladder' }): Promise<Ladder> {
  if (network === 'full') await import('percepnet-wasm/full');
  // A fresh one each time: recordings are never given back by the core's allocator.
  const core = await instance();
  const hops = Math.ceil((noisy.length + CORE_DELAY) / FRAME);
  const room = (): number => {
    const at = core.alloc(hops * FRAME * 4);
    if (at === 0) throw new Error('The recording does not fit the memory of the core.');
    return at;
  };
  const [noisyAt, cleanAt, outAt] = [room(), room(), room()];
  const view = (at: number) => new Float32Array(core.memory.buffer, at, hops * FRAME);
  view(noisyAt).set(noisy);
  view(cleanAt).set(clean);
  const steps = IDEAL_STEPS.map((step) => {
    const code = core.recordingLadder(noisyAt, cleanAt, hops, step, outAt);
    if (code !== 0) throw new Error(`The core refused step ${step} (${code}).`);
    return view(outAt).slice(CORE_DELAY, CORE_DELAY + noisy.length);
  });
  const pitch = (at: number): PitchFrame[] => {
    const code = core.recordingPitch(at, hops, outAt);
    if (code !== 0) throw new Error(`The core refused to track the pitch (${code}).`);
    const values = view(outAt);
    return Array.from({ length: hops - LOOKAHEAD }, (_, n) => ({
      period: values[2 * (n + LOOKAHEAD)]!,
      correlation: values[2 * (n + LOOKAHEAD) + 1]!,
    }));
  };
  const tracks = { noisy: pitch(noisyAt), clean: pitch(cleanAt) };
  const last = await denoise(noisy, { sampleRate: CORE_RATE, network });
  return { steps: [...steps, last as Float32Array<ArrayBuffer>], pitch: tracks };
}
