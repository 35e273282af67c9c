/** A recording of any length through the suppressor, a minute at a time. */
import { denoise, type NetworkName } from 'percepnet-wasm/offline';
import type { Recording, Samples } from './recording';

/** Seconds that are suppressed at once, those before them that are heard first so that all has settled, and of the crossfade. */
const PART_SECONDS = 60;
const RUN_UP_SECONDS = 5;
const FADE_SECONDS = 0.02;

export interface How {
  readonly strength: number;
  readonly network: NetworkName;
}

/**
 * As many samples as come in, in step with them.
 * @param onWork called with how many samples of the recording are done
 */
export async function* clean(
  { sampleRate, length, channels }: Recording,
  pieces: AsyncIterable<Samples>,
  { strength, network }: How,
  signal: AbortSignal,
  onWork: (samples: number) => void,
): AsyncGenerator<Samples> {
  if (network === 'full') await import('percepnet-wasm/full');
  const part = PART_SECONDS * sampleRate;
  const runUp = RUN_UP_SECONDS * sampleRate;
  const fade = Math.round(FADE_SECONDS * sampleRate);
  const input = Array.from({ length: channels }, () => new Float32Array(runUp + part + fade));
  let filled = 0;
  /** Of the input, heard before. */
  let before = 0;
  let done = 0;
  /** The end of the last part, to be faded into the next. */
  let end: Samples | undefined;

  const finish = async (last: boolean): Promise<Samples> => {
    const output = await denoise(
      input.map((channel) => channel.subarray(0, filled)),
      {
        sampleRate,
        strength,
        network,
        signal,
        onProgress: (share) => onWork(done + Math.max(0, Math.min(share * filled, filled - fade) - before)),
      },
    );
    const out = output.map((channel) => channel.slice(before, last ? filled : filled - fade) as Samples[number]);
    if (end) for (const [c, channel] of out.entries()) crossfade(end[c]!, channel);
    end = output.map((channel) => channel.slice(filled - fade) as Samples[number]);
    done += out[0]!.length;
    // The next one hears the end of this one first.
    const kept = Math.min(filled, runUp + fade);
    for (const channel of input) channel.copyWithin(0, filled - kept, filled);
    filled = kept;
    before = kept - fade;
    return out;
  };

  for await (const piece of pieces) {
    for (let at = 0; at < piece[0]!.length; ) {
      const count = Math.min(piece[0]!.length - at, input[0]!.length - filled);
      for (const [c, channel] of input.entries()) channel.set(piece[c]!.subarray(at, at + count), filled);
      filled += count;
      at += count;
      if (filled === input[0]!.length && done + filled - before < length) yield await finish(false);
    }
  }
  if (filled > before) yield await finish(true);
}

/** From the one into the beginning of the other. */
function crossfade(from: Float32Array, to: Float32Array): void {
  const length = Math.min(from.length, to.length);
  for (let n = 0; n < length; n++) to[n] = from[n]! + ((n + 0.5) / length) * (to[n]! - from[n]!);
}
