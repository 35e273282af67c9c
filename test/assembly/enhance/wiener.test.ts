import { beforeAll, describe, expect, it } from 'vitest';
import { instantiateAssembly } from '../../helpers/assembly';

/** The stages of the signal path against their formulas in double precision. */
const probe = `
import { bandProducts, CENTRES, interpolate } from './assembly/signal/erb';
import { comfortFloor } from './assembly/enhance/comfort';
import { postFilter } from './assembly/enhance/postfilter';
import { NoiseEstimator } from './assembly/enhance/noise';
import { WienerFilter } from './assembly/enhance/wiener';
import { combFilter, combNoise } from './assembly/pitch/comb';
import { pitchCoherence } from './assembly/pitch/coherence';
import { futurePeriod, refinePeriod } from './assembly/pitch/refine';
import { DcBlocker } from './assembly/signal/dcblock';
import { HighPass } from './assembly/signal/highpass';
import { applyWindow } from './assembly/signal/window';
import { dot } from './assembly/signal/vector';
const base: usize = memory.data(131072, 16);
const filter = new HighPass(48000);
export function at(): usize { return base; }
export function centre(i: i32): i32 { return CENTRES[i]; }
export function bands(a: usize, b: usize, out: usize): void { bandProducts(a, b, out); }
export function spread(bands: usize, bins: usize): void { interpolate(bands, bins); }
export function post(gains: usize, energies: usize): void { postFilter(gains, energies); }
export function comfort(gains: usize, energies: usize): void { comfortFloor(gains, energies); }
const estimator = new NoiseEstimator();
const wiener = new WienerFilter();
export function wienerReset(): void { estimator.reset(); wiener.reset(); }
export function wienerLearn(noisy: usize, gains: usize): void { estimator.learn(noisy, gains); }
export function wienerProcess(mixed: usize, energies: usize, gains: usize, strengths: usize, bounds: usize, weights: usize, makeUp: usize): void {
  wiener.process(estimator, mixed, energies, gains, strengths, bounds, weights, makeUp);
}
export function comb(window: usize, past: i32, future: i32, out: usize): void { combFilter(window, past, future, out); }
export function noise(future: i32): f32 { return combNoise(future); }
export function coherence(y: usize, p: usize, ey: usize, ep: usize, out: usize): void { pitchCoherence(y, p, ey, ep, out); }
export function refine(window: usize, lag: i32): i32 { return refinePeriod(window, lag); }
export function future(window: usize, period: i32): i32 { return futurePeriod(window, period); }
export function highpass(a: usize, b: usize, n: i32): void { filter.process(a, b, n); }
const blocker = new DcBlocker();
export function block(a: usize, b: usize, n: i32): void { blocker.process(a, b, n); }
export function window(a: usize, b: usize): void { applyWindow(a, b); }
export function product(a: usize, b: usize, n: i32): f32 { return dot(a, b, n); }
`;

interface Probe {
  memory: WebAssembly.Memory;
  at(): number;
  centre(i: number): number;
  bands(a: number, b: number, out: number): void;
  spread(bands: number, bins: number): void;
  post(gains: number, energies: number): void;
  comfort(gains: number, energies: number): void;
  wienerReset(): void;
  wienerLearn(noisy: number, gains: number): void;
  wienerProcess(
    mixed: number,
    energies: number,
    gains: number,
    strengths: number,
    bounds: number,
    weights: number,
    makeUp: number,
  ): void;
  comb(window: number, past: number, future: number, out: number): void;
  noise(future: number): number;
  coherence(y: number, p: number, ey: number, ep: number, out: number): void;
  refine(window: number, lag: number): number;
  future(window: number, period: number): number;
  highpass(a: number, b: number, n: number): void;
  block(a: number, b: number, n: number): void;
  window(a: number, b: number): void;
  product(a: number, b: number, n: number): number;
}

const SEED = 7;
let state = SEED;
const random = () => {
  state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
  return state / 2 ** 31 - 1;
};

let core: Probe;
let f32: Float32Array;
/** Address of the i-th f32 of the probe's memory. */
const address = (i: number) => core.at() + 4 * i;

beforeAll(async () => {
  core = (await instantiateAssembly<Probe>(probe)) as Probe;
  f32 = new Float32Array(core.memory.buffer, core.at(), 32768);
});

