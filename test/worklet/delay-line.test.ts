/** Property tests of what is heard when the core cannot be used. */
import { describe, expect, test } from 'vitest';
import { DelayLine } from '../../worklet/delay-line';
import { randomFrom } from '../helpers/signals';

describe('DelayLine', () => {
  const seed = Math.floor(Math.random() * 2 ** 31);

  test(`is a delay for blocks of any length (seed ${seed})`, () => {
    const random = randomFrom(seed);
    for (let round = 0; round < 50; round++) {
      const delay = random(3000);
      const line = new DelayLine(delay, 1 + random(500));
      let n = 0;
      for (let step = 0; step < 50; step++) {
        const count = 1 + random(900);
        const block = Float32Array.from({ length: count }, (_, i) => n + i + 1);
        line.process(block, block, count);
        expect(block[0]).toBe(Math.max(0, n - delay + 1));
        expect(block[count - 1]).toBe(Math.max(0, n + count - delay));
        n += count;
      }
    }
  });

  test('gets longer in flight by zeros, and never shorter', () => {
    const line = new DelayLine(3, 4);
    const pass = (...block: number[]): number[] => {
      const samples = Float32Array.from(block);
      line.process(samples, samples, samples.length);
      return [...samples];
    };
    expect(pass(1, 2, 3, 4)).toEqual([0, 0, 0, 1]);
    line.setDelay(2);
    expect(pass(5, 6)).toEqual([2, 3]);
    line.setDelay(5);
    expect(pass(7, 8, 9, 10)).toEqual([0, 0, 4, 5]);
    expect(pass(11, 12)).toEqual([6, 7]);
  });
});
