/**
 * Pitch candidates of the newest frame: normalised cross-correlation of the softened LPC residual at 12 kHz
 * (after RAPT and the search of LPCNet), one score a lag.
 *
 *   exc(n) = e(n) + SOFTENING e(n - 1),   e = residual of an LPC of order 16
 *   xc(T) = 2 SUM exc(n) exc(n - T) / (eps + SUM exc(n)^2 + SUM exc(n - T)^2)
 */
import { FRAME, MAX_PERIOD, MIN_PERIOD, SAMPLE_RATE, WINDOW } from '../constants';
import {
  PITCH_DOUBLING_GUARD as DOUBLING_GUARD,
  PITCH_DOUBLING_PENALTY as DOUBLING_PENALTY,
  PITCH_WHITENING,
  PITCH_SOFTENING as SOFTENING,
} from '../settings';
import { HighPass } from '../signal/highpass';
import { dot } from '../signal/vector';

/** 48 kHz samples to one of the search. */
export const DECIMATION: i32 = 4;
export const MIN_LAG: i32 = MIN_PERIOD / DECIMATION;
const MAX_LAG: i32 = MAX_PERIOD / DECIMATION;
/** Lags searched, MIN_LAG..MAX_LAG. */
export const LAGS: i32 = MAX_LAG - MIN_LAG + 1;

const HOP: i32 = FRAME / DECIMATION;
const SPAN: i32 = WINDOW / DECIMATION;
const ORDER: i32 = 16;
const TAPS: i32 = 32;
/** Lags of one pass of a correlation. */
export const LAG_BLOCK: i32 = 4;
/** The last block may look a few samples beyond the longest lag. */
const EXCITATION: i32 = MAX_LAG + LAG_BLOCK + SPAN;
const NOW: i32 = EXCITATION - SPAN;

/** Low-pass before decimation: windowed sinc, cut-off 4 kHz, gain 1. */
const LOWPASS = new StaticArray<f32>(TAPS);
let lowpassSum: f64 = 0;
for (let pass = 0; pass < 2; pass++) {
  for (let i = 0; i < TAPS; i++) {
    const x = (i as f64) - 0.5 * ((TAPS - 1) as f64);
    const sinc = Math.sin((Math.PI * x) / 6.0) / (Math.PI * x);
    const hann = 0.5 + 0.5 * Math.cos((2.0 * Math.PI * x) / (TAPS as f64));
    if (pass == 0) lowpassSum += sinc * hann;
    else unchecked((LOWPASS[i] = ((sinc * hann) / lowpassSum) as f32));
  }
}

/** Hann window of the LPC analysis. */
const LPC_WINDOW = new StaticArray<f32>(SPAN);
for (let i = 0; i < SPAN; i++) {
  unchecked((LPC_WINDOW[i] = (0.5 - 0.5 * Math.cos((2.0 * Math.PI * ((i as f64) + 0.5)) / (SPAN as f64))) as f32));
}

/** The windowed span behind as many zeros as the longest lag of the LPC analysis reaches back. */
const WINDOWED = new StaticArray<f32>(ORDER + LAG_BLOCK + SPAN);
const AUTOCORRELATION = new StaticArray<f32>(ORDER + LAG_BLOCK);
const LPC = new StaticArray<f32>(ORDER);
const LPC_NEXT = new StaticArray<f32>(ORDER);
/** Residual of the newest hop, the last value of the hop before in front of it. */
const RESIDUAL = new StaticArray<f32>(HOP + 1);
/** Values of one LAGS array, whole vectors and what an interpolator reads behind them. */
const PADDED: i32 = LAGS + LAG_BLOCK;
/** Input of the decimation, every fourth sample in a row: the first of each four, the second, .. */
const PHASE: i32 = FRAME / DECIMATION + TAPS / DECIMATION;
const PHASES = new StaticArray<f32>(DECIMATION * PHASE);

