/**
 * Pitch candidates of the newest frame: normalised cross-correlation of the softened LPC residual at 12 kHz
 * (after RAPT and the search of LPCNet), one score a lag.
 *
 *   exc(n) = e(n) + 0.7 e(n - 1),   e = residual of an LPC of order 16
 *   xc(T) = 2 SUM exc(n) exc(n - T) / (eps + SUM exc(n)^2 + SUM exc(n - T)^2)
 */
import { FRAME, MAX_PERIOD, MIN_PERIOD, SAMPLE_RATE, WINDOW } from '../constants';
import { HighPass } from '../signal/highpass';
import { dot } from '../signal/vector';

/** 48 kHz samples to one of the search. */
export const DECIMATION: i32 = 4;
export const MIN_LAG: i32 = MIN_PERIOD / DECIMATION;
export const MAX_LAG: i32 = MAX_PERIOD / DECIMATION;
/** Lags searched, MIN_LAG..MAX_LAG. */
export const LAGS: i32 = MAX_LAG - MIN_LAG + 1;

const HOP: i32 = FRAME / DECIMATION;
const SPAN: i32 = WINDOW / DECIMATION;
const ORDER: i32 = 16;
const TAPS: i32 = 32;
/** Lags of one pass of the correlation. */
const BLOCK: i32 = 4;
/** The last block may look a few samples beyond the longest lag. */
const EXCITATION: i32 = MAX_LAG + BLOCK + SPAN;
const NOW: i32 = EXCITATION - SPAN;
const SOFTENING: f32 = 0.7;
/** Lags of less than this share above their half are taken for its double. */
const DOUBLING_GUARD: f32 = 1.1;
const DOUBLING_PENALTY: f32 = 0.7;

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

const WINDOWED = new StaticArray<f32>(SPAN + ORDER + 4);
const AUTOCORRELATION = new StaticArray<f32>(ORDER + 1);
const LPC = new StaticArray<f32>(ORDER);
const LPC_NEXT = new StaticArray<f32>(ORDER);
/** Residual of the newest hop, the last value of the hop before in front of it. */
const RESIDUAL = new StaticArray<f32>(HOP + 1);
const CORRELATIONS = new StaticArray<f32>(LAGS + BLOCK);

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

/** Interpolated scores of the newest frame. */
const PEAKS = new StaticArray<f32>(LAGS + 1);
/** Best score near a whole part of each lag. */
const RIVALS = new StaticArray<f32>(LAGS);

/** SUM now(n) past(n), SUM now(n) past(n - 1), .. past(n - 3) over the span: four lags share the loads of `now`. */
function correlateBlock(now: usize, past: usize): v128 {
  let a = f32x4.splat(0);
  let b = f32x4.splat(0);
  let c = f32x4.splat(0);
  let d = f32x4.splat(0);
  for (let i: usize = 0; i < (SPAN as usize) * 4; i += 16) {
    const x = v128.load(now + i);
    a = f32x4.add(a, f32x4.mul(x, v128.load(past + i)));
    b = f32x4.add(b, f32x4.mul(x, v128.load(past + i - 4)));
    c = f32x4.add(c, f32x4.mul(x, v128.load(past + i - 8)));
    d = f32x4.add(d, f32x4.mul(x, v128.load(past + i - 12)));
  }
  // Transpose and add: lane k is the sum of accumulator k.
  const ab = f32x4.add(v128.shuffle<f32>(a, b, 0, 4, 1, 5), v128.shuffle<f32>(a, b, 2, 6, 3, 7));
  const cd = f32x4.add(v128.shuffle<f32>(c, d, 0, 4, 1, 5), v128.shuffle<f32>(c, d, 2, 6, 3, 7));
  return f32x4.add(v128.shuffle<f32>(ab, cd, 0, 1, 4, 5), v128.shuffle<f32>(ab, cd, 2, 3, 6, 7));
}

export class PitchSearch {
  /** Decimated signal, newest last. */
  private signal: StaticArray<f32> = new StaticArray<f32>(SPAN + ORDER);
  /** Softened residual, newest last. */
  private excitation: StaticArray<f32> = new StaticArray<f32>(EXCITATION);
  private lastResidual: f32 = 0;
  private highPass: HighPass = new HighPass(SAMPLE_RATE / DECIMATION);
  /** xc(T) of the newest frame after `process`, LAGS f32 from MIN_LAG on. */
  readonly scores: StaticArray<f32> = new StaticArray<f32>(LAGS);

  /**
   * Takes the newest hop. Real-time safe.
   * @param end one past the newest of at least 512 samples of f32 at 48 kHz
   */
  process(end: usize): void {
    this.decimate(end);
    this.whiten();
    this.correlate();
  }

  reset(): void {
    memory.fill(changetype<usize>(this.signal), 0, (SPAN + ORDER) << 2);
    memory.fill(changetype<usize>(this.excitation), 0, EXCITATION << 2);
    this.lastResidual = 0;
    this.highPass.reset();
  }

  private decimate(end: usize): void {
    const signal = changetype<usize>(this.signal);
    memory.copy(signal, signal + (HOP << 2), (SPAN + ORDER - HOP) << 2);
    const target = signal + ((SPAN + ORDER - HOP) << 2);
    const first = end - ((FRAME + TAPS - DECIMATION) << 2);
    for (let i = 0; i < HOP; i++) {
      store<f32>(target + (i << 2), dot(first + (i << 4), changetype<usize>(LOWPASS), TAPS));
    }
    this.highPass.process(target, target, HOP);
  }

