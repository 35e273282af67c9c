/** Many channels to one: what is kept, and how the weights move. */
import { describe, expect, test } from 'vitest';
import { Fold } from '../../../src/channel/fold';
import { noise } from '../../helpers/signals';

const RATE = 48000;
const BLOCK = 128;

/** Syllables of 150 ms and gaps of 50: a tone that something else may hide, but no floor. */
function talk(seconds: number, hz: number, seed: number): Float32Array {
  const hiss = noise(seconds * RATE, seed);
  return hiss.map((v, n) => 1e-4 * v + (n % 9600 < 7200 ? 0.2 * Math.sin((2 * Math.PI * hz * n) / RATE) : 0));
}

function folded(channels: readonly Float32Array[], block = BLOCK, rate = RATE): Float32Array {
  const fold = new Fold(rate, 32);
  const output = new Float32Array(channels[0]?.length ?? 0);
  for (let at = 0; at < output.length; at += block) {
    const end = Math.min(at + block, output.length);
    const part = new Float32Array(end - at);
    fold.process(channels, part, at, end);
    output.set(part, at);
  }
  return output;
}

const level = (x: Float32Array, from = 0): number =>
  10 * Math.log10(x.subarray(from).reduce((sum, v) => sum + v * v, 1e-20) / (x.length - from));
const inverse = (x: Float32Array): Float32Array => x.map((v) => -v);

const voice = talk(3, 200, 1);
const other = talk(3, 313, 2).map((_, n, x) => x[(n + 4000) % x.length] as number);
const still = new Float32Array(voice.length);

describe('Fold', () => {
  test('equal channels are each of them, to the bit; independent noises their mean', () => {
    expect(folded([voice, voice])).toEqual(voice);
    const [a, b] = [noise(RATE, 3), noise(RATE, 4)];
    expect(folded([a, b])).toEqual(a.map((x, n) => Math.fround(Math.fround(0.5 * x) + 0.5 * (b[n] as number))));
  });

  test.each([
    ['a silent one', [voice, still], 0],
    ['silent ones', [still, still, voice, still, still, still], 0],
    ['a hissing one', [voice, noise(voice.length, 5).map((x) => 0.1 * x)], 0.3],
    ['an inverted one', [voice, inverse(voice)], 0],
    ['an inverted and a silent one', [still, voice, inverse(voice)], 0],
    ['inverted ones', [voice, inverse(voice), voice, inverse(voice)], 0],
    ['a quiet one', [voice, voice.map((x) => 0.1 * x)], 0.1],
  ])('beside %s the voice keeps its level', (_, channels, most) => {
    expect(Math.abs(level(folded(channels as Float32Array[])) - level(voice))).toBeLessThan((most as number) + 0.05);
  });

  test.each([
    [-3, 1],
    [-6, 6 / 9],
    [-7.5, 4.5 / 9],
    [-10.5, 1.5 / 9],
    [-12, 0],
    [-30, 0],
  ])('a channel %f dB below the strongest has %f of its weight', (db, share) => {
    const gain = 10 ** (db / 20);
    const out = folded([voice, voice.map((x) => gain * x)]);
    const expected = 20 * Math.log10((1 + share * gain) / (1 + share));
    expect(level(out, RATE) - level(voice, RATE)).toBeCloseTo(expected, 1);
  });

  test('two at once: their mean; in turn: each alone', () => {
    expect(level(folded([voice, other])) - level(voice)).toBeCloseTo(-3, 0);
    const first = voice.map((x, n) => (n < 72_000 ? x : 0));
    const then = other.map((x, n) => (n < 72_000 ? 0 : x));
    const out = folded([first, then]);
    expect(level(out.subarray(0, 72_000)) - level(first.subarray(0, 72_000))).toBeCloseTo(0, 1);
    // A second after the change nothing is lost; within the first tenth half at the most.
    expect(level(out, 120_000) - level(then, 120_000)).toBeGreaterThan(-0.1);
    const onset = (x: Float32Array): number => level(x.subarray(72_000, 76_800));
    expect(onset(out) - onset(then)).toBeGreaterThan(-7);
  });

  test('does not depend on the length of the blocks', () => {
    const channels = [voice, inverse(other)];
    const whole = folded(channels, voice.length);
    for (const block of [1, 128, 480, 1000]) {
      const out = folded(channels, block);
      // Only the first sound is weighed by what its block holds of it.
      expect(out.every((x, n) => n < RATE / 2 || Math.abs(x - (whole[n] as number)) < 1e-6)).toBe(true);
    }
  });

  test('has no step where the weights change', () => {
    // An inversion and a talker who stops, in the middle of a tone.
    const tone = Float32Array.from({ length: 2 * RATE }, (_, n) => 0.5 * Math.sin((2 * Math.PI * 300 * n) / RATE));
    const turned = tone.map((x, n) => (n < RATE ? x : -x));
    const out = folded([tone, turned]);
    let steepest = 0;
    for (let n = 1; n < out.length; n++) if (n !== RATE) steepest = Math.max(steepest, Math.abs(out[n]! - out[n - 1]!));
    // The tone itself goes 0.0196 from sample to sample.
    expect(steepest).toBeLessThan(0.022);
    expect(level(out, 1.2 * RATE) - level(tone)).toBeCloseTo(0, 1);
  });

  test('channels come and go; what is no number is silence', () => {
    const fold = new Fold(RATE, 4);
    const out = new Float32Array(4800);
    fold.process([voice], out, 0, 4800);
    expect(out).toEqual(voice.subarray(0, 4800));
    fold.process([voice, voice, voice, voice, voice], out, 4800, 9600);
    fold.process([voice], out, 9600, 14_400);
    expect(level(out.subarray(960)) - level(voice.subarray(10_560, 14_400))).toBeCloseTo(0, 1);
    const broken = voice.slice();
    for (const [n, x] of [Number.NaN, Number.POSITIVE_INFINITY, -1e38].entries()) broken[9000 + n] = x;
    const mixed = folded([voice, broken]);
    expect(mixed.every((x) => x - x === 0)).toBe(true);
    expect(level(mixed, 20_000) - level(voice, 20_000)).toBeCloseTo(0, 1);
  });
});
