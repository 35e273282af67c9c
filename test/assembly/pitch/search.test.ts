/** The scores of the pitch search against their formulas in double precision. */
import { describe, expect, it } from 'vitest';
import { bench } from '../../helpers/bench';
import { noise } from '../../helpers/signals';

const probe = bench<{ reset(): void; search(end: number): number }>(`
import { PitchSearch } from './assembly/pitch/search';
const pitch = new PitchSearch();
export function reset(): void { pitch.reset(); }
export function search(end: usize): usize { pitch.process(end); return changetype<usize>(pitch.scores); }
`);

/** Lags in samples of 12 kHz: 800 to 60 Hz. */
const FIRST = 15;
const LAST = 200;
const LAGS = LAST - FIRST + 1;
/** Samples of 12 kHz in a hop and in a span. */
const HOP = 120;
const SPAN = 240;
const ORDER = 16;
/** Chosen: assembly/settings.ts. */
const WHITENING = 1.03;
const SOFTENING = 0.7;
const GUARD = 1.1;
const PENALTY = 0.7;

const sum = (count: number, term: (i: number) => number): number => {
  let total = 0;
  for (let i = 0; i < count; i++) total += term(i);
  return total;
};

/** 12 kHz: below 4 kHz by a windowed sinc of 32 taps, above 40 Hz by a Butterworth filter of second order. */
function decimated(x: Float32Array): Float64Array {
  const shape = Array.from({ length: 32 }, (_, i) => {
    const t = i - 15.5;
    return (Math.sin((Math.PI * t) / 6) / (Math.PI * t)) * (0.5 + 0.5 * Math.cos((2 * Math.PI * t) / 32));
  });
  const gain = sum(32, (i) => shape[i]!);
  const low = Float64Array.from({ length: x.length / 4 }, (_, n) =>
    sum(32, (i) => (shape[i]! / gain) * (x[4 * n + i - 28] ?? 0)),
  );
  const k = Math.tan((Math.PI * 40) / 12000);
  const b = 1 / (1 + Math.SQRT2 * k + k * k);
  const y = new Float64Array(low.length);
  for (let n = 0; n < y.length; n++) {
    const at = (v: Float64Array, i: number): number => v[i] ?? 0;
    const ahead = b * (at(low, n) - 2 * at(low, n - 1) + at(low, n - 2));
    y[n] = ahead - 2 * (k * k - 1) * b * at(y, n - 1) - (1 - Math.SQRT2 * k + k * k) * b * at(y, n - 2);
  }
  return y;
}

/** Predictor of order 16 by the normal equations of the windowed span, solved by Gauss: SUM_j a_j r(i - j) = r(i + 1). */
function predictor(span: Float64Array): Float64Array {
  const w = span.map((v, n) => v * (0.5 - 0.5 * Math.cos((2 * Math.PI * (n + 0.5)) / SPAN)));
  const r = Array.from({ length: ORDER + 1 }, (_, lag) => sum(SPAN - lag, (n) => w[n]! * w[n + lag]!));
  r[0] = r[0]! * WHITENING + 1e-12;
  const rows = Array.from({ length: ORDER }, (_, i) => [
    ...Array.from({ length: ORDER }, (_, j) => r[Math.abs(i - j)]!),
    r[i + 1]!,
  ]);
  for (let i = 0; i < ORDER; i++) {
    for (let j = 0; j < ORDER; j++) {
      if (j === i) continue;
      const factor = rows[j]![i]! / rows[i]![i]!;
      for (let c = i; c <= ORDER; c++) rows[j]![c]! -= factor * rows[i]![c]!;
    }
  }
  return Float64Array.from(rows, (row, i) => row[ORDER]! / row[i]!);
}

