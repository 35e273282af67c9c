/**
 * Pitch candidates of the newest frame: normalised cross-correlation of the softened LPC residual at 12 kHz
 * (after RAPT and the search of LPCNet), one score a lag.
 *
 *   exc(n) = e(n) + 0.7 e(n - 1),   e = residual of an LPC of order 16
 *   xc(T) = 2 SUM exc(n) exc(n - T) / (eps + SUM exc(n)^2 + SUM exc(n - T)^2)
 */
import { FRAME, MAX_PERIOD, MIN_PERIOD, WINDOW } from '../constants';
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
const EXCITATION: i32 = MAX_LAG + SPAN;
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
const PEAKS = new StaticArray<f32>(LAGS);

function peakNear(peaks: usize, low: i32, high: i32): f32 {
  return max(load<f32>(peaks + ((low - MIN_LAG) << 2)), load<f32>(peaks + ((high - MIN_LAG) << 2)));
}

export class PitchSearch {
  /** Decimated signal, newest last. */
  private signal: StaticArray<f32> = new StaticArray<f32>(SPAN + ORDER);
  /** Softened residual, newest last. */
  private excitation: StaticArray<f32> = new StaticArray<f32>(EXCITATION + 4);
  private lastResidual: f32 = 0;
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
  }

  private decimate(end: usize): void {
    const signal = changetype<usize>(this.signal);
    memory.copy(signal, signal + (HOP << 2), (SPAN + ORDER - HOP) << 2);
    const target = signal + ((SPAN + ORDER - HOP) << 2);
    const first = end - ((FRAME + TAPS - DECIMATION) << 2);
    for (let i = 0; i < HOP; i++) {
      store<f32>(target + (i << 2), dot(first + (i << 4), changetype<usize>(LOWPASS), TAPS));
    }
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
    let last = this.lastResidual;
    for (let i: usize = 0; i < (HOP as usize) * 4; i += 4) {
      let e = load<f32>(from + i);
      for (let k = 0; k < ORDER; k++) e -= unchecked(LPC[k]) * load<f32>(from + i - ((k + 1) << 2));
      store<f32>(target + i, e + SOFTENING * last);
      last = e;
    }
    this.lastResidual = last;
  }

  private correlate(): void {
    const excitation = changetype<usize>(this.excitation);
    const scores = changetype<usize>(this.scores);
    const now = excitation + (MAX_LAG << 2);
    const energy = dot(now, now, SPAN);
    const start = now - (MIN_LAG << 2);
    let lagged = dot(start, start, SPAN);
    for (let lag = MIN_LAG; lag <= MAX_LAG; lag++) {
      const past = now - (lag << 2);
      const xc = dot(now, past, SPAN);
      store<f32>(scores + ((lag - MIN_LAG) << 2), (2 * xc) / (1e-9 + energy + lagged));
      if (lag < MAX_LAG) {
        const entering = load<f32>(past - 4);
        const leaving = load<f32>(past + ((SPAN - 1) << 2));
        lagged = max<f32>(0, lagged + entering * entering - leaving * leaving);
      }
    }
    this.interpolate();
    // A multiple of the period correlates as well as the period: let a lag win only if clearly above its parts.
    const peaks = changetype<usize>(PEAKS);
    for (let lag = 2 * MIN_LAG; lag <= MAX_LAG; lag++) {
      let rival: f32 = 0;
      for (let part = 2; lag >= part * MIN_LAG; part++) {
        rival = max(rival, peakNear(peaks, lag / part, (lag + part - 1) / part));
      }
      const own = scores + ((lag - MIN_LAG) << 2);
      const score = load<f32>(own);
      if (score < DOUBLING_GUARD * rival) store<f32>(own, DOUBLING_PENALTY * score);
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