function fill(from: number, count: number): Float64Array {
  const values = new Float64Array(count);
  for (let i = 0; i < count; i++) {
    f32[from + i] = random();
    values[i] = f32[from + i]!;
  }
  return values;
}

/** Triangular band sums by the definition, bins weighted by the power response of the 40 Hz high-pass. */
function naiveBands(plain: (k: number) => number): Float64Array {
  const product = (k: number) => (k < 16 ? (plain(k) * (k * 50) ** 4) / ((k * 50) ** 4 + 40 ** 4) : plain(k));
  const sums = new Float64Array(34);
  for (let i = 0; i < 33; i++) {
    const from = core.centre(i);
    const to = core.centre(i + 1);
    for (let j = from; j < to; j++) {
      const f = (j - from) / (to - from);
      sums[i]! += (1 - f) * product(j);
      sums[i + 1]! += f * product(j);
    }
  }
  sums[33]! += product(400);
  sums[0]! *= 2;
  sums[33]! *= 2;
  return sums;
}

describe('bands', () => {
  it('have centres up to 20 kHz, 1.12 ERB apart to the nearest bin, nowhere nearer than 100 Hz', () => {
    const centres = Array.from({ length: 34 }, (_, i) => core.centre(i));
    expect([centres[0], centres[33]]).toEqual([0, 400]);
    const widths = centres.slice(1).map((bin, i) => bin - centres[i]!);
    expect(Math.min(...widths)).toBe(2);
    // They grow as the ear's do, in steps of one bin at least.
    for (let i = 1; i < 33; i++) expect(widths[i], `band ${i}`).toBeGreaterThanOrEqual(widths[i - 1]!);
    // ERB = 24.7 (4.37 f / 1 kHz + 1) (Glasberg and Moore 1990); bins of 50 Hz; from where the limit of 100 Hz no longer matters.
    for (let i = centres.indexOf(24); i < 33; i++) {
      const erb = (24.7 * (4.37 * 0.05 * centres[i]! + 1)) / 50;
      expect(Math.abs(widths[i]! - 1.12 * erb), `band ${i}`).toBeLessThan(0.6);
    }
  });

  it('sum Re[a^H b] under their triangles', () => {
    const a = fill(0, 962);
    const b = fill(1000, 962);
    core.bands(address(0), address(1000), address(2000));
    const expected = naiveBands((k) => a[2 * k]! * b[2 * k]! + a[2 * k + 1]! * b[2 * k + 1]!);
    for (let i = 0; i < 34; i++) expect(Math.abs(f32[2000 + i]! - expected[i]!)).toBeLessThan(2e-5);
  });

  it('give constant gains back as constant bins, and hold the last one above 20 kHz', () => {
    for (let i = 0; i < 34; i++) f32[i] = 0.3;
    core.spread(address(0), address(100));
    for (let k = 0; k < 481; k++) expect(f32[100 + k]).toBeCloseTo(0.3, 6);
    for (let i = 0; i < 34; i++) f32[i] = i;
    core.spread(address(0), address(100));
    for (let i = 0; i < 34; i++) expect(f32[100 + core.centre(i)]).toBeCloseTo(i, 5);
    for (let k = 400; k < 481; k++) expect(f32[100 + k]).toBe(33);
  });
});

describe('comfort floor', () => {
  /** dBFS; band 17 lies at 3 kHz. */
  const floor = (band: number) => (band < 17 ? -100 : -110);

  it('holds every band at its floor or at its own level, whichever is lower', () => {
    for (let i = 0; i < 34; i++) {
      const level = -120 + 2 * i;
      f32[i] = i % 2 === 0 ? 0 : 1;
      f32[100 + i] = 480 ** 2 * 10 ** (level / 10);
    }
    core.comfort(address(0), address(100));
    for (let i = 0; i < 34; i++) {
      const level = -120 + 2 * i;
      const expected = i % 2 === 0 ? 10 ** (Math.min(0, floor(i) - level) / 20) : 1;
      expect(Math.abs(f32[i]! - expected)).toBeLessThan(1e-6);
    }
  });

  it('leaves silence and gains of one alone', () => {
    for (let i = 0; i < 34; i++) {
      f32[i] = 1;
      f32[100 + i] = 0;
    }
    core.comfort(address(0), address(100));
    for (let i = 0; i < 34; i++) expect(f32[i]).toBe(1);
  });
});