  private whiten(): void {
    const signal = changetype<usize>(this.signal);
    const window = changetype<usize>(LPC_WINDOW);
    const windowed = changetype<usize>(WINDOWED);
    for (let i: usize = 0; i < (SPAN as usize) * 4; i += 16) {
      v128.store(windowed + i, f32x4.mul(v128.load(signal + (ORDER << 2) + i), v128.load(window + i)));
    }
    for (let k = 0; k <= ORDER; k++) {
      // The tail of WINDOWED is zero, so every lag may run over the whole span.
      unchecked((AUTOCORRELATION[k] = dot(windowed, windowed + (k << 2), SPAN)));
    }
    // White-noise correction: a tame predictor keeps the strong harmonics above the noise.
    unchecked((AUTOCORRELATION[0] = AUTOCORRELATION[0] * 1.03 + 1e-12));
    levinson();

    const excitation = changetype<usize>(this.excitation);
    memory.copy(excitation, excitation + (HOP << 2), (EXCITATION - HOP) << 2);
    const from = signal + ((SPAN + ORDER - HOP) << 2);
    const target = excitation + ((EXCITATION - HOP) << 2);
    const residual = changetype<usize>(RESIDUAL);
    store<f32>(residual, this.lastResidual);
    for (let i: usize = 0; i < (HOP as usize) * 4; i += 16) {
      let e = v128.load(from + i);
      for (let k = 0; k < ORDER; k++) {
        e = f32x4.sub(e, f32x4.mul(f32x4.splat(unchecked(LPC[k])), v128.load(from + i - ((k + 1) << 2))));
      }
      v128.store(residual + i, e, 4);
    }
    const softening = f32x4.splat(SOFTENING);
    for (let i: usize = 0; i < (HOP as usize) * 4; i += 16) {
      v128.store(target + i, f32x4.add(v128.load(residual + i, 4), f32x4.mul(softening, v128.load(residual + i))));
    }
    this.lastResidual = load<f32>(residual + (HOP << 2));
  }

  private correlate(): void {
    const excitation = changetype<usize>(this.excitation);
    const scores = changetype<usize>(this.scores);
    const now = excitation + (NOW << 2);
    const correlations = changetype<usize>(CORRELATIONS);
    for (let lag = MIN_LAG; lag <= MAX_LAG; lag += BLOCK) {
      v128.store(correlations + ((lag - MIN_LAG) << 2), correlateBlock(now, now - (lag << 2)));
    }
    const energy = dot(now, now, SPAN);
    const start = now - (MIN_LAG << 2);
    let lagged = dot(start, start, SPAN);
    for (let lag = MIN_LAG; lag <= MAX_LAG; lag++) {
      const past = now - (lag << 2);
      const at = (lag - MIN_LAG) << 2;
      store<f32>(scores + at, (2 * load<f32>(correlations + at)) / (<f32>1e-9 + energy + lagged));
      const entering = load<f32>(past - 4);
      const leaving = load<f32>(past + ((SPAN - 1) << 2));
      lagged = max<f32>(0, lagged + entering * entering - leaving * leaving);
    }
    this.interpolate();
    // A multiple of the period correlates as well as the period: let a lag win only if clearly above its parts.
    const peaks = changetype<usize>(PEAKS);
    const rivals = changetype<usize>(RIVALS);
    memory.fill(rivals, 0, LAGS << 2);
    for (let parts = 2; parts * MIN_LAG <= MAX_LAG; parts++) {
      // peak = lag / parts and its remainder, carried along: a division a lag would cost more than the correlation.
      let peak = peaks;
      let remainder = 0;
      for (let at = rivals + ((parts * MIN_LAG - MIN_LAG) << 2); at < rivals + (LAGS << 2); at += 4) {
        const rival = remainder ? max(load<f32>(peak), load<f32>(peak, 4)) : load<f32>(peak);
        store<f32>(at, max(rival, load<f32>(at)));
        if (++remainder == parts) {
          remainder = 0;
          peak += 4;
        }
      }
    }
    for (let at: usize = 0; at < (LAGS as usize) * 4; at += 4) {
      const score = load<f32>(scores + at);
      if (score < DOUBLING_GUARD * load<f32>(rivals + at)) store<f32>(scores + at, DOUBLING_PENALTY * score);
    }
  }

  /** Periods fall between lags: a score becomes the highest within half a lag, and PEAKS holds the same. */
  private interpolate(): void {
    const scores = changetype<usize>(this.scores);
    const peaks = changetype<usize>(PEAKS);
    memory.copy(peaks, scores, LAGS << 2);
    for (let i = 2; i < LAGS - 3; i++) {
      const s = scores + (i << 2);
      // Half-way value by a six-tap half-band interpolator.
      const half: f32 =
        0.5859375 * (load<f32>(s) + load<f32>(s, 4)) -
        0.09765625 * (load<f32>(s - 4) + load<f32>(s, 8)) +
        0.01171875 * (load<f32>(s - 8) + load<f32>(s, 12));
      const p = peaks + (i << 2);
      store<f32>(p, max(half, load<f32>(p)));
      store<f32>(p, max(half, load<f32>(p, 4)), 4);
    }
    memory.copy(scores, peaks, LAGS << 2);
  }
}
