/**
 * Pitch path over frames by dynamic programming, read back as far as the look-ahead goes.
 *
 *   D_n(T) = xc_n(T) + max( max_{|j| <= 5} [ D_{n-1}(T + j) - 0.005 j^2 ], max D_{n-1} - jump )
 */
import { LOOKAHEAD } from '../constants';
import { LAGS, MIN_LAG } from './search';

const REACH: i32 = 5;
const SLOPE: f32 = 0.005;
/** Price of leaving the path: a new voice or an onset. */
const JUMP: f32 = 0.6;
/** Lags rounded up to whole vectors. */
const ROUNDED: i32 = (LAGS + 3) & ~3;
const PADDED: i32 = ROUNDED + 2 * REACH;
const OUTSIDE: f32 = -1e9;
/** Byte of the last vector of lags, which LAGS need not fill. */
const LAST: usize = (ROUNDED - 4) << 2;
/** Frames that are kept. */
const DEPTH: i32 = LOOKAHEAD + 1;

export class Viterbi {
  /** D of the newest frame and of the LOOKAHEAD before it, each padded by REACH on both sides and lowered so that its maximum is 0. */
  private paths: StaticArray<f32> = new StaticArray<f32>(DEPTH * PADDED);
  /** Index of each path's maximum. */
  private tops: StaticArray<i32> = new StaticArray<i32>(DEPTH);
  /** Scores of the same frames. */
  private history: StaticArray<f32> = new StaticArray<f32>(DEPTH * ROUNDED);
  /** Place of the newest frame in all three, which are rings. */
  private newest: i32 = 0;
  /** Lag of the frame LOOKAHEAD before the newest, in 12 kHz samples. */
  lag: i32 = MIN_LAG;
  /** Its score, about 0 (noise) to 1 (periodic). */
  correlation: f32 = 0;

  constructor() {
    this.reset();
  }

  reset(): void {
    for (let frame = 0; frame < DEPTH; frame++) {
      const path = this.pathAt(frame);
      for (let i = -REACH; i < ROUNDED + REACH; i++) store<f32>(path + (i << 2), i >= 0 && i < LAGS ? 0 : OUTSIDE);
      unchecked((this.tops[frame] = 0));
    }
    memory.fill(changetype<usize>(this.history), 0, (DEPTH * ROUNDED) << 2);
    this.newest = 0;
    this.lag = MIN_LAG;
    this.correlation = 0;
  }

  private pathAt(frame: i32): usize {
    return changetype<usize>(this.paths) + ((frame * PADDED + REACH) << 2);
  }

  /** Takes the LAGS scores of the newest frame and decides on the delayed one. Real-time safe. */
  process(scores: usize): void {
    const before = this.newest;
    const newest = (before + 1) % DEPTH;
    this.newest = newest;
    const history = changetype<usize>(this.history) + ((newest * ROUNDED) << 2);
    memory.copy(history, scores, LAGS << 2);
    const path = this.pathAt(before);
    const next = this.pathAt(newest);

    // Four lags at a time: the best way to each. Where it came from is worked out below for the one path that is read back.
    let highest = f32x4.splat(OUTSIDE);
    for (let at: usize = 0; at < LAST; at += 16) {
      const score = f32x4.add(v128.load(history + at), reached(path + at));
      v128.store(next + at, score);
      highest = f32x4.pmax(highest, score);
    }
    const tail = f32x4.add(v128.load(history + LAST), reached(path + LAST));
    v128.store(next + LAST, tail);
    let bestScore = f32x4.extract_lane(tail, 0);
    for (let i: usize = 4; i < ((LAGS as usize) & 3) << 2; i += 4)
      bestScore = max(bestScore, load<f32>(next + LAST + i));
    highest = f32x4.pmax(highest, f32x4.splat(bestScore));
    highest = f32x4.pmax(highest, v128.shuffle<f32>(highest, highest, 2, 3, 0, 1));
    bestScore = max(f32x4.extract_lane(highest, 0), f32x4.extract_lane(highest, 1));
    let best = 0;
    while (best < LAGS - 1 && load<f32>(next + (best << 2)) < bestScore) best++;
    const lower = f32x4.splat(bestScore);
    for (let at: usize = 0; at <= LAST; at += 16) v128.store(next + at, f32x4.sub(v128.load(next + at), lower));
    for (let i = LAGS; i < ROUNDED; i++) store<f32>(next + (i << 2), OUTSIDE);
    unchecked((this.tops[newest] = best));

    let frame = newest;
    for (let back = 0; back < LOOKAHEAD; back++) {
      frame = (frame + DEPTH - 1) % DEPTH;
      best = origin(this.pathAt(frame), unchecked(this.tops[frame]), best);
    }
    this.lag = MIN_LAG + best;
    this.correlation = load<f32>(changetype<usize>(this.history) + ((frame * ROUNDED + best) << 2));
  }
}

/** The inner maximum of the formula for the four lags at `path`; the maximum of the path is 0. */
function reached(path: usize): v128 {
  let best = f32x4.splat(-JUMP);
  for (let j = -REACH; j <= REACH; j++) {
    best = f32x4.pmax(best, f32x4.sub(v128.load(path + (j << 2)), f32x4.splat(SLOPE * ((j * j) as f32))));
  }
  return best;
}

/** Where that maximum was for one lag. */
function origin(path: usize, top: i32, lag: i32): i32 {
  let best: f32 = -JUMP;
  let from = top;
  for (let j = -REACH; j <= REACH; j++) {
    const candidate = load<f32>(path + ((lag + j) << 2)) - SLOPE * ((j * j) as f32);
    if (candidate > best) {
      best = candidate;
      from = lag + j;
    }
  }
  return from;
}