describe('envelope post-filter', () => {
  it('follows its formula', () => {
    const gains = Float64Array.from({ length: 34 }, (_, i) => i / 33);
    const energies = Float64Array.from({ length: 34 }, (_, i) => 1 + 100 * Math.abs(Math.sin(i)));
    gains.forEach((g, i) => {
      f32[i] = g;
    });
    energies.forEach((e, i) => {
      f32[100 + i] = e;
    });
    core.post(address(0), address(100));
    const warped = gains.map((g) => g * Math.sin((Math.PI / 2) * g));
    const e0 = gains.reduce((s, g, i) => s + g * g * energies[i]!, 0);
    const e1 = warped.reduce((s, g, i) => s + g * g * energies[i]!, 0);
    const r = e0 / e1;
    const gain = Math.sqrt((1.02 * r) / (1 + 0.02 * r * r));
    for (let i = 0; i < 34; i++) expect(Math.abs(f32[i]! - gain * warped[i]!)).toBeLessThan(1e-5);
  });

  it('leaves gains of one alone and silence silent', () => {
    for (let i = 0; i < 34; i++) {
      f32[i] = 1;
      f32[100 + i] = 1;
    }
    core.post(address(0), address(100));
    for (let i = 0; i < 34; i++) expect(f32[i]).toBeCloseTo(1, 5);
    f32.fill(0, 0, 300);
    core.post(address(0), address(100));
    for (let i = 0; i < 34; i++) expect(f32[i]).toBe(0);
  });
});

/** Values of bands spread over the bins by the definition. */
function naiveSpread(bands: ArrayLike<number>): Float64Array {
  const bins = new Float64Array(481).fill(bands[33]!);
  for (let i = 0; i < 33; i++) {
    const from = core.centre(i);
    const to = core.centre(i + 1);
    for (let j = from; j < to; j++) bins[j] = bands[i]! + ((j - from) / (to - from)) * (bands[i + 1]! - bands[i]!);
  }
  return bins;
}

