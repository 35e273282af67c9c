/** How late one recording is against another. */
import { expect, test } from 'vitest';
import { delayOf } from '../../../bench/compare/align';
import { uniform } from '../../helpers/signals';

test.each([0, 1, 7, 480, 1440, 1887, 4800])('a delay of %i samples is found, through a filter and noise', (delay) => {
  const random = uniform(5);
  const white = Float32Array.from({ length: 48000 }, () => random() - 0.5);
  const input = white.map((x, n) => x + (white[n - 1] ?? 0) + 0.5 * (white[n - 2] ?? 0));
  const late = new Float32Array(48000 + 4800);
  for (let n = 0; n < input.length; n++) late[n + delay] = 0.5 * input[n]! + 0.1 * (random() - 0.5);
  expect(delayOf(input, late, 4800)).toBe(delay);
  expect(delayOf(input, new Float32Array(52800), 4800)).toBe(0);
});