/** Levinson-Durbin: predictor of AUTOCORRELATION into LPC, x(n) ~ SUM LPC[k] x(n - 1 - k). */
function levinson(): void {
  const r = AUTOCORRELATION;
  const a = LPC;
  const b = LPC_NEXT;
  for (let i = 0; i < ORDER; i++) unchecked((a[i] = 0));
  let error = unchecked(r[0]);
  if (error <= 1e-12) return;
  for (let i = 0; i < ORDER; i++) {
    let acc = unchecked(r[i + 1]);
    for (let j = 0; j < i; j++) acc -= unchecked(a[j] * r[i - j]);
    const k = acc / error;
    for (let j = 0; j < i; j++) unchecked((b[j] = a[j] - k * a[i - 1 - j]));
    for (let j = 0; j < i; j++) unchecked((a[j] = b[j]));
    unchecked((a[i] = k));
    error *= 1 - k * k;
    if (error <= 1e-9 * unchecked(r[0])) return;
  }
}

/** Scores half-way between a lag and the next, behind four that take no part. */
const HALFWAY = new StaticArray<f32>(4 + PADDED);
/** Interpolated scores of the newest frame, and the higher of each and the next. */
const PEAKS = new StaticArray<f32>(PADDED);
const PAIRS = new StaticArray<f32>(PADDED);
/** Best score near a whole part of each lag; 0 for the first, which have no part that is searched. */
const RIVALS = new StaticArray<f32>(PADDED + 4);
/** Scores near one part of each lag. */
const STRETCHED = new StaticArray<f32>(PADDED + LAGS / 2);
const NEVER: f32 = -1e9;

/** SUM now(n) past(n), .. SUM now(n) past(n - 3) over `count` values, a multiple of eight: four lags share the loads of `now`. */
export function correlateBlock(now: usize, past: usize, count: i32): v128 {
  let a = f32x4.splat(0);
  let b = f32x4.splat(0);
  let c = f32x4.splat(0);
  let d = f32x4.splat(0);
  for (let i: usize = 0; i < (count as usize) << 2; i += 32) {
    const x = v128.load(now + i);
    const y = v128.load(now + i, 16);
    const p = past + i;
    a = f32x4.add(f32x4.add(a, f32x4.mul(x, v128.load(p))), f32x4.mul(y, v128.load(p, 16)));
    b = f32x4.add(f32x4.add(b, f32x4.mul(x, v128.load(p - 4))), f32x4.mul(y, v128.load(p - 4, 16)));
    c = f32x4.add(f32x4.add(c, f32x4.mul(x, v128.load(p - 8))), f32x4.mul(y, v128.load(p - 8, 16)));
    d = f32x4.add(f32x4.add(d, f32x4.mul(x, v128.load(p - 12))), f32x4.mul(y, v128.load(p - 12, 16)));
  }
  // Transpose and add: lane k is the sum of accumulator k.
  const ab = f32x4.add(v128.shuffle<f32>(a, b, 0, 4, 1, 5), v128.shuffle<f32>(a, b, 2, 6, 3, 7));
  const cd = f32x4.add(v128.shuffle<f32>(c, d, 0, 4, 1, 5), v128.shuffle<f32>(c, d, 2, 6, 3, 7));
  return f32x4.add(v128.shuffle<f32>(ab, cd, 0, 1, 4, 5), v128.shuffle<f32>(ab, cd, 2, 3, 6, 7));
}

