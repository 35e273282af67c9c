/** Rules of options: what each takes, and how what it does not take is told. */
import { expect, test } from 'vitest';
import { checkOptions, number, oneOf, type Rule } from '../../../src/shared/options';

const takes = ([, test]: Rule, values: readonly unknown[]): unknown[] => values.filter(test);

test('a number has both bounds, and none of them is NaN', () => {
  const rule = number(0, 1);
  expect(takes(rule, [0, 0.5, 1, -0.1, 1.1, Number.NaN, '1', null, undefined, 1n])).toEqual([0, 0.5, 1]);
  expect(rule[0]).toBe('a number from 0 to 1');
  expect(number(0, Number.MAX_VALUE, 'milliseconds')[0]).toBe('a number, 0 or more (milliseconds)');
  expect(takes(number(0, Number.MAX_VALUE), [0, 1e300, Number.POSITIVE_INFINITY])).toEqual([0, 1e300]);
});

test('one of several is that string', () => {
  const rule = oneOf('mono', 'stereo');
  expect(takes(rule, ['mono', 'stereo', 'Mono', '', ['mono'], new String('mono'), 1])).toEqual(['mono', 'stereo']);
  expect(rule[0]).toBe("'mono' or 'stereo'");
});

const rules = { strength: number(0, 1), channels: oneOf('mono', 'stereo') };

test('undefined is as if it were left out, and what is not there is not asked for', () => {
  checkOptions({}, rules);
  checkOptions({ strength: undefined, channels: 'mono' }, rules);
  checkOptions(Object.create({ inherited: 1 }), rules);
});

test.each<[options: unknown, of: string | undefined, message: string]>([
  [{ strength: 2 }, undefined, 'strength is a number from 0 to 1, not 2'],
  [{ strength: 2 }, 'assets', 'assets.strength is a number from 0 to 1, not 2'],
  [{ strenght: 1 }, undefined, 'there is no option strenght; there are strength, channels'],
  // Also where nothing is said of it: a name that is wrong is wrong with any value.
  [{ strenght: undefined }, 'limits', 'there is no option limits.strenght; there are strength, channels'],
  [{ toString: 1 }, undefined, 'there is no option toString; there are strength, channels'],
  [null, undefined, 'options is an object, not null'],
  [['mono'], 'limits', 'limits is an object, not an Array'],
])('%o of %s: %s', (options, of, message) => {
  expect(() => checkOptions(options, rules, of)).toThrow(expect.objectContaining({ code: 'invalid-input', message }));
});
