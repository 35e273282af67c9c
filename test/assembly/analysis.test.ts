/** What is heard of a frame: spectra, bands and pitch of a voice, against their definitions in double precision. */
import { beforeEach, describe, expect, it } from 'vitest';
import { bench } from '../helpers/bench';
import { naiveBands } from '../helpers/naive-bands';
import { naiveSpectrum } from '../helpers/naive-fft';
import { blocked, snr, voice } from '../helpers/signals';

const [FRAME, WINDOW, BINS, BANDS, LOOKAHEAD] = [480, 960, 481, 34, 2];
const analysis = bench<{
  centre(i: number): number;
  accept(hop: number): void;
  process(): void;
  reset(): void;
  isSilent(): number;
  spectrum(): number;
  spectrumAt(count: number): number;
  energy(): number;
  comb(): number;
  combEnergy(): number;
  features(): number;
  period(): number;
  futurePeriod(): number;
}>(`
import { Analysis } from './assembly/analysis';
import { CENTRES } from './assembly/signal/erb';
const analysis = new Analysis();
export function centre(i: i32): i32 { return CENTRES[i]; }
export function accept(hop: usize): void { analysis.accept(hop); }
export function process(): void { analysis.process(); }
export function reset(): void { analysis.reset(); }
export function isSilent(): bool { return analysis.isSilent; }
export function spectrum(): usize { return analysis.spectrum; }
export function spectrumAt(count: i32): usize { return analysis.spectrumAt(count); }
export function energy(): usize { return analysis.energy; }
export function comb(): usize { return changetype<usize>(analysis.comb); }
export function combEnergy(): usize { return changetype<usize>(analysis.combEnergy); }
export function features(): usize { return changetype<usize>(analysis.features); }
export function period(): i32 { return analysis.period; }
export function futurePeriod(): i32 { return analysis.futurePeriod; }
`);

const view = (at: number, count: number): Float32Array => new Float32Array(analysis.f32.buffer, at, count).slice();

function hop(samples: Float32Array): void {
  analysis.f32.set(samples);
  analysis.core.accept(analysis.address(0));
}

function hear(x: Float32Array): void {
  for (let at = 0; at + FRAME <= x.length; at += FRAME) {
    hop(x.subarray(at, at + FRAME));
    analysis.core.process();
  }
}

/** 150 Hz: 320 samples. */
const HOPS = 30;
const x = voice(HOPS * FRAME, 150);
const heard = blocked(x);

/** The spectrum of the window whose second half is hop n, of sound without DC. */
function spectrumOf(n: number, heard: Float64Array): Float64Array {
  const samples = Float32Array.from({ length: WINDOW }, (_, i) => {
    const window = Math.sin((Math.PI / 2) * Math.sin((Math.PI * (i + 0.5)) / WINDOW) ** 2);
    return window * heard[(n - 1) * FRAME + i]!;
  });
  return naiveSpectrum(samples);
}

beforeEach(() => analysis.core.reset());

