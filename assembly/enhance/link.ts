/**
 * Two channels: one gain where they hear the same source, a gain of their own where they do not.
 *
 *   X_k <- X_k + LINK_SMOOTHING (L_k R_k* - X_k), and |L_k|^2, |R_k|^2 alike        k a bin
 *   C_b  = SUM |X_k|^2 / SUM |L_k|^2 |R_k|^2                             0 for two sources, 1 for one, panned, delayed or inverted
 *   c_b  = clamp((C_b - LINK_APART) / (LINK_TOGETHER - LINK_APART), 0, 1)
 *   s_b  = g_b^2 e_b of each channel: the speech that its gain keeps
 *   G_b  = (sL gL + sR gR) / (sL + sR)                                   the gain of the channel in which the speech is
 *   g_b <- g_b + c_b (G_b - g_b)
 *
 * A stereo microphone that hears one voice keeps it in its place: both channels get G. A channel that is silent, or holds noise or another
 * talker, has no say in the gains of the other, either because nothing in it is kept (s) or because the two do not go together (c). Equal
 * channels have equal gains, which no step changes, to the bit.
 */
import { Analysis } from '../analysis';
import { BANDS, BANDS_BYTES, BINS_BYTES, BINS_PADDED } from '../constants';
import { Decisions } from '../decisions';
import { LINK_APART, LINK_SMOOTHING, LINK_TOGETHER } from '../settings';
import { bandEnergies } from '../signal/erb';
import { binProducts, binTurns } from '../signal/vector';

const TINY: f32 = 1e-30;

/** Scratch shared by all streams: nothing in it outlives a call. */
const COMMON = new StaticArray<f32>(BINS_PADDED);
const ALL = new StaticArray<f32>(BINS_PADDED);
const BAND_COMMON = new StaticArray<f32>(BANDS);
const BAND_ALL = new StaticArray<f32>(BANDS);

/** x + LINK_SMOOTHING (y - x), stored at x. */
function smooth(x: usize, y: v128): v128 {
  const before = v128.load(x);
  const now = f32x4.add(before, f32x4.mul(f32x4.splat(LINK_SMOOTHING), f32x4.sub(y, before)));
  v128.store(x, now);
  return now;
}

export class Link {
  /** Real and imaginary part of X, and the powers of both channels, padded so that vectors of four bins fit. */
  private re: StaticArray<f32> = new StaticArray<f32>(BINS_PADDED);
  private im: StaticArray<f32> = new StaticArray<f32>(BINS_PADDED);
  private left: StaticArray<f32> = new StaticArray<f32>(BINS_PADDED);
  private right: StaticArray<f32> = new StaticArray<f32>(BINS_PADDED);

  reset(): void {
    memory.fill(changetype<usize>(this.re), 0, BINS_BYTES);
    memory.fill(changetype<usize>(this.im), 0, BINS_BYTES);
    memory.fill(changetype<usize>(this.left), 0, BINS_BYTES);
    memory.fill(changetype<usize>(this.right), 0, BINS_BYTES);
  }

  /**
   * Links what was decided on a frame of two channels. Real-time safe.
   * @param left, right the analysed frames
   * @param leftDecisions, rightDecisions on them: gains and speech, in and out
   * @returns speech probability, 0..1, of the channel that speaks more
   */
  process(left: Analysis, leftDecisions: Decisions, right: Analysis, rightDecisions: Decisions): f32 {
    const together = this.linkGains(
      left,
      changetype<usize>(leftDecisions.gains),
      right,
      changetype<usize>(rightDecisions.gains),
    );
    const speech = max(leftDecisions.speech, rightDecisions.speech);
    leftDecisions.speech += together * (speech - leftDecisions.speech);
    rightDecisions.speech += together * (speech - rightDecisions.speech);
    return speech;
  }

  /** @returns 0..1, as far as what is kept of both is one source */
  private linkGains(left: Analysis, leftGains: usize, right: Analysis, rightGains: usize): f32 {
    this.cohere(left.spectrum, right.spectrum);
    const leftEnergy = left.energy;
    const rightEnergy = right.energy;
    const common = changetype<usize>(BAND_COMMON);
    const all = changetype<usize>(BAND_ALL);
    bandEnergies(changetype<usize>(COMMON), common);
    bandEnergies(changetype<usize>(ALL), all);
    let kept: f32 = TINY;
    let shared: f32 = 0;
    for (let b: usize = 0; b < BANDS_BYTES; b += 4) {
      const coherence = load<f32>(common + b) / (load<f32>(all + b) + TINY);
      const together = max<f32>(0, min<f32>(1, (coherence - LINK_APART) / (LINK_TOGETHER - LINK_APART)));
      const gl = load<f32>(leftGains + b);
      const gr = load<f32>(rightGains + b);
      const sl = gl * gl * load<f32>(leftEnergy + b);
      const sr = gr * gr * load<f32>(rightEnergy + b);
      const gain = gl + (sr / (sl + sr + TINY)) * (gr - gl);
      store<f32>(leftGains + b, gl + together * (gain - gl));
      store<f32>(rightGains + b, gr + together * (gain - gr));
      kept += sl + sr;
      shared += together * (sl + sr);
    }
    return shared / kept;
  }

  /** Takes a frame; leaves |X|^2 and |L|^2 |R|^2 of each bin. */
  private cohere(left: usize, right: usize): void {
    const common = changetype<usize>(COMMON);
    const all = changetype<usize>(ALL);
    const re = changetype<usize>(this.re);
    const im = changetype<usize>(this.im);
    const powerLeft = changetype<usize>(this.left);
    const powerRight = changetype<usize>(this.right);
    for (let k: usize = 0; k < BINS_BYTES; k += 16) {
      const l = left + (k << 1);
      const r = right + (k << 1);
      const xr = smooth(re + k, binProducts(r, l));
      const xi = smooth(im + k, binTurns(r, l));
      const pl = smooth(powerLeft + k, binProducts(l, l));
      const pr = smooth(powerRight + k, binProducts(r, r));
      v128.store(common + k, f32x4.add(f32x4.mul(xr, xr), f32x4.mul(xi, xi)));
      v128.store(all + k, f32x4.mul(pl, pr));
    }
  }
}