/** Best score near a half, a third, .. of each lag into RIVALS: at lag / parts where that is whole, else on both sides of it. */
function findRivals(): void {
  const peaks = changetype<usize>(PEAKS);
  const pairs = changetype<usize>(PAIRS);
  const rivals = changetype<usize>(RIVALS);
  const stretched = changetype<usize>(STRETCHED);
  for (let i: usize = 0; i < (LAGS as usize) << 2; i += 16) {
    v128.store(pairs + i, f32x4.pmax(v128.load(peaks + i), v128.load(peaks + i, 4)));
  }
  // Halves: peak, pair, next peak, next pair, ..
  const zero = f32x4.splat(0);
  let source: usize = 0;
  for (let at = rivals + (MIN_LAG << 2); at < rivals + (LAGS << 2); at += 32) {
    const peak = v128.load(peaks + source);
    const pair = v128.load(pairs + source);
    v128.store(at, f32x4.pmax(v128.shuffle<f32>(peak, pair, 0, 4, 1, 5), zero));
    v128.store(at, f32x4.pmax(v128.shuffle<f32>(peak, pair, 2, 6, 3, 7), zero), 16);
    source += 16;
  }
  for (let parts = 3; parts * MIN_LAG <= MAX_LAG; parts++) {
    const first = (parts * MIN_LAG - MIN_LAG) << 2;
    const step = (parts as usize) << 2;
    source = 0;
    for (let at = stretched + first; at < stretched + (LAGS << 2); at += step) {
      const pair = v128.load32_splat(pairs + source);
      // What reaches into the stretch of the next peak is overwritten by it.
      v128.store(at, f32x4.replace_lane(pair, 0, load<f32>(peaks + source)));
      for (let i: usize = 16; i < step; i += 16) v128.store(at + i, pair);
      source += 4;
    }
    for (let at: usize = first; at < (LAGS as usize) << 2; at += 16) {
      v128.store(rivals + at, f32x4.pmax(v128.load(rivals + at), v128.load(stretched + at)));
    }
  }
}

export class PitchSearch {
  /** Decimated signal, newest last. */
  private signal: StaticArray<f32> = new StaticArray<f32>(SPAN + ORDER);
  /** Softened residual, newest last. */
  private excitation: StaticArray<f32> = new StaticArray<f32>(EXCITATION);
  private lastResidual: f32 = 0;
  /** SUM exc(n) exc(n - T) over the newest hop alone: a span is two hops, so the next frame needs them again. */
  private hopCorrelations: StaticArray<f32> = new StaticArray<f32>(PADDED);
  private highPass: HighPass = new HighPass(SAMPLE_RATE / DECIMATION);
  /** xc(T) of the newest frame after `process`, LAGS f32 from MIN_LAG on. */
  readonly scores: StaticArray<f32> = new StaticArray<f32>(PADDED);

  /**
   * Takes the newest hop. Real-time safe.
   * @param end one past the newest of at least 512 samples of f32 at 48 kHz
   */
  process(end: usize): void {
    this.decimate(end);
    this.whiten();
    this.correlate();
    this.interpolate();
    this.discountMultiples();
  }

  reset(): void {
    memory.fill(changetype<usize>(this.signal), 0, (SPAN + ORDER) << 2);
    memory.fill(changetype<usize>(this.excitation), 0, EXCITATION << 2);
    memory.fill(changetype<usize>(this.hopCorrelations), 0, PADDED << 2);
    this.lastResidual = 0;
    this.highPass.reset();
  }

