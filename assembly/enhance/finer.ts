/**
 * The finer stage: decides bin by bin, in the complex plane, what bands cannot tell apart.
 *
 *   E_k = (2 sigmoid o_0 + i tanh o_1) S_k + sqrt(|S_k| / |Y_k|) SUM_j w_j Y_k(t + j)     j = -1, 0, 1; w of tanh o_2 .. o_7
 *
 * below FINER_BINS; S is what the stages before it made of the frame. Its network (network/finer.ts) sees of each bin the powers of S, of Y at
 * t, t + 1, t + 2 and of the noise N, how P agrees with Y, and how Y has turned since the last frame. A steady tone in the middle of bin k turns by
 * pi k in a hop: frames beside t are turned back by that.
 *
 * Before its weights are trained all outputs are 0 and E = S. The constructor allocates; every method is real-time safe.
 */
import { Analysis } from '../analysis';
import { FINER_BINS, FINER_FEATURES, LOOKAHEAD, MEAN_POWER } from '../constants';
import { sigmoid4, tanh4 } from '../network/activations';
import { FINER_FIRST, FINER_ROW, FINER_ROW_BYTES, FinerNetwork, FinerState } from '../network/finer';
import { FEATURE_FLOOR, FEATURE_OFFSET, FEATURE_SCALE, FINER_LIMIT, FINER_MOST } from '../settings';
import { log2x4 } from '../signal/log';
import { binImaginaries, binProducts, binReals, binTurns, storeBins } from '../signal/vector';

if (LOOKAHEAD < 2) ERROR('LOOKAHEAD is too short: the finer stage sees two frames after the one in decision');

const ROW: usize = FINER_ROW_BYTES;
/** Of a value for each bin. */
const END: usize = (FINER_BINS as usize) << 2;
/** FEATURE_SCALE log10 x = LOG log2 x. */
const LOG: f32 = FEATURE_SCALE * 0.3010299956639812;
/** Keeps quotients from being 0 / 0: of powers, and of magnitudes, of unnormalised spectra. */
const TINY: f32 = 1e-9;
const TINY_MAGNITUDE: f32 = 1e-6;

/** Scratch shared by all streams: nothing in it outlives a call. The margins stay zero. */
const FEATURES = new StaticArray<f32>(FINER_FEATURES * FINER_ROW);

export class Finer {
  private readonly state: FinerState;

  constructor(network: FinerNetwork) {
    this.state = new FinerState(network);
  }

  reset(): void {
    this.state.reset();
  }

  /**
   * @param frame the analysed frame
   * @param noise N: powers of bins
   * @param context quantised state of the band network
   * @param spectrum S, becomes E
   */
  process(frame: Analysis, noise: usize, context: usize, spectrum: usize): void {
    const features = changetype<usize>(FEATURES);
    finerFeatures(frame, noise, spectrum, features + FINER_FIRST);
    applyFiner(this.state.step(features, context) + FINER_FIRST, frame, spectrum);
  }
}

/**
 * The features of all bins.
 * @param noise N: powers of bins
 * @param s S, (re, im) pairs
 * @param features where bin 0 of the first of FINER_FEATURES rows of FINER_ROW f32 goes
 */
