/**
 * Entry: the core and whole recordings in one call, as build/recording.wasm: training data, the article's ladder, pitch tracks.
 *
 * Each function starts from silence, reads hops * 480 f32 and leaves hop n's output at hop n, 1440 samples late as on the live path.
 * All pointers lead into memory of `alloc`. Not real-time safe. Each gives 0, or a negative code.
 */
import { BANDS, BANDS_BYTES, BINS, FEATURES, FRAME, FRAME_BYTES } from '../constants';
import { isAllocated } from '../memory';
import { Suppressor } from '../suppressor';
import { Oracle, STATISTICS } from './oracle';

export * from './index';

/** As in index.ts. */
const ERROR_HANDLE: i32 = -1;
const ERROR_POINTER: i32 = -3;

/** Steps of the ladder; 2, between these, is bands alone. */
const STEP_UNTOUCHED: i32 = 0;
const STEP_BINS: i32 = 1;
const STEP_COMB: i32 = 3;
const STEP_POST_FILTER: i32 = 4;

const BIN_GAINS = new StaticArray<f32>(BINS + 3);

let suppressor: Suppressor | null = null;
let oracle: Oracle | null = null;

/** The one suppressor without a network, made at the first use and reset. */
function freshSuppressor(): Suppressor {
  let s = suppressor;
  if (!s) {
    s = new Suppressor(null);
    suppressor = s;
  }
  s.reset();
  return s;
}

function freshOracle(): Oracle {
  let o = oracle;
  if (!o) {
    o = new Oracle();
    oracle = o;
  }
  o.reset();
  return o;
}

function analyse(s: Suppressor, o: Oracle, noisy: usize, clean: usize): void {
  memory.copy(changetype<usize>(s.input), noisy, FRAME_BYTES);
  memory.copy(changetype<usize>(o.input), clean, FRAME_BYTES);
  s.analyse();
  o.process(s);
}

/** Whether there are `width` f32 for each hop at a pointer. */
function isRoom(pointer: usize, hops: i32, width: i32): bool {
  return isAllocated(pointer, (hops as i64) * width);
}

/** Training data. out: hops * (70 features + 171 statistics) f32. */
export function recordingFeatures(noisy: usize, clean: usize, hops: i32, out: usize): i32 {
  if (!isRoom(noisy, hops, FRAME) || !isRoom(clean, hops, FRAME) || !isRoom(out, hops, FEATURES + STATISTICS))
    return ERROR_POINTER;
  const s = freshSuppressor();
  const o = freshOracle();
  const features = (FEATURES as usize) << 2;
  const statistics = (STATISTICS as usize) << 2;
  for (let n = 0; n < hops; n++) {
    analyse(s, o, noisy + (n as usize) * FRAME_BYTES, clean + (n as usize) * FRAME_BYTES);
    memory.copy(out, changetype<usize>(s.features), features);
    memory.copy(out + features, changetype<usize>(o.statistics), statistics);
    out += features + statistics;
  }
  return 0;
}

/** One step of the article's ladder with ideal gains and strengths, 0 (untouched) to 4 (post-filter). out: hops * 480 f32. */
export function recordingLadder(noisy: usize, clean: usize, hops: i32, step: i32, out: usize): i32 {
  if (!isRoom(noisy, hops, FRAME) || !isRoom(clean, hops, FRAME) || !isRoom(out, hops, FRAME)) return ERROR_POINTER;
  if (step < STEP_UNTOUCHED || step > STEP_POST_FILTER) return ERROR_HANDLE;
  const s = freshSuppressor();
  const o = freshOracle();
  const gains = changetype<usize>(s.gains);
  const strengths = changetype<usize>(s.strengths);
  s.hasPostFilter = step == STEP_POST_FILTER;
  s.hasWiener = false;
  for (let n = 0; n < hops; n++) {
    const at = (n as usize) * FRAME_BYTES;
    analyse(s, o, noisy + at, clean + at);
    if (step == STEP_BINS) {
      o.binGains(s, changetype<usize>(BIN_GAINS));
      s.synthesiseBins(changetype<usize>(BIN_GAINS));
    } else {
      memory.fill(strengths, 0, BANDS_BYTES);
      for (let b = 0; b < BANDS; b++) {
        const ratio = min<f32>(1, unchecked(o.statistics[b]));
        unchecked((s.gains[b] = step == STEP_UNTOUCHED ? 1 : ratio));
      }
      if (step >= STEP_COMB) {
        memory.copy(gains, changetype<usize>(o.gains), BANDS_BYTES);
        memory.copy(strengths, changetype<usize>(o.strengths), BANDS_BYTES);
      }
      s.synthesise(1);
    }
    memory.copy(out + at, changetype<usize>(s.output), FRAME_BYTES);
  }
  return 0;
}

/** out: hops * (period in samples, correlation) f32 of the frames in decision. */
export function recordingPitch(noisy: usize, hops: i32, out: usize): i32 {
  if (!isRoom(noisy, hops, FRAME) || !isRoom(out, hops, 2)) return ERROR_POINTER;
  const s = freshSuppressor();
  for (let n = 0; n < hops; n++) {
    memory.copy(changetype<usize>(s.input), noisy + (n as usize) * FRAME_BYTES, FRAME_BYTES);
    s.analyse();
    store<f32>(out + (n << 3), s.period as f32);
    store<f32>(out + (n << 3), unchecked(s.features[FEATURES - 1]), 4);
  }
  return 0;
}

/** f32 of Y, and of P, that `recordingSpectra` writes for a hop: the bins of all bands below 8 kHz and of the one that reaches it. */
const SPECTRA: i32 = 2 * 200;

/** out: hops * (200 pairs of Y, 200 pairs of P) f32 of the frames in decision. */
export function recordingSpectra(noisy: usize, hops: i32, out: usize): i32 {
  if (!isRoom(noisy, hops, FRAME) || !isRoom(out, hops, 2 * SPECTRA)) return ERROR_POINTER;
  const s = freshSuppressor();
  const half = (SPECTRA as usize) << 2;
  for (let n = 0; n < hops; n++) {
    memory.copy(changetype<usize>(s.input), noisy + (n as usize) * FRAME_BYTES, FRAME_BYTES);
    s.analyse();
    memory.copy(out, s.spectrumInDecision, half);
    memory.copy(out + half, changetype<usize>(s.comb), half);
    out += 2 * half;
  }
  return 0;
}
