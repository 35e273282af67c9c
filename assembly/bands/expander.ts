/**
 * Downward expander of the pauses: what is left of the noise between words is lowered further, high frequencies the most.
 *
 *   q   = SUM_b g_b^2 e_b / SUM_b e_b           share of the frame's energy that the gains keep
 *   u   = q / (0.025 + 0.3 (1 - p))             p: speech probability; what is kept where nobody speaks is noise
 *   t   = clamp(p u^(1/2) + (1 - p) u, 0.16, 1)
 *   t_n = max(t, ..., t_{n-6})                  opens at once, closes 60 ms after a word
 *   h_b = t^(1/2) up to 750 Hz, t up to 3 kHz, t^(5/2) above: 8, 16 and 40 dB at most
 *
 * In speech a decibel for every one below -16 dB, without it two for every one below -5 dB. Only what was suppressed is expanded: a
 * quiet voice without noise keeps all of its energy and stays as it is, whatever p. The numbers were chosen on the development set
 * (training/EXPERIMENTS.md).
 */
import { BANDS_BYTES } from '../constants';

/** Above this share of the energy a frame of speech is left alone: -16 dB. */
const SPEECH: f32 = 0.025;
/** More than that where nobody speaks, -5 dB together. */
const NO_SPEECH: f32 = 0.3;
/** -16 dB. */
const LOWEST: f32 = 0.16;
/** Frames that count: the newest and 60 ms before it. */
const HELD: i32 = 7;
/** Byte offsets of the first bands above 750 Hz and from 3 kHz on. */
const MIDDLE: usize = 8 << 2;
export const HIGH: usize = 17 << 2;

export class Expander {
  /** h of the last frame, 1 before the first. */
  private low: f32 = 1;
  private middle: f32 = 1;
  private high: f32 = 1;
  private recent: StaticArray<f32> = new StaticArray<f32>(HELD);
  private newest: i32 = 0;

  constructor() {
    this.reset();
  }

  reset(): void {
    for (let i = 0; i < HELD; i++) unchecked((this.recent[i] = 1));
  }

  /** What the gain of a band is to be multiplied with, 0.01..1; b: byte offset of the band. */
  @inline
  factor(b: usize): f32 {
    return b < MIDDLE ? this.low : b < HIGH ? this.middle : this.high;
  }

  /**
   * Finds the factors of a frame. Real-time safe.
   * @param gains 34 gains, 0..1.3
   * @param energies 34 band energies of the noisy frame
   * @param speech speech probability, 0..1
   */
  process(gains: usize, energies: usize, speech: f32): void {
    let kept: f32 = 0;
    let total: f32 = 1e-20;
    for (let b: usize = 0; b < BANDS_BYTES; b += 4) {
      const g = load<f32>(gains + b);
      const e = load<f32>(energies + b);
      kept += g * g * e;
      total += e;
    }
    const absent: f32 = 1 - speech;
    const u = kept / ((SPEECH + NO_SPEECH * absent) * total);
    this.newest = (this.newest + 1) % HELD;
    unchecked((this.recent[this.newest] = min<f32>(1, speech * Mathf.sqrt(u) + absent * u)));
    let middle: f32 = LOWEST;
    for (let i = 0; i < HELD; i++) middle = max(middle, unchecked(this.recent[i]));
    this.low = Mathf.sqrt(middle);
    this.middle = middle;
    this.high = middle * middle * this.low;
  }
}