/** Each frame's highest score within half a lag, and what is left where a part of the lag scores nearly as high. */
function expected(x: Float32Array): { scores: Float64Array; certain: boolean[] }[] {
  const signal = decimated(x);
  const at = (n: number): number => signal[n] ?? 0;
  const excitation = new Float64Array(signal.length);
  let before = 0;
  const frames = [];
  for (let end = HOP; end <= signal.length; end += HOP) {
    const a = predictor(Float64Array.from({ length: SPAN }, (_, n) => at(end - SPAN + n)));
    for (let n = end - HOP; n < end; n++) {
      const e = at(n) - sum(ORDER, (k) => a[k]! * at(n - 1 - k));
      excitation[n] = e + SOFTENING * before;
      before = e;
    }
    const exc = (n: number): number => excitation[n] ?? 0;
    const energy = (lag: number): number => sum(SPAN, (n) => exc(end - SPAN + n - lag) ** 2);
    const s = Array.from({ length: LAGS }, (_, i) => {
      const lag = FIRST + i;
      const product = sum(SPAN, (n) => exc(end - SPAN + n) * exc(end - SPAN + n - lag));
      return (2 * product) / (1e-9 + energy(0) + energy(lag));
    });
    // Half-way between two lags, by six around it.
    const half = (i: number): number => {
      if (i < 2 || i + 3 >= LAGS) return Number.NEGATIVE_INFINITY;
      const pair = (near: number): number => s[i - near]! + s[i + 1 + near]!;
      return (75 * pair(0) - 12.5 * pair(1) + 1.5 * pair(2)) / 128;
    };
    const peaks = s.map((score, i) => Math.max(score, half(i - 1), half(i)));
    const certain: boolean[] = [];
    const scores = Float64Array.from(peaks, (score, i) => {
      const lag = FIRST + i;
      let rival = 0;
      for (let parts = 2; lag / parts >= FIRST; parts++) {
        for (const part of [Math.floor(lag / parts), Math.ceil(lag / parts)])
          rival = Math.max(rival, peaks[part - FIRST]!);
      }
      certain[i] = Math.abs(score - GUARD * rival) > 1e-4;
      return score < GUARD * rival ? PENALTY * score : score;
    });
    frames.push({ scores, certain });
  }
  return frames;
}

/** What the core says: of each hop, LAGS scores. */
function found(x: Float32Array): Float32Array[] {
  probe.core.reset();
  const padded = new Float32Array(512 - 480 + x.length);
  padded.set(x, 32);
  const frames = [];
  for (let end = 512; end <= padded.length; end += 480) {
    probe.f32.set(padded.subarray(end - 512, end));
    const scores = probe.core.search(probe.address(512));
    frames.push(new Float32Array(probe.f32.buffer, scores, LAGS).slice());
  }
  return frames;
}

/** Pulses of a period in samples, each a short decaying ring. */
function pulses(length: number, period: number): Float32Array {
  const x = new Float32Array(length);
  for (let from = 0; from < length; from += period) {
    for (let n = 0; n < 200 && from + n < length; n++) {
      x[from + n]! += 0.5 * Math.exp(-n / 40) * Math.sin((2 * Math.PI * 700 * n) / 48000);
    }
  }
  return x;
}

describe('pitch search', () => {
  it.each([
    ['noise', noise(9600, 3).map((v) => 0.1 * v)],
    ['a voice in noise', pulses(9600, 333).map((v, n) => v + 0.02 * (noise(1, n)[0] as number))],
    ['a high voice', pulses(9600, 96).map((v, n) => v + 0.01 * (noise(1, n)[0] as number))],
  ])('scores lags by its formulas: %s', (_, x) => {
    const reference = expected(x);
    const scores = found(x);
    expect(scores).toHaveLength(reference.length);
    let most = 0;
    for (const [t, { scores: wanted, certain }] of reference.entries()) {
      for (let i = 0; i < LAGS; i++) if (certain[i]) most = Math.max(most, Math.abs(scores[t]![i]! - wanted[i]!));
    }
    expect(most).toBeLessThan(2e-5);
  });

  it('finds the period itself, not its multiples', () => {
    for (let period = 64; period <= 780; period += 29) {
      const scores = found(pulses(9600, period)).at(-1)!;
      const best = FIRST + scores.indexOf(Math.max(...scores));
      expect(Math.abs(best - period / 4), `period ${period}`).toBeLessThanOrEqual(1);
    }
  });

  it('hears nothing periodic in silence', () => {
    expect(Math.max(...found(new Float32Array(4800)).flatMap((scores) => [...scores].map(Math.abs)))).toBe(0);
  });
});
