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

export class Viterbi {
  /** D_{n-1}, padded by REACH on both sides and lowered so that its maximum is 0. */
  private path: StaticArray<f32> = new StaticArray<f32>(PADDED);
  /** Index of the path's maximum. */
  private top: i32 = 0;
  private next: StaticArray<f32> = new StaticArray<f32>(PADDED);
  /** Where each lag came from, for the newest LOOKAHEAD frames; newest first. */
  private origins: StaticArray<u8> = new StaticArray<u8>(LOOKAHEAD * ROUNDED);
  /** Scores of the frames in the look-ahead; newest first. */
  private history: StaticArray<f32> = new StaticArray<f32>((LOOKAHEAD + 1) * ROUNDED);
  /** Lag of the frame LOOKAHEAD before the newest, in 12 kHz samples. */
  lag: i32 = MIN_LAG;
  /** Its score, about 0 (noise) to 1 (periodic). */
  correlation: f32 = 0;

  constructor() {
    this.reset();
  }

  reset(): void {
    const path = this.path;
    for (let i = 0; i < PADDED; i++) unchecked((path[i] = i < REACH || i >= REACH + LAGS ? OUTSIDE : <f32>0));
    memory.copy(changetype<usize>(this.next), changetype<usize>(path), PADDED << 2);
    const origins = this.origins;
    for (let i = 0; i < LOOKAHEAD * ROUNDED; i++) unchecked((origins[i] = min(i % ROUNDED, LAGS - 1) as u8));
    memory.fill(changetype<usize>(this.history), 0, ((LOOKAHEAD + 1) * ROUNDED) << 2);
    this.top = 0;
    this.lag = MIN_LAG;
    this.correlation = 0;
  }

  /** Takes the LAGS scores of the newest frame and decides on the delayed one. Real-time safe. */
  process(scores: usize): void {
    const origins = changetype<usize>(this.origins);
    memory.copy(origins + ROUNDED, origins, (LOOKAHEAD - 1) * ROUNDED);
    const history = changetype<usize>(this.history);
    memory.copy(history + (ROUNDED << 2), history, (LOOKAHEAD * ROUNDED) << 2);
    memory.copy(history, scores, LAGS << 2);

    const path = changetype<usize>(this.path) + (REACH << 2);
    const next = changetype<usize>(this.next) + (REACH << 2);
    const top = this.top;
    // The maximum of the path is 0, see below.
    const jump = -JUMP;

    // Four lags at a time: the best predecessor of each and where it was.
    const lanes = i32x4(0, 1, 2, 3);
    for (let i = 0; i < ROUNDED; i += 4) {
      let from = i32x4.splat(top);
      let reach = f32x4.splat(jump);
      for (let j = -REACH; j <= REACH; j++) {
        const cost = SLOPE * ((j * j) as f32);
        const candidate = f32x4.sub(v128.load(path + ((i + j) << 2)), f32x4.splat(cost));
        const better = f32x4.gt(candidate, reach);
        reach = v128.bitselect(candidate, reach, better);
        from = v128.bitselect(i32x4.add(lanes, i32x4.splat(i + j)), from, better);
      }
      v128.store(next + (i << 2), f32x4.add(v128.load(history + (i << 2)), reach));
      const narrow = i16x8.narrow_i32x4_u(from, from);
      v128.store32_lane(origins + i, i8x16.narrow_i16x8_u(narrow, narrow), 0);
    }
    let highest = v128.load(next);
    for (let i = 4; i < LAGS - 3; i += 4) highest = f32x4.max(highest, v128.load(next + (i << 2)));
    highest = f32x4.max(highest, v128.load(next + ((LAGS - 4) << 2)));
    const bestScore = max(
      max(f32x4.extract_lane(highest, 0), f32x4.extract_lane(highest, 1)),
      max(f32x4.extract_lane(highest, 2), f32x4.extract_lane(highest, 3)),
    );
    let best = 0;
    while (best < LAGS - 1 && load<f32>(next + (best << 2)) < bestScore) best++;
    const lower = f32x4.splat(bestScore);
    for (let i = 0; i < ROUNDED; i += 4) v128.store(next + (i << 2), f32x4.sub(v128.load(next + (i << 2)), lower));
    for (let i = LAGS; i < ROUNDED; i++) store<f32>(next + (i << 2), OUTSIDE);
    this.top = best;
    const swap = this.path;
    this.path = this.next;
    this.next = swap;

    for (let back = 0; back < LOOKAHEAD; back++) best = load<u8>(origins + back * ROUNDED + best) as i32;
    this.lag = MIN_LAG + best;
    this.correlation = load<f32>(history + ((LOOKAHEAD * ROUNDED + best) << 2));
  }
}
