/** The core alone, without Web Audio: microseconds per frame in a worker. */
import { Denoiser } from 'percepnet-wasm/offline';
import { testSignal } from './signal';
import { median } from './statistics';

export interface CoreJob {
  wasm: string;
  model: string;
  /** Seconds of audio to measure. */
  seconds: number;
}

export type CoreAnswer = { microseconds: number } | { error: string };

/** Frames timed together: clocks in pages are coarse. */
const BATCH = 20;
const WARM_UP_FRAMES = 200;

// Pages and workers have one type of global here.
const scope = self as unknown as {
  onmessage: ((event: MessageEvent<CoreJob>) => void) | null;
  postMessage(answer: CoreAnswer): void;
};

scope.onmessage = async ({ data }) => {
  try {
    scope.postMessage({ microseconds: await measure(data) });
  } catch (error) {
    scope.postMessage({ error: error instanceof Error ? error.message : String(error) });
  }
};

async function measure({ wasm, model, seconds }: CoreJob): Promise<number> {
  const denoiser = await Denoiser.create({ assets: { wasm, model } });
  const { frameLength, sampleRate } = denoiser;
  const signal = testSignal(4, sampleRate);
  const output = new Float32Array(frameLength);
  const frames = Math.floor(signal.length / frameLength);
  let next = 0;
  const run = (count: number): void => {
    for (let i = 0; i < count; i++) {
      denoiser.process(signal.subarray(next * frameLength, (next + 1) * frameLength), output);
      next = (next + 1) % frames;
    }
  };
  run(WARM_UP_FRAMES);
  const batches: number[] = [];
  const wanted = Math.max(1, Math.round((seconds * sampleRate) / frameLength / BATCH));
  while (batches.length < wanted) {
    const began = performance.now();
    run(BATCH);
    batches.push(((performance.now() - began) * 1000) / BATCH);
  }
  denoiser.destroy();
  return median(batches);
}
