/** A recording of any length through the suppressor, piece by piece: one stream, and so no seams. */
import { Denoiser, type NetworkName } from 'percepnet-wasm/offline';
import type { Recording, Samples } from './recording';

/** Milliseconds of work between two breaths, in which the worker hears of a cancel and reads what is to be played. */
const SLICE_MS = 40;

export interface How {
  readonly strength: number;
  readonly network: NetworkName;
}

/** As many samples as come in, in step with them; channels in pairs that share their gains, as denoise() takes them. */
export async function* clean(
  { sampleRate, channels }: Pick<Recording, 'sampleRate' | 'channels'>,
  pieces: AsyncIterable<Samples>,
  { strength, network }: How,
  signal: AbortSignal,
): AsyncGenerator<Samples> {
  if (network === 'full') await import('percepnet-wasm/full');
  const pairs: Denoiser[] = [];
  try {
    for (let c = 0; c < channels; c += 2) {
      const sides = c + 1 < channels ? 'stereo' : 'mono';
      pairs.push(await Denoiser.create({ sampleRate, channels: sides, strength, network, signal }));
    }
    let breath = performance.now();
    for await (const piece of pieces) {
      yield pairs.flatMap((pair, i) => pair.process(piece.slice(2 * i, 2 * i + 2))) as Samples;
      if (performance.now() - breath < SLICE_MS) continue;
      await new Promise((resolve) => setTimeout(resolve));
      signal.throwIfAborted();
      breath = performance.now();
    }
    yield pairs.flatMap((pair) => pair.flush<Float32Array[]>()) as Samples;
  } finally {
    for (const pair of pairs) pair.destroy();
  }
}
