/**
 * Entry of evaluation/ablate.mjs: what a network decides, and what the rest of the core makes of decisions. Recordings as in recording.ts;
 * nothing here is real-time safe, pointers are trusted.
 */
import { BANDS, BANDS_BYTES, FRAME_BYTES } from '../constants';
import { postFilter } from '../enhance/postfilter';
import { allocate } from '../memory';
import { Network } from '../network/percepnet';
import { checkLayers } from '../network/weights';
import { Suppressor } from '../suppressor';

let network: Network | null = null;

export function alloc(bytes: i32): usize {
  return allocate(bytes);
}

/** As the core's; the network takes the place of the last one. */
export function networkLoad(layers: usize, count: i32): i32 {
  const code = checkLayers(layers, count);
  if (code == 0) network = new Network(layers, count);
  return code;
}

/** out: hops * (34 gains, 34 strengths, speech) f32. */
export function decide(noisy: usize, hops: i32, out: usize): void {
  const s = new Suppressor(network);
  for (let n = 0; n < hops; n++) {
    memory.copy(changetype<usize>(s.stream.input), noisy + (n as usize) * FRAME_BYTES, FRAME_BYTES);
    s.analyse();
    s.decide();
    memory.copy(out, changetype<usize>(s.decisions.gains), BANDS_BYTES);
    memory.copy(out + BANDS_BYTES, changetype<usize>(s.decisions.strengths), BANDS_BYTES);
    store<f32>(out + 2 * BANDS_BYTES, s.decisions.speech);
    out += ((2 * BANDS + 1) as usize) << 2;
  }
}

/**
 * Applies decisions laid out as above; out: hops * 480 f32, 1440 samples late.
 * @param isWarped by the article's post-filter
 * @param filtersBins with the Wiener filter
 */
export function apply(noisy: usize, decisions: usize, hops: i32, isWarped: bool, filtersBins: bool, out: usize): void {
  const s = new Suppressor(null);
  const gains = changetype<usize>(s.decisions.gains);
  s.enhancer.filtersBins = filtersBins;
  for (let n = 0; n < hops; n++) {
    const at = (n as usize) * FRAME_BYTES;
    memory.copy(changetype<usize>(s.stream.input), noisy + at, FRAME_BYTES);
    s.analyse();
    memory.copy(gains, decisions, BANDS_BYTES);
    memory.copy(changetype<usize>(s.decisions.strengths), decisions + BANDS_BYTES, BANDS_BYTES);
    if (isWarped) postFilter(gains, s.analysis.energy);
    s.synthesise(1);
    memory.copy(out + at, changetype<usize>(s.stream.output), FRAME_BYTES);
    decisions += ((2 * BANDS + 1) as usize) << 2;
  }
}