export function finerFeatures(frame: Analysis, noise: usize, s: usize, features: usize): void {
  const y = frame.spectrum;
  const last = frame.spectrumAt(LOOKAHEAD + 1);
  const next = frame.spectrumAt(LOOKAHEAD - 1);
  const afterNext = frame.spectrumAt(LOOKAHEAD - 2);
  const comb = changetype<usize>(frame.comb);
  for (let k: usize = 0; k < END; k += 16) {
    const at = k << 1;
    const f = features + k;
    const power = binProducts(y + at, y + at);
    v128.store(f, level(binProducts(s + at, s + at)));
    v128.store(f + ROW, level(power));
    v128.store(f + 2 * ROW, level(binProducts(next + at, next + at)));
    v128.store(f + 3 * ROW, level(binProducts(afterNext + at, afterNext + at)));
    v128.store(f + 4 * ROW, level(v128.load(noise + k)));

    const both = f32x4.add(f32x4.add(binProducts(comb + at, comb + at), power), f32x4.splat(TINY));
    const share = f32x4.div(f32x4.splat(2), both);
    v128.store(f + 5 * ROW, f32x4.mul(share, binProducts(y + at, comb + at)));
    v128.store(f + 6 * ROW, f32x4.mul(share, binTurns(y + at, comb + at)));

    const re = alternate(binProducts(last + at, y + at));
    const im = alternate(binTurns(last + at, y + at));
    const square = f32x4.add(f32x4.add(f32x4.mul(re, re), f32x4.mul(im, im)), f32x4.splat(TINY));
    const length = f32x4.sqrt(square);
    v128.store(f + 7 * ROW, f32x4.div(re, length));
    v128.store(f + 8 * ROW, f32x4.div(im, length));
  }
}

/** Log power as the band features have it, within +-FINER_LIMIT. */
function level(power: v128): v128 {
  const mean = f32x4.add(f32x4.mul(power, f32x4.splat(MEAN_POWER)), f32x4.splat(FEATURE_FLOOR));
  const value = f32x4.add(f32x4.mul(f32x4.splat(LOG), log2x4(mean)), f32x4.splat(FEATURE_OFFSET));
  return f32x4.pmax(f32x4.pmin(value, f32x4.splat(FINER_LIMIT)), f32x4.splat(-FINER_LIMIT));
}

/** Every second of four values with the other sign: (-1)^k of bins k. */
function alternate(x: v128): v128 {
  return v128.xor(x, i64x2.splat(<i64>0x8000000000000000));
}

/**
 * S becomes E.
 * @param outputs bin 0 of the first of FINER_OUTPUTS rows of FINER_ROW f32
 */
export function applyFiner(outputs: usize, frame: Analysis, spectrum: usize): void {
  const y = frame.spectrum;
  const last = frame.spectrumAt(LOOKAHEAD + 1);
  const next = frame.spectrumAt(LOOKAHEAD - 1);
  const tiny = f32x4.splat(TINY_MAGNITUDE);
  for (let k: usize = 0; k < END; k += 16) {
    const o = outputs + k;
    const at = k << 1;
    const s = spectrum + at;
    const magnitude = f32x4.add(f32x4.sqrt(binProducts(s, s)), tiny);
    const noisy = f32x4.add(f32x4.sqrt(binProducts(y + at, y + at)), tiny);
    const gain = f32x4.pmin(f32x4.sqrt(f32x4.div(magnitude, noisy)), f32x4.splat(FINER_MOST));
    let re = binReals(s);
    let im = binImaginaries(s);
    const keep = f32x4.mul(f32x4.splat(2), sigmoid4(v128.load(o)));
    const turn = tanh4(v128.load(o + ROW));
    const maskedRe = f32x4.sub(f32x4.mul(keep, re), f32x4.mul(turn, im));
    im = f32x4.add(f32x4.mul(keep, im), f32x4.mul(turn, re));
    re = maskedRe;
    for (let j: usize = 0; j < 3; j++) {
      const from = (j == 0 ? last : j == 1 ? y : next) + at;
      let wr = f32x4.mul(gain, tanh4(v128.load(o + (2 + j) * ROW)));
      let wi = f32x4.mul(gain, tanh4(v128.load(o + (5 + j) * ROW)));
      if (j != 1) {
        wr = alternate(wr);
        wi = alternate(wi);
      }
      const tapRe = binReals(from);
      const tapIm = binImaginaries(from);
      re = f32x4.add(re, f32x4.sub(f32x4.mul(wr, tapRe), f32x4.mul(wi, tapIm)));
      im = f32x4.add(im, f32x4.add(f32x4.mul(wr, tapIm), f32x4.mul(wi, tapRe)));
    }
    storeBins(s, re, im);
  }
}