describe('of a voice', () => {
  it('spectra are those of the newest frames, the one in decision two frames old', () => {
    hear(x);
    for (let count = 0; count <= LOOKAHEAD + 1; count++) {
      const spectrum = view(analysis.core.spectrumAt(count), 2 * BINS);
      expect(snr(spectrumOf(HOPS - 1 - count, heard), spectrum), `${count} back`).toBeGreaterThan(90);
    }
    expect(analysis.core.spectrum()).toBe(analysis.core.spectrumAt(LOOKAHEAD));
  });

  it('energies are sums of the bands of that frame, and the network hears those of the newest', () => {
    // The newest two hops are 20 dB down.
    const falling = x.map((v, n) => (n < (HOPS - 2) * FRAME ? v : 0.1 * v));
    const heard = blocked(falling);
    hear(falling);
    const centres = Array.from({ length: BANDS }, (_, i) => analysis.core.centre(i));
    const energies = (spectrum: ArrayLike<number>): Float64Array =>
      naiveBands(centres, (k) => spectrum[2 * k]! ** 2 + spectrum[2 * k + 1]! ** 2);
    const told = view(analysis.core.energy(), BANDS);
    for (const [b, energy] of energies(spectrumOf(HOPS - 1 - LOOKAHEAD, heard)).entries())
      expect(Math.abs(told[b]! - energy), `band ${b}`).toBeLessThan(1e-3 * energy + 1e-3);
    const features = view(analysis.core.features(), 70);
    for (const [b, energy] of energies(spectrumOf(HOPS - 1, heard)).entries())
      expect(features[b], `feature ${b}`).toBeCloseTo(0.4 * Math.log10(energy / FRAME ** 2 + 1e-11) + 2, 1);
  });

  it('the period is found, before and after, and the comb filter keeps what repeats with it', () => {
    hear(x);
    expect([analysis.core.period(), analysis.core.futurePeriod()]).toEqual([320, 320]);
    expect(snr(view(analysis.core.spectrum(), 2 * BINS), view(analysis.core.comb(), 2 * BINS))).toBeGreaterThan(30);
    const [noisy, combed] = [view(analysis.core.energy(), BANDS), view(analysis.core.combEnergy(), BANDS)];
    const features = view(analysis.core.features(), 70);
    for (let b = 0; b < 15; b++) {
      expect(combed[b]! / noisy[b]!).toBeCloseTo(1, 1);
      expect(features[BANDS + b]).toBeGreaterThan(0.99);
    }
    expect(features[68]).toBeCloseTo((2 * Math.log2(320 / 60)) / Math.log2(800 / 60) - 1, 3);
    expect(features[69]).toBeGreaterThan(0.9);
  });

  it('of a voice that falls the period before is shorter than the one after', () => {
    // Longer by 4.8 samples a hop: by 3 from one period to the next.
    const [first, growth] = [240, 0.01];
    const phase = (n: number): number => (2 * Math.PI * Math.log1p((growth * n) / first)) / growth;
    hear(
      Float32Array.from(x, (_, n) => [1, 2, 3, 4, 5].reduce((sum, h) => sum + (0.2 * Math.cos(h * phase(n))) / h, 0)),
    );
    const centre = (HOPS - 1 - LOOKAHEAD) * FRAME;
    const [before, after] = [analysis.core.period(), analysis.core.futurePeriod()];
    expect(Math.abs(before - (first + growth * (centre - before / 2)))).toBeLessThan(1);
    expect(Math.abs(after - (first + growth * (centre + after / 2)))).toBeLessThan(1);
    expect(after - before).toBeGreaterThan(2);
  });

  it('nothing is left after a reset: the same sound gives the same bits', () => {
    const all = (): number[] => [
      ...view(analysis.core.spectrum(), 2 * BINS),
      ...view(analysis.core.comb(), 2 * BINS),
      ...view(analysis.core.features(), 70),
      analysis.core.period(),
    ];
    hear(x);
    const first = all();
    analysis.core.reset();
    hear(x);
    expect(all()).toEqual(first);
  });
});

it('a hop is silent when nothing is in it, not even what is left of a DC', () => {
  const [silence, sound, dc] = [0, 1e-3, 0.5].map((level) => new Float32Array(FRAME).fill(level)) as [
    Float32Array,
    Float32Array,
    Float32Array,
  ];
  hop(silence);
  expect(analysis.core.isSilent()).toBe(1);
  const click = silence.slice();
  click[FRAME - 1] = 1e-10;
  hop(click);
  expect(analysis.core.isSilent()).toBe(0);
  analysis.core.reset();
  hop(sound);
  expect(analysis.core.isSilent()).toBe(0);
  analysis.core.reset();
  hop(dc);
  hop(silence);
  expect(analysis.core.isSilent()).toBe(0);
});
