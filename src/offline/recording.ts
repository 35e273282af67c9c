/** A recording in memory, or a part of one, through a core. */
import type { LoadedAssets } from '../loading/assets';
import { NoiseSuppressorError } from '../shared/errors';
import { CoreLost, type SharedCore, share } from './cores';
import { Stream } from './stream';

/** Milliseconds of work between two breaths of the event loop. */
const SLICE_MS = 40;
/** Samples between two looks at the clock. */
const BLOCK = 48000;

/** What is to be done to a recording. */
export interface Job {
  readonly assets: LoadedAssets;
  /** One or more channels of one length. */
  readonly input: readonly Float32Array[];
  /** Hertz, whole. */
  readonly rate: number;
  readonly strength: number;
}

/**
 * As many samples as go in, in step with them, with a breath every 40 ms.
 * @param tell is called with the share that is done, below 1, in order
 * @throws {NoiseSuppressorError} 'aborted', 'processor-failed', 'wasm-rejected'
 */
export async function cleaned(
  { assets, input, rate, strength }: Job,
  signal: AbortSignal | null | undefined,
  tell: (fraction: number) => void,
): Promise<Float32Array[]> {
  const length = input[0]?.length ?? 0;
  const output = input.map(() => new Float32Array(length));
  let told = 0;
  const forward = (fraction: number): void => {
    // Not again what was done before, when the work began anew.
    if (fraction >= told) tell(fraction);
    told = Math.max(told, fraction);
  };
  for (let done = length === 0; !done; ) {
    const core = share(assets, input.length);
    try {
      await run(core, input, output, rate, strength, signal, forward);
      done = true;
    } catch (error) {
      if (!(error instanceof CoreLost)) throw error;
    } finally {
      core.release();
    }
  }
  return output;
}

async function run(
  core: SharedCore,
  input: readonly Float32Array[],
  output: readonly Float32Array[],
  rate: number,
  strength: number,
  signal: AbortSignal | null | undefined,
  tell: (fraction: number) => void,
): Promise<void> {
  const length = input[0]!.length;
  let written = 0;
  const stream = new Stream(core, rate, input.length, strength, (channels, count) => {
    for (const [i, samples] of channels.entries()) output[i]!.set(samples, written);
    written += count;
  });
  try {
    let breath = performance.now();
    for (let at = 0; at < length; at += BLOCK) {
      checkAborted(signal);
      stream.push(input, at, Math.min(at + BLOCK, length));
      if (performance.now() - breath < SLICE_MS) continue;
      tell(written / length);
      await yieldToHost();
      breath = performance.now();
    }
    checkAborted(signal);
    stream.finish();
  } finally {
    stream.destroy();
  }
}

/** @throws {NoiseSuppressorError} 'aborted' */
export function checkAborted(signal: AbortSignal | null | undefined): void {
  if (signal?.aborted)
    throw new NoiseSuppressorError('aborted', 'the work was aborted by its signal', { cause: signal.reason });
}

/** Lets events run. Not setTimeout: background tabs slow it down to once a second. */
function yieldToHost(): Promise<void> {
  if (typeof setImmediate === 'function') return new Promise((resolve) => setImmediate(resolve));
  return new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      port1.close();
      resolve();
    };
    port2.postMessage(null);
  });
}
