/**
 * What a network decides, and what the rest of the core makes of decisions: entry of scripts/ablate.mjs, not part of the core
 * that ships. Recordings as in recording.ts; nothing here is real-time safe, pointers are trusted.
 */
import { BANDS, BANDS_BYTES, FRAME_BYTES } from '../constants';
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
  if (code == 0) network = new Network(layers);
  return code;
}

/** out: hops * (34 gains, 34 strengths, speech) f32, before the post-filter. */
export function decide(noisy: usize, hops: i32, out: usize): void {
  const s = new Suppressor(network);
  for (let n = 0; n < hops; n++) {
    memory.copy(changetype<usize>(s.input), noisy + (n as usize) * FRAME_BYTES, FRAME_BYTES);
    s.analyse();
    s.infer();
    memory.copy(out, changetype<usize>(s.gains), BANDS_BYTES);
    memory.copy(out + BANDS_BYTES, changetype<usize>(s.strengths), BANDS_BYTES);
    store<f32>(out + 2 * BANDS_BYTES, s.speech);
    out += ((2 * BANDS + 1) as usize) << 2;
  }
}

/** Applies decisions laid out as above with the stages named; out: hops * 480 f32, 1440 samples late. */
export function apply(noisy: usize, decisions: usize, hops: i32, postFilter: bool, wiener: bool, out: usize): void {
  const s = new Suppressor(null);
  s.hasPostFilter = postFilter;
  s.hasWiener = wiener;
  for (let n = 0; n < hops; n++) {
    const at = (n as usize) * FRAME_BYTES;
    memory.copy(changetype<usize>(s.input), noisy + at, FRAME_BYTES);
    s.analyse();
    memory.copy(changetype<usize>(s.gains), decisions, BANDS_BYTES);
    memory.copy(changetype<usize>(s.strengths), decisions + BANDS_BYTES, BANDS_BYTES);
    s.speech = load<f32>(decisions + 2 * BANDS_BYTES);
    s.synthesise(1);
    memory.copy(out + at, changetype<usize>(s.output), FRAME_BYTES);
    decisions += ((2 * BANDS + 1) as usize) << 2;
  }
}
