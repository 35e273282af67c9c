/** Versions that may work together. */
import { expect, test } from 'vitest';
import { sameVersion } from '../../../src/shared/version';

test.each([
  ['1.2.3', '1.2.3', true],
  ['1.2.3', '1.2.0', true],
  ['1.2.3', '1.3.3', false],
  ['1.2.3', '2.2.3', false],
  ['0.1.0', '0.10.0', false],
  ['1.2.3', '1.2.3-dev', true],
])('%s and %s: %s', (a, b, same) => {
  expect(sameVersion(a, b)).toBe(same);
  expect(sameVersion(b, a)).toBe(same);
});
