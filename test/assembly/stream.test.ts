/** The way of the samples in and out: what analysis may hear, and what the listener gets of wet and dry. */
import { describe, expect, it } from 'vitest';
import { bench } from '../helpers/bench';
import { noise } from '../helpers/signals';

const [FRAME, DELAY_HOPS] = [480, 3];
const stream = bench<{
  input(): number;
  output(): number;
  accept(): number;
  leave(strength: number): void;
  leaveDry(): void;
  isWet(): number;
  reset(): void;
}>(`
import { Stream } from './assembly/stream';
const stream = new Stream();
export function input(): usize { return changetype<usize>(stream.input); }
export function output(): usize { return changetype<usize>(stream.output); }
export function accept(): usize { return stream.accept(); }
export function leave(strength: f32): void { stream.leave(strength); }
export function leaveDry(): void { stream.leaveDry(); }
export function isWet(): bool { return stream.wet; }
export function reset(): void { stream.reset(); }
`);

const view = (at: number): Float32Array => new Float32Array(stream.f32.buffer, at, FRAME);
/** Takes a hop and gives what analysis gets of it. */
function hear(hop: Float32Array): Float32Array {
  view(stream.core.input()).set(hop);
  return view(stream.core.accept()).slice();
}
/** A hop whose enhanced form is all `wet`; what leaves. */
function pass(hop: Float32Array, wet: number, leave: () => void): Float32Array {
  hear(hop);
  view(stream.core.output()).fill(wet);
  leave();
  return view(stream.core.output()).slice();
}
const [wet, dry] = [() => stream.core.leave(1), () => stream.core.leaveDry()];
const hops = Array.from({ length: 40 }, (_, i) => noise(FRAME, 100 + i));
const late = (n: number): Float32Array => hops[n - DELAY_HOPS] ?? new Float32Array(FRAME);

describe('what analysis hears', () => {
  it.each([
    [Number.NaN, 0],
    [Number.POSITIVE_INFINITY, 0],
    [Number.NEGATIVE_INFINITY, 0],
    [3e38, 0],
    [-1e31, 0],
    [1e29, 1000],
    [-1e29, -1000],
    [1001, 1000],
    [-1001, -1000],
    [1000, 1000],
    [-0.25, -0.25],
    [1e-14, Math.fround(1e-14)],
    [1e-16, 0],
    [-1e-40, 0],
    [0, 0],
  ])('of %d is %d, wherever it stands', (sample, heard) => {
    for (const at of [0, 1, 2, 3, FRAME - 1]) {
      const hop = new Float32Array(FRAME).fill(0.5);
      hop[at] = sample;
      const expected = new Float32Array(FRAME).fill(0.5);
      expected[at] = heard;
      expect([...hear(hop)].map(Math.abs)).toEqual([...expected].map(Math.abs));
      expect(Math.sign(hear(hop)[at]!) || 0).toBe(Math.sign(heard));
    }
  });

  it('is not what is let through: that is cut nowhere, but for what would end as infinity', () => {
    stream.core.reset();
    const hop = new Float32Array(FRAME);
    hop.set([5000, -5000, 1e-40, Number.NaN, 1e31]);
    for (let n = 0; n < DELAY_HOPS; n++) pass(n === 0 ? hop : hops[n]!, 0, dry);
    expect([...pass(hops[0]!, 0, dry).subarray(0, 5)]).toEqual([5000, -5000, Math.fround(1e-40), 0, 0]);
  });
});

describe('what leaves', () => {
  it('is what was enhanced, until the input itself is asked for: that, three hops later, after a crossfade of one', () => {
    stream.core.reset();
    for (let n = 0; n < 10; n++) expect(pass(hops[n]!, n, wet).every((x) => x === n)).toBe(true);
    const faded = pass(hops[10]!, 10, dry);
    for (let i = 0; i < FRAME; i++) {
      const share = (i + 0.5) / FRAME;
      expect(Math.abs(faded[i]! - ((1 - share) * 10 + share * late(10)[i]!))).toBeLessThan(1e-3);
    }
    for (let n = 11; n < 20; n++) expect(pass(hops[n]!, n, dry)).toEqual(late(n));
    expect(stream.core.isWet()).toBe(0);
  });

  it('is enhanced again from the fourth hop on', () => {
    // The first three rest on what was not analysed.
    for (let n = 20; n < 23; n++) expect(pass(hops[n]!, n, wet)).toEqual(late(n));
    const faded = pass(hops[23]!, 23, wet);
    for (let i = 0; i < FRAME; i++) {
      const share = (i + 0.5) / FRAME;
      expect(Math.abs(faded[i]! - ((1 - share) * late(23)[i]! + share * 23))).toBeLessThan(1e-3);
    }
    expect(pass(hops[24]!, 24, wet).every((x) => x === 24)).toBe(true);
    expect(stream.core.isWet()).toBe(1);
  });

  it('is the input at strength 0, and wet at once when that grows: analysis went on', () => {
    pass(hops[25]!, 25, () => stream.core.leave(0));
    expect(pass(hops[26]!, 26, () => stream.core.leave(0))).toEqual(late(26));
    pass(hops[27]!, 27, () => stream.core.leave(0.01));
    expect(pass(hops[28]!, 28, wet).every((x) => x === 28)).toBe(true);
  });

  it('is wet after a reset, with silence in the delay line', () => {
    pass(hops[29]!, 29, dry);
    stream.core.reset();
    expect(view(stream.core.output()).every((x) => x === 0)).toBe(true);
    expect(pass(hops[0]!, 5, wet).every((x) => x === 5)).toBe(true);
    pass(hops[1]!, 0, dry);
    expect(pass(hops[2]!, 0, dry).every((x) => x === 0)).toBe(true);
    expect(pass(hops[3]!, 0, dry)).toEqual(hops[0]);
  });
});