  private decimate(end: usize): void {
    const signal = changetype<usize>(this.signal);
    memory.copy(signal, signal + (HOP << 2), (SPAN + ORDER - HOP) << 2);
    const target = signal + ((SPAN + ORDER - HOP) << 2);
    const phases = changetype<usize>(PHASES);
    const row: usize = PHASE << 2;
    let from = end - ((PHASE * DECIMATION) << 2);
    for (let to = phases; to < phases + row; to += 16) {
      const a = v128.load(from);
      const b = v128.load(from, 16);
      const c = v128.load(from, 32);
      const d = v128.load(from, 48);
      const abLow = v128.shuffle<f32>(a, b, 0, 4, 1, 5);
      const abHigh = v128.shuffle<f32>(a, b, 2, 6, 3, 7);
      const cdLow = v128.shuffle<f32>(c, d, 0, 4, 1, 5);
      const cdHigh = v128.shuffle<f32>(c, d, 2, 6, 3, 7);
      v128.store(to, v128.shuffle<f32>(abLow, cdLow, 0, 1, 4, 5));
      v128.store(to + row, v128.shuffle<f32>(abLow, cdLow, 2, 3, 6, 7));
      v128.store(to + 2 * row, v128.shuffle<f32>(abHigh, cdHigh, 0, 1, 4, 5));
      v128.store(to + 3 * row, v128.shuffle<f32>(abHigh, cdHigh, 2, 3, 6, 7));
      from += 64;
    }
    // Eight outputs at a time; output i sees samples 4 (i + 1) to 4 (i + 1) + 31 of the phases.
    const taps = changetype<usize>(LOWPASS);
    for (let i: usize = 0; i < (HOP as usize) << 2; i += 32) {
      let a = f32x4.splat(0);
      let b = f32x4.splat(0);
      let x = phases + i + 4;
      for (let tap = taps; tap < taps + (TAPS << 2); tap += 16) {
        const h0 = v128.load32_splat(tap);
        const h1 = v128.load32_splat(tap, 4);
        const h2 = v128.load32_splat(tap, 8);
        const h3 = v128.load32_splat(tap, 12);
        a = f32x4.add(a, f32x4.mul(h0, v128.load(x)));
        b = f32x4.add(b, f32x4.mul(h0, v128.load(x, 16)));
        a = f32x4.add(a, f32x4.mul(h1, v128.load(x + row)));
        b = f32x4.add(b, f32x4.mul(h1, v128.load(x + row, 16)));
        a = f32x4.add(a, f32x4.mul(h2, v128.load(x + 2 * row)));
        b = f32x4.add(b, f32x4.mul(h2, v128.load(x + 2 * row, 16)));
        a = f32x4.add(a, f32x4.mul(h3, v128.load(x + 3 * row)));
        b = f32x4.add(b, f32x4.mul(h3, v128.load(x + 3 * row, 16)));
        x += 4;
      }
      v128.store(target + i, a);
      v128.store(target + i, b, 16);
    }
    this.highPass.process(target, target, HOP);
  }

  private whiten(): void {
    const signal = changetype<usize>(this.signal);
    const window = changetype<usize>(LPC_WINDOW);
    const windowed = changetype<usize>(WINDOWED) + ((ORDER + LAG_BLOCK) << 2);
    for (let i: usize = 0; i < (SPAN as usize) * 4; i += 16) {
      v128.store(windowed + i, f32x4.mul(v128.load(signal + (ORDER << 2) + i), v128.load(window + i)));
    }
    for (let k: usize = 0; k <= (ORDER as usize) << 2; k += 16) {
      v128.store(changetype<usize>(AUTOCORRELATION) + k, correlateBlock(windowed, windowed - k, SPAN));
    }
    // White-noise correction: a tame predictor keeps the strong harmonics above the noise.
    unchecked((AUTOCORRELATION[0] = AUTOCORRELATION[0] * PITCH_WHITENING + 1e-12));
    levinson();

    const excitation = changetype<usize>(this.excitation);
    memory.copy(excitation, excitation + (HOP << 2), (EXCITATION - HOP) << 2);
    const from = signal + ((SPAN + ORDER - HOP) << 2);
    const target = excitation + ((EXCITATION - HOP) << 2);
    const residual = changetype<usize>(RESIDUAL);
    const predictor = changetype<usize>(LPC);
    store<f32>(residual, this.lastResidual);
    for (let i: usize = 0; i < (HOP as usize) * 4; i += 32) {
      let a = v128.load(from + i);
      let b = v128.load(from + i, 16);
      for (let k: usize = 0; k < (ORDER as usize) << 2; k += 4) {
        const weight = v128.load32_splat(predictor + k);
        const past = from + i - 4 - k;
        a = f32x4.sub(a, f32x4.mul(weight, v128.load(past)));
        b = f32x4.sub(b, f32x4.mul(weight, v128.load(past, 16)));
      }
      v128.store(residual + i, a, 4);
      v128.store(residual + i, b, 20);
    }
    const softening = f32x4.splat(SOFTENING);
    for (let i: usize = 0; i < (HOP as usize) * 4; i += 16) {
      v128.store(target + i, f32x4.add(v128.load(residual + i, 4), f32x4.mul(softening, v128.load(residual + i))));
    }
    this.lastResidual = load<f32>(residual + (HOP << 2));
  }

