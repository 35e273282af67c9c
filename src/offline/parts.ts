/** Where a long recording is cut, so that several threads can work on it at once. Pure arithmetic. */
import { wholeFrames } from '../channel/timing';

/**
 * Seconds that a part hears before its own first sample, as the network begins anew in each; none of its units remembers longer. The difference
 * to the uncut recording is then 44 dB below it over the next 40 s at worst, with 10 s it was 28; no crossfade is needed (docs/performance.md).
 */
const LEAD_SECONDS = 20;
/** Seconds heard after its last one: more than any delay of the chain. */
const TAIL_SECONDS = 0.1;
/** Seconds of sound for each part, at least: below that too much of the work would be lead. */
const LEAST_SECONDS = 60;

/** Samples: first to end are a part's own, from to until are heard. */
export interface Part {
  readonly from: number;
  readonly first: number;
  readonly end: number;
  readonly until: number;
}

/**
 * Parts of about the same work, in order and without gaps; one part, all of it, where there is too little for two. They begin where
 * frames of the uncut recording do, so that those of the part lie as they do there.
 * @param length samples
 * @param rate hertz, whole
 * @param most parts
 */
export function cut(length: number, rate: number, most: number): Part[] {
  const count = Math.max(1, Math.min(most, Math.floor(length / (LEAST_SECONDS * rate))));
  const step = wholeFrames(rate);
  const lead = Math.ceil((LEAD_SECONDS * rate) / step) * step;
  // The first one has no lead, and as much more of its own.
  const own = (length - lead) / count;
  const seam = (k: number): number => (k === 0 ? 0 : Math.round((lead + k * own) / step) * step);
  return Array.from({ length: count }, (_, k) => {
    const first = seam(k);
    const end = k + 1 < count ? seam(k + 1) : length;
    const until = Math.min(length, end + Math.ceil(TAIL_SECONDS * rate));
    return { from: Math.max(0, first - lead), first, end, until };
  });
}