describe('Wiener filter of the bins', () => {
  const SPECTRUM = 2 * 484;
  const [MIXED, ENERGIES, GAINS, STRENGTHS, BOUNDS, WEIGHTS, MAKE_UP] = [1000, 2000, 2100, 2150, 2200, 2300, 2800];

  /** The same in double precision, one bin after the other. */
  class Naive {
    private readonly noise = new Float64Array(481);
    private readonly smoothed = new Float64Array(481);

    learn(power: Float64Array, gains: ArrayLike<number>): void {
      const g = naiveSpread(gains);
      this.noise.forEach((n, k) => {
        this.noise[k] = n + 0.03 * Math.max(0, 1 - g[k]!) ** 4 * (power[k]! - n);
      });
    }

    process(power: Float64Array, gains: ArrayLike<number>, strengths: ArrayLike<number>, bounds: ArrayLike<number>) {
      const energies = naiveBands((k) => power[k]!);
      const noises = naiveBands((k) => this.noise[k]!);
      const scale = naiveSpread(
        energies.map((e, b) => {
          const told = 1.5 * Math.max(0, 1 - gains[b]! ** 2) * e;
          const learnt = 1.5 * noises[b]!;
          const level = Math.min(told, told ** 0.25 * learnt ** 0.75);
          const voice = (gains[b]! ** 2 * told * learnt) / (learnt + told / 50);
          return Math.max(level + strengths[b]! ** 2 * (told - level), voice) / noises[b]!;
        }),
      );
      const lowest = naiveSpread(Array.from(bounds, (bound, b) => Math.max(bound, 0.35 + 0.2 * gains[b]!)));
      const weights = power.map((p, k) => {
        const beside = power[Math.abs(k - 1)]! + power[k < 480 ? k + 1 : 479]!;
        this.smoothed[k] = ((p + beside) / 3 + 2 * this.smoothed[k]!) / 3;
        const s = this.smoothed[k]!;
        return Math.max(lowest[k]!, s / (s + scale[k]! * this.noise[k]!));
      });
      const left = naiveBands((k) => weights[k]! ** 2 * power[k]!);
      return { weights, makeUp: energies.map((e, b) => Math.min(4, e / left[b]!) ** 0.125) };
    }
  }

  function power(from: number): Float64Array {
    return Float64Array.from({ length: 481 }, (_, k) => f32[from + 2 * k]! ** 2 + f32[from + 2 * k + 1]! ** 2);
  }

  function process(): void {
    core.bands(address(MIXED), address(MIXED), address(ENERGIES));
    const outputs = [address(WEIGHTS), address(MAKE_UP)] as const;
    const decisions = [address(GAINS), address(STRENGTHS), address(BOUNDS)] as const;
    core.wienerProcess(address(MIXED), address(ENERGIES), ...decisions, ...outputs);
  }

  /** Frames of noise of one level, with gains that say so. */
  function learn(frames: number, level: number): void {
    f32.fill(0.05, GAINS, GAINS + 34);
    for (let t = 0; t < frames; t++) {
      fill(0, SPECTRUM);
      for (let i = 0; i < SPECTRUM; i++) f32[i]! *= level;
      core.wienerLearn(address(0), address(GAINS));
    }
  }

  it('follows its formulas', () => {
    core.wienerReset();
    const naive = new Naive();
    for (let t = 0; t < 40; t++) {
      fill(0, SPECTRUM);
      fill(MIXED, SPECTRUM);
      // Bands from noise alone to voice alone, and some frames louder than what was learnt.
      for (let i = 0; i < SPECTRUM; i++) f32[MIXED + i]! *= t % 5 === 0 ? 30 : 1;
      for (let b = 0; b < 34; b++) {
        f32[GAINS + b] = ((b * 7 + t) % 34) / 30;
        f32[STRENGTHS + b] = ((b * 5 + t) % 34) / 33;
        f32[BOUNDS + b] = b % 11 === 0 ? 0.8 : 0.01;
      }
      const gains = Array.from(f32.subarray(GAINS, GAINS + 34));
      const strengths = Array.from(f32.subarray(STRENGTHS, STRENGTHS + 34));
      const bounds = Array.from(f32.subarray(BOUNDS, BOUNDS + 34));
      core.wienerLearn(address(0), address(GAINS));
      naive.learn(power(0), gains);
      process();
      const expected = naive.process(power(MIXED), gains, strengths, bounds);
      for (let k = 0; k < 481; k++) expect(Math.abs(f32[WEIGHTS + k]! - expected.weights[k]!)).toBeLessThan(2e-5);
      for (let b = 0; b < 34; b++) expect(Math.abs(f32[MAKE_UP + b]! - expected.makeUp[b]!)).toBeLessThan(2e-5);
    }
  });

  /** A filter that knows noise of a level, and bands of one gain and bound. */
  function start(level: number, gain: number, bound: number): void {
    core.wienerReset();
    learn(300, level);
    f32.fill(gain, GAINS, GAINS + 34);
    f32.fill(0, STRENGTHS, STRENGTHS + 34);
    f32.fill(bound, BOUNDS, BOUNDS + 34);
  }

  it('lowers what is as loud as the noise it learnt and keeps what stands out of it', () => {
    start(1, 0.5, 0);
    for (let t = 0; t < 20; t++) {
      fill(MIXED, SPECTRUM);
      for (let k = 20; k < 200; k += 10) f32[MIXED + 2 * k] = 30;
      process();
    }
    const at = (wanted: (k: number) => boolean) => {
      const weights = Array.from(f32.subarray(WEIGHTS + 20, WEIGHTS + 200)).filter((_, i) => wanted(i + 20));
      return weights.reduce((sum, w) => sum + w) / weights.length;
    };
    expect(at((k) => k % 10 === 0)).toBeGreaterThan(0.95);
    // The mean of three bins keeps those beside it too.
    expect(at((k) => k % 10 === 1 || (k % 10 === 9 && k < 199))).toBeGreaterThan(0.95);
    // At a gain of 0.5 none may be below 0.45.
    expect(at((k) => k % 10 > 1 && k % 10 < 9)).toBeLessThan(0.5);
  });

  it('leaves a clean voice alone: gains of one, or no noise learnt, or silence', () => {
    start(1, 1, 0);
    fill(MIXED, SPECTRUM);
    process();
    for (let k = 0; k < 481; k++) expect(f32[WEIGHTS + k]).toBeGreaterThan(0.9999);

    start(1e-4, 0.7, 0);
    process();
    for (let k = 0; k < 481; k++) expect(f32[WEIGHTS + k]).toBeGreaterThan(0.99);

    core.wienerReset();
    f32.fill(0, MIXED, MIXED + SPECTRUM);
    process();
    for (let k = 0; k < 481; k++) expect(Number.isFinite(f32[WEIGHTS + k])).toBe(true);
    for (let b = 0; b < 34; b++) expect(f32[MAKE_UP + b]).toBeLessThan(1.2);
  });

  it('counts noise that it never learnt where the comb filter is needed', () => {
    const mean = () => f32.subarray(WEIGHTS, WEIGHTS + 481).reduce((sum, w) => sum + w) / 481;
    start(1e-2, 0.5, 0);
    fill(MIXED, SPECTRUM);
    process();
    const without = mean();
    start(1e-2, 0.5, 0);
    f32.fill(1, STRENGTHS, STRENGTHS + 34);
    process();
    expect(mean()).toBeLessThan(without - 0.2);
  });

  it('goes no lower than the bounds', () => {
    start(1, 0.3, 0.9);
    fill(MIXED, SPECTRUM);
    process();
    for (let k = 0; k < 481; k++) expect(f32[WEIGHTS + k]).toBeGreaterThan(0.899);
  });
});

