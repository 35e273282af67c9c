/**
 * Pitch path over frames by dynamic programming, read back as far as the look-ahead goes.
 *
 *   D_n(T) = xc_n(T) + max( max_{|j| <= REACH} [ D_{n-1}(T + j) - SLOPE j^2 ], max D_{n-1} - JUMP )
 */
import { LOOKAHEAD } from '../constants';
import { PITCH_JUMP as JUMP, PITCH_REACH as REACH, PITCH_SLOPE as SLOPE } from '../settings';
import { Ring } from '../signal/delay';
import { LAGS, MIN_LAG } from './search';

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
  private readonly paths: Ring = new Ring(DEPTH, PADDED);
  /** Index of each path's maximum, i32. */
  private readonly tops: Ring = new Ring(DEPTH, 1);
  /** Scores of the same frames. */
  private readonly history: Ring = new Ring(DEPTH, ROUNDED);
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
    }
    this.tops.reset();
    this.history.reset();
    this.lag = MIN_LAG;
    this.correlation = 0;
  }

  /** First lag of the path of the frame `count` frames before the newest. */
  private pathAt(count: i32): usize {
    return this.paths.before(count) + (REACH << 2);
  }

  /** Takes the LAGS scores of the newest frame and decides on the delayed one. Real-time safe. */
  process(scores: usize): void {
    const history = this.history.advance();
    memory.copy(history, scores, LAGS << 2);
    const path = this.pathAt(0);
    const next = this.paths.advance() + (REACH << 2);

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
    store<i32>(this.tops.advance(), best);

    for (let back = 1; back <= LOOKAHEAD; back++) {
      best = origin(this.pathAt(back), load<i32>(this.tops.before(back)), best);
    }
    this.lag = MIN_LAG + best;
    this.correlation = load<f32>(this.history.before(LOOKAHEAD) + (best << 2));
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