  /** xc of all lags into `scores`. */
  private correlate(): void {
    const excitation = changetype<usize>(this.excitation);
    const before = changetype<usize>(this.hopCorrelations);
    const scores = changetype<usize>(this.scores);
    const now = excitation + (NOW << 2);
    const hop = now + ((SPAN - HOP) << 2);
    const floor = f32x4.splat(<f32>1e-9 + dot(now, now, SPAN));
    const start = now - (MIN_LAG << 2);
    let lagged = f32x4.splat(dot(start, start, SPAN));
    let past = start;
    for (let at: usize = 0; at < (LAGS as usize) << 2; at += 16) {
      const newest = correlateBlock(hop, past + ((SPAN - HOP) << 2), HOP);
      const product = f32x4.add(v128.load(before + at), newest);
      v128.store(before + at, newest);
      // Energies of the four lagged spans: from one to the next a sample enters and one leaves.
      const entering = v128.load(past - 16);
      const leaving = v128.load(past + ((SPAN - 4) << 2));
      let change = f32x4.sub(f32x4.mul(entering, entering), f32x4.mul(leaving, leaving));
      change = v128.shuffle<f32>(change, change, 3, 2, 1, 0);
      const zero = f32x4.splat(0);
      change = f32x4.add(change, v128.shuffle<f32>(zero, change, 0, 4, 5, 6));
      change = f32x4.add(change, v128.shuffle<f32>(zero, change, 0, 1, 4, 5));
      const energy = f32x4.add(lagged, v128.shuffle<f32>(zero, change, 0, 4, 5, 6));
      const last = f32x4.add(lagged, change);
      lagged = f32x4.pmax(v128.shuffle<f32>(last, last, 3, 3, 3, 3), zero);
      const power = f32x4.add(floor, f32x4.pmax(energy, zero));
      v128.store(scores + at, f32x4.div(f32x4.add(product, product), power));
      past -= 16;
    }
  }

  /** Periods fall between lags: a score becomes the highest within half a lag, and PEAKS holds the same. */
  private interpolate(): void {
    const scores = changetype<usize>(this.scores);
    const halfway = changetype<usize>(HALFWAY) + 16;
    const peaks = changetype<usize>(PEAKS);
    const inner = f32x4.splat(0.5859375);
    const middle = f32x4.splat(0.09765625);
    const outer = f32x4.splat(0.01171875);
    // Half-way values by a six-tap half-band interpolator, where all six are there.
    for (let i: usize = 8; i < (LAGS as usize) << 2; i += 16) {
      const s = scores + i;
      const near = f32x4.mul(inner, f32x4.add(v128.load(s), v128.load(s, 4)));
      const next = f32x4.mul(middle, f32x4.add(v128.load(s - 4), v128.load(s, 8)));
      const far = f32x4.mul(outer, f32x4.add(v128.load(s - 8), v128.load(s, 12)));
      v128.store(halfway + i, f32x4.add(f32x4.sub(near, next), far));
    }
    const never = f32x4.splat(NEVER);
    v128.store(halfway - 8, never);
    v128.store(halfway + ((LAGS - 3) << 2), never);
    for (let i: usize = 0; i < (LAGS as usize) << 2; i += 16) {
      const half = f32x4.pmax(v128.load(halfway + i), v128.load(halfway + i - 4));
      v128.store(peaks + i, f32x4.pmax(v128.load(scores + i), half));
    }
    memory.copy(scores, peaks, LAGS << 2);
  }

  /** A multiple of the period correlates as well as the period: a lag wins only if clearly above its parts. */
  private discountMultiples(): void {
    findRivals();
    const scores = changetype<usize>(this.scores);
    const rivals = changetype<usize>(RIVALS);
    const guard = f32x4.splat(DOUBLING_GUARD);
    const penalty = f32x4.splat(DOUBLING_PENALTY);
    for (let at: usize = 0; at < (LAGS as usize) << 2; at += 16) {
      const score = v128.load(scores + at);
      const doubtful = f32x4.lt(score, f32x4.mul(guard, v128.load(rivals + at)));
      v128.store(scores + at, v128.bitselect(f32x4.mul(penalty, score), score, doubtful));
    }
  }
}