describe('comb filter', () => {
  const WINDOW_AT = 4000;

  it.each([
    [60, 60],
    [97, 101],
    [240, 237],
    [318, 320],
    [321, 324],
    [480, 479],
    [484, 481],
    [800, 796],
  ])('is the sum of its taps, without the frame itself, at periods of %i and %i', (past, future) => {
    const x = fill(0, 4000 + 960 + 960);
    core.comb(address(WINDOW_AT), past, future, address(8000));
    const weight = (k: number) => 0.5 + 0.5 * Math.cos((Math.PI * k) / 4);
    const taps: [number, number][] = [];
    for (let k = 1; k <= 3; k++) {
      taps.push([-k * past, weight(k)]);
      if (k * future <= 960) taps.push([k * future, weight(k)]);
    }
    const sum = taps.reduce((s, [, w]) => s + w, 0);
    for (let n = 0; n < 960; n++) {
      const p = taps.reduce((s, [at, w]) => s + (w / sum) * x[WINDOW_AT + n + at]!, 0);
      expect(Math.abs(f32[8000 + n]! - p)).toBeLessThan(1e-6);
    }
    const squares = taps.reduce((s, [, w]) => s + (w / sum) ** 2, 0);
    expect(core.noise(future)).toBeCloseTo(squares, 6);
  });

  it('lowers noise between harmonics by 6.53 dB with all taps', () => {
    expect(10 * Math.log10(core.noise(100))).toBeCloseTo(-6.53, 2);
  });

  it('follows a voice whose period grows, which one period for both sides does not', () => {
    // A chirp of pulses: cycle number c(t) = t / 200 - t^2 / 4e6, so that the period is 200 at the middle of the window and longer later.
    const cycles = (n: number) => n / 200 - (n * n) / 4e6;
    for (let i = 0; i < 5920; i++) {
      f32[i] = 0;
      for (let k = 1; k < 8; k++) f32[i]! += Math.cos(2 * Math.PI * k * cycles(i - WINDOW_AT - 480)) / k;
    }
    const past = core.refine(address(WINDOW_AT), 50);
    const future = core.future(address(WINDOW_AT), past);
    expect(future).toBeGreaterThan(past);
    const error = () => {
      let sum = 0;
      for (let n = 0; n < 960; n++) sum += (f32[8000 + n]! - f32[WINDOW_AT + n]!) ** 2;
      return sum;
    };
    core.comb(address(WINDOW_AT), past, past, address(8000));
    const one = error();
    core.comb(address(WINDOW_AT), past, future, address(8000));
    expect(error()).toBeLessThan(0.8 * one);
  });

  it('lets a periodic signal through untouched', () => {
    for (let i = 0; i < 5920; i++)
      f32[i] = Math.sin((2 * Math.PI * i) / 200) + 0.5 * Math.cos((2 * Math.PI * 7 * i) / 200);
    core.comb(address(WINDOW_AT), 200, 200, address(8000));
    for (let n = 0; n < 960; n++) expect(Math.abs(f32[8000 + n]! - f32[WINDOW_AT + n]!)).toBeLessThan(1e-5);
  });
});

