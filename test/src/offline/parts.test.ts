/** Where one recording is cut for several workers. */
import { describe, expect, it } from 'vitest';
import { wholeFrames } from '../../../src/channel/timing';
import { cut } from '../../../src/offline/parts';

describe('cut', () => {
  it.each([
    [8000, 600],
    [11025, 3600],
    [44100, 185.5],
    [44101, 400],
    [48000, 240],
    [192000, 130],
  ])('at %i Hz %f s are parts without gaps, with a lead each, that have about the same work', (rate, seconds) => {
    const length = Math.round(seconds * rate);
    for (const most of [1, 2, 3, 8, 64]) {
      const parts = cut(length, rate, most);
      expect(parts).toHaveLength(Math.min(most, Math.floor(seconds / 60)));
      expect(parts[0]).toMatchObject({ from: 0, first: 0 });
      expect(parts.at(-1)).toMatchObject({ end: length, until: length });
      const work = parts.map(({ from, end }) => end - from);
      expect(Math.max(...work) - Math.min(...work)).toBeLessThanOrEqual(2 * wholeFrames(rate));
      for (const [k, { from, first, end, until }] of parts.entries()) {
        expect(end - first).toBeGreaterThan(40 * rate);
        if (k === 0) continue;
        expect(first).toBe(parts[k - 1]!.end);
        // Frames of the part lie as those of the whole.
        expect([from % wholeFrames(rate), first % wholeFrames(rate)]).toEqual([0, 0]);
        expect((first - from) / rate).toBeGreaterThanOrEqual(20);
        expect(until).toBe(Math.min(length, end + Math.ceil(rate / 10)));
      }
    }
  });

  it.each([0, 1, 119.9 * 48000])('leaves %d samples in one', (length) => {
    expect(cut(length, 48000, 8)).toEqual([{ from: 0, first: 0, end: length, until: length }]);
  });
});
