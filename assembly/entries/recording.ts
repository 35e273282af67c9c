/**
 * Entry: the core and whole recordings in one call, as build/recording.wasm: training data, the article's ladder, pitch tracks.
 *
 * Each function starts from silence, reads hops * 480 f32 and leaves hop n's output at hop n, 1440 samples late as on the live path.
 * All pointers lead into memory of `alloc`. Not real-time safe. Each gives 0, or a negative code.
 */
import {
  BANDS,
  BANDS_BYTES,
  BINS_BYTES,
  BINS_PADDED,
  FEATURES,
  FRAME,
  FRAME_BYTES,
  SPECTRUM,
  TRAINING_BINS,
} from '../constants';
import { scaleBins } from '../enhance/gains';
import { postFilter } from '../enhance/postfilter';
import { ERROR_HANDLE, ERROR_POINTER } from '../errors';
import { isAllocated } from '../memory';
import { Suppressor } from '../suppressor';
import { Oracle, STATISTICS } from './oracle';

export * from './index';

/** Steps of the ladder; 2, between these, is bands alone. */
const STEP_UNTOUCHED: i32 = 0;
const STEP_BINS: i32 = 1;
const STEP_COMB: i32 = 3;
const STEP_POST_FILTER: i32 = 4;

const BIN_GAINS = new StaticArray<f32>(BINS_PADDED);
const SCALED = new StaticArray<f32>(SPECTRUM);

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

function analyse(s: Suppressor, noisy: usize): void {
  memory.copy(changetype<usize>(s.stream.input), noisy, FRAME_BYTES);
  s.analyse();
}

function analyseBoth(s: Suppressor, o: Oracle, noisy: usize, clean: usize): void {
  analyse(s, noisy);
  memory.copy(changetype<usize>(o.input), clean, FRAME_BYTES);
  o.process(s.analysis);
}

/** A gain for each bin of the frame in decision, in place of bands and comb filter. */
function synthesiseBins(s: Suppressor, gains: usize): void {
  const scaled = changetype<usize>(SCALED);
  memory.copy(scaled, s.analysis.spectrum, 2 * BINS_BYTES);
  scaleBins(scaled, gains);
  s.synthesis.process(scaled, changetype<usize>(s.stream.output));
  s.stream.leave(1);
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
    analyseBoth(s, o, noisy + (n as usize) * FRAME_BYTES, clean + (n as usize) * FRAME_BYTES);
    memory.copy(out, changetype<usize>(s.analysis.features), features);
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
  const gains = changetype<usize>(s.decisions.gains);
  const strengths = changetype<usize>(s.decisions.strengths);
  s.enhancer.filtersBins = false;
  for (let n = 0; n < hops; n++) {
    const at = (n as usize) * FRAME_BYTES;
    analyseBoth(s, o, noisy + at, clean + at);
    if (step == STEP_BINS) {
      o.binGains(s.analysis, changetype<usize>(BIN_GAINS));
      synthesiseBins(s, changetype<usize>(BIN_GAINS));
    } else {
      memory.fill(strengths, 0, BANDS_BYTES);
      for (let b = 0; b < BANDS; b++) {
        const ratio = min<f32>(1, unchecked(o.statistics[b]));
        unchecked((s.decisions.gains[b] = step == STEP_UNTOUCHED ? 1 : ratio));
      }
      if (step >= STEP_COMB) {
        memory.copy(gains, changetype<usize>(o.gains), BANDS_BYTES);
        memory.copy(strengths, changetype<usize>(o.strengths), BANDS_BYTES);
      }
      if (step == STEP_POST_FILTER) postFilter(gains, s.analysis.energy);
      s.synthesise(1);
    }
    memory.copy(out + at, changetype<usize>(s.stream.output), FRAME_BYTES);
  }
  return 0;
}

/** out: hops * (period in samples, correlation) f32 of the frames in decision. */
export function recordingPitch(noisy: usize, hops: i32, out: usize): i32 {
  if (!isRoom(noisy, hops, FRAME) || !isRoom(out, hops, 2)) return ERROR_POINTER;
  const s = freshSuppressor();
  for (let n = 0; n < hops; n++) {
    analyse(s, noisy + (n as usize) * FRAME_BYTES);
    store<f32>(out + (n << 3), s.analysis.period as f32);
    store<f32>(out + (n << 3), unchecked(s.analysis.features[FEATURES - 1]), 4);
  }
  return 0;
}

/** f32 of Y, and of P, that `recordingSpectra` writes for a hop: the bins of all bands below 8 kHz and of the one that reaches it. */
const SPECTRA: i32 = 2 * TRAINING_BINS;

/** out: hops * (200 pairs of Y, 200 pairs of P) f32 of the frames in decision. */
export function recordingSpectra(noisy: usize, hops: i32, out: usize): i32 {
  if (!isRoom(noisy, hops, FRAME) || !isRoom(out, hops, 2 * SPECTRA)) return ERROR_POINTER;
  const s = freshSuppressor();
  const half = (SPECTRA as usize) << 2;
  for (let n = 0; n < hops; n++) {
    analyse(s, noisy + (n as usize) * FRAME_BYTES);
    memory.copy(out, s.analysis.spectrum, half);
    memory.copy(out + half, changetype<usize>(s.analysis.comb), half);
    out += 2 * half;
  }
  return 0;
}