describe('coherence', () => {
  it('is 1 with itself, -1 with its negative, and finite in silence', () => {
    fill(0, 962);
    for (let i = 0; i < 962; i++) f32[1000 + i] = -3 * f32[i]!;
    core.bands(address(0), address(0), address(2000));
    core.bands(address(1000), address(1000), address(2100));
    core.coherence(address(0), address(0), address(2000), address(2000), address(2200));
    core.coherence(address(0), address(1000), address(2000), address(2100), address(2300));
    for (let i = 0; i < 34; i++) {
      expect(f32[2200 + i]).toBeCloseTo(1, 5);
      expect(f32[2300 + i]).toBeCloseTo(-1, 5);
    }
    f32.fill(0, 0, 2400);
    core.coherence(address(0), address(0), address(2000), address(2000), address(2200));
    for (let i = 0; i < 34; i++) expect(f32[2200 + i]).toBe(0);
  });
});

describe('small stages', () => {
  it('the window is power complementary and the one of Vorbis', () => {
    f32.fill(1, 0, 960);
    core.window(address(0), address(1000));
    for (let n = 0; n < 960; n++) {
      const expected = Math.sin((Math.PI / 2) * Math.sin((Math.PI * (n + 0.5)) / 960) ** 2);
      expect(Math.abs(f32[1000 + n]! - expected)).toBeLessThan(1e-7);
    }
    for (let n = 0; n < 480; n++) expect(f32[1000 + n]! ** 2 + f32[1480 + n]! ** 2).toBeCloseTo(1, 6);
  });

  it('the dot product agrees with double precision for every multiple of four', () => {
    const a = fill(0, 968);
    const b = fill(1001, 968);
    for (const n of [4, 8, 12, 240, 480, 964, 968]) {
      let expected = 0;
      for (let i = 0; i < n; i++) expected += a[i]! * b[i]!;
      expect(Math.abs(core.product(address(0), address(1001), n) - expected)).toBeLessThan(2e-5);
    }
  });

  it('the high-pass takes DC away and is flat from 100 Hz', () => {
    f32.fill(0.5, 0, 24000);
    core.highpass(address(0), address(0), 24000);
    expect(Math.abs(f32[23999]!)).toBeLessThan(1e-5);
    for (const [frequency, low, high] of [
      [10, -30, -20],
      [40, -3.2, -2.8],
      [100, -0.2, 0.01],
      [1000, -0.01, 0.01],
    ] as const) {
      for (let i = 0; i < 24000; i++) f32[i] = Math.sin((2 * Math.PI * frequency * i) / 48000);
      core.highpass(address(0), address(0), 24000);
      let power = 0;
      for (let i = 14400; i < 24000; i++) power += f32[i]! ** 2 / 9600;
      const level = 10 * Math.log10(2 * power);
      expect(level, `${frequency} Hz`).toBeGreaterThan(low);
      expect(level, `${frequency} Hz`).toBeLessThan(high);
    }
  });

  it('the DC blocker takes DC away and turns 100 Hz by less than 0.7 degrees', () => {
    // A second in two calls: exp(-2 pi) of the step is left.
    for (const from of [0, 24000]) {
      f32.fill(0.5, 0, 24000);
      core.block(address(0), address(0), 24000);
      expect(f32[23999]! / 0.5).toBeCloseTo(Math.exp((-2 * Math.PI * (from + 24000)) / 48000), 4);
    }
    const x = Float64Array.from({ length: 24000 }, (_, n) => Math.sin((2 * Math.PI * 100 * n) / 48000));
    // What the step left has died away after five halves of a second.
    for (let half = 0; half < 6; half++) {
      f32.set(x);
      core.block(address(0), address(0), 24000);
    }
    let error = 0;
    for (let n = 9600; n < 24000; n++) error = Math.max(error, Math.abs(f32[n]! - x[n]!));
    expect(error).toBeLessThan(2 * Math.sin((0.7 / 2) * (Math.PI / 180)));
  });

  it('the refinement finds the periods of both sides to the sample', () => {
    for (const period of [60, 61, 123, 250, 479, 798, 800]) {
      for (let i = 0; i < 5920; i++) {
        f32[i] = 0;
        for (let k = 1; k < 8; k++) f32[i]! += Math.cos((2 * Math.PI * k * i) / period + k * k) / k;
      }
      const lag = Math.min(200, Math.max(15, Math.round(period / 4)));
      expect(core.refine(address(4000), lag)).toBe(period);
      for (const off of [-3, 0, 3])
        expect(core.future(address(4000), Math.max(60, Math.min(800, period + off)))).toBe(period);
    }
  });
});
