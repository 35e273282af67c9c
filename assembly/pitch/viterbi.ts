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
const PADDED: i32 = LAGS + 2 * REACH;
const OUTSIDE: f32 = -1e9;

export class Viterbi {
  /** D_{n-1}, padded by REACH on both sides and lowered so that its maximum is 0. */
  private path: StaticArray<f32> = new StaticArray<f32>(PADDED);
  private next: StaticArray<f32> = new StaticArray<f32>(PADDED);
  /** Where each lag came from, for the newest LOOKAHEAD frames; newest first. */
  private origins: StaticArray<u8> = new StaticArray<u8>(LOOKAHEAD * LAGS);
  /** Scores of the frames in the look-ahead; newest first. */
  private history: StaticArray<f32> = new StaticArray<f32>((LOOKAHEAD + 1) * LAGS);
  /** Lag of the frame LOOKAHEAD before the newest, in 12 kHz samples. */
  lag: i32 = MIN_LAG;
  /** Its score, about 0 (noise) to 1 (periodic). */
  correlation: f32 = 0;

  constructor() {
    this.reset();
  }

  reset(): void {
    const path = this.path;
    for (let i = 0; i < PADDED; i++) unchecked((path[i] = i < REACH || i >= REACH + LAGS ? OUTSIDE : 0));
    memory.copy(changetype<usize>(this.next), changetype<usize>(path), PADDED << 2);
    const origins = this.origins;
    for (let i = 0; i < LOOKAHEAD * LAGS; i++) unchecked((origins[i] = (i % LAGS) as u8));
    memory.fill(changetype<usize>(this.history), 0, ((LOOKAHEAD + 1) * LAGS) << 2);
    this.lag = MIN_LAG;
    this.correlation = 0;
  }

  /** Takes the LAGS scores of the newest frame and decides on the delayed one. Real-time safe. */
  process(scores: usize): void {
    const origins = changetype<usize>(this.origins);
    memory.copy(origins + LAGS, origins, (LOOKAHEAD - 1) * LAGS);
    const history = changetype<usize>(this.history);
    memory.copy(history + (LAGS << 2), history, (LOOKAHEAD * LAGS) << 2);
    memory.copy(history, scores, LAGS << 2);

    const path = changetype<usize>(this.path) + (REACH << 2);
    const next = changetype<usize>(this.next) + (REACH << 2);
    let top = 0;
    for (let i = 1; i < LAGS; i++) if (load<f32>(path + (i << 2)) > load<f32>(path + (top << 2))) top = i;
    const jump = load<f32>(path + (top << 2)) - JUMP;

    let best = 0;
    let bestScore: f32 = OUTSIDE;
    for (let i = 0; i < LAGS; i++) {
      let from = top;
      let reach = jump;
      for (let j = -REACH; j <= REACH; j++) {
        const candidate = load<f32>(path + ((i + j) << 2)) - SLOPE * ((j * j) as f32);
        if (candidate > reach) {
          reach = candidate;
          from = i + j;
        }
      }
      const score = load<f32>(scores + (i << 2)) + reach;
      store<f32>(next + (i << 2), score);
      store<u8>(origins + i, from as u8);
      if (score > bestScore) {
        bestScore = score;
        best = i;
      }
    }
    for (let i = 0; i < LAGS; i++) store<f32>(next + (i << 2), load<f32>(next + (i << 2)) - bestScore);
    const swap = this.path;
    this.path = this.next;
    this.next = swap;

    for (let back = 0; back < LOOKAHEAD; back++) best = load<u8>(origins + back * LAGS + best) as i32;
    this.lag = MIN_LAG + best;
    this.correlation = load<f32>(history + ((LOOKAHEAD * LAGS + best) << 2));
  }
}
