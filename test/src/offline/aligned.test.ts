/** Sound through a line that is late: as much comes out as went in, in step with it, whatever the blocks. */
import { describe, expect, it } from 'vitest';
import { Aligned, copyFinite } from '../../../src/offline/aligned';
import type { Line } from '../../../src/offline/chain';
import { noise } from '../../helpers/signals';

/** `late` samples late, and gives them by fours: some calls leave nothing to read, others more than was written. */
class Late implements Line {
  private readonly waiting: number[][];
  longest = 0;
  constructor(
    readonly late: number,
    count: number,
  ) {
    this.waiting = Array.from({ length: count }, () => Array(late).fill(Number.NaN));
  }
  get ready(): number {
    return Math.floor(this.waiting[0]!.length / 4) * 4;
  }
  write(input: readonly Float32Array[], count: number): void {
    this.longest = Math.max(this.longest, count);
    for (const [c, samples] of input.entries()) this.waiting[c]!.push(...samples.subarray(0, count));
  }
  read(output: readonly Float32Array[], count: number): void {
    for (const [c, samples] of output.entries()) samples.set(this.waiting[c]!.splice(0, count));
  }
}

describe.each([0, 1, 7, 16, 100])('a line %i samples late', (late) => {
  it.each([0, 1, 15, 16, 17, 100, 333])('gives %i samples back as they were, two channels apart', (length) => {
    const input = [noise(length, 1), noise(length, 2)];
    const got: number[][] = [[], []];
    const line = new Late(late, 2);
    const aligned = new Aligned(line, 2, 16, (channels, count) => {
      expect(count).toBeGreaterThan(0);
      for (const [c, samples] of channels.entries()) {
        expect(samples).toHaveLength(count);
        got[c]!.push(...samples);
      }
    });
    // In two pieces of the same arrays.
    const middle = Math.floor(length / 3);
    aligned.push(input, 0, middle);
    aligned.push(input, middle, length);
    expect(got[0]!.length).toBeLessThanOrEqual(length);
    aligned.finish();
    expect(got).toEqual(input.map((samples) => [...samples]));
    expect(line.longest).toBeLessThanOrEqual(16);
  });
});

it('what is no number is silence on its way', () => {
  const to = new Float32Array(6).fill(9);
  copyFinite(Float32Array.of(8, 0.5, Number.NaN, Infinity, -Infinity, -3e38), 1, to, 5);
  expect([...to]).toEqual([0.5, 0, 0, 0, Math.fround(-3e38), 9]);
});
