/** JavaScript callers have no types to stop them, and a wrong option that is ignored is found out late: each is refused by name. */
import { NoiseSuppressorError } from './errors';
import { isObject, shown } from './realm';

/** What a value is, in words and as a test. */
export type Rule = readonly [what: string, test: (value: unknown) => boolean];
/** A rule for each option there is. */
export type Rules<Options> = { readonly [Name in keyof Options]-?: Rule };

export const BOOLEAN: Rule = ['true or false', (value) => typeof value === 'boolean'];
export const OBJECT: Rule = ['an object', isObject];
export const SIGNAL: Rule = [
  'an AbortSignal, or null for none',
  // As in fetch(), null is none.
  (value) =>
    value === null ||
    (isObject(value) &&
      typeof value.aborted === 'boolean' &&
      typeof value.addEventListener === 'function' &&
      typeof value.removeEventListener === 'function'),
];
export const TIMEOUT: Rule = [
  'a number above 0 (milliseconds; Infinity waits for ever)',
  (value) => typeof value === 'number' && value > 0,
];
export const STRENGTH = number(0, 1);
export const CHANNELS = oneOf('mono', 'stereo');
export const NETWORK = oneOf('lite', 'full');

export function number(least: number, most: number, unit = ''): Rule {
  const words = most === Number.MAX_VALUE ? `a number, ${least} or more` : `a number from ${least} to ${most}`;
  return [unit ? `${words} (${unit})` : words, (value) => typeof value === 'number' && value >= least && value <= most];
}

export function oneOf(...values: readonly string[]): Rule {
  return [values.map((value) => `'${value}'`).join(' or '), (value) => values.includes(value as string)];
}

/**
 * @param of the options' own name, for the error
 * @throws {NoiseSuppressorError} 'invalid-input' for an option that there is not, that is inherited, or whose value is none of its own; undefined is none
 */
export function checkOptions<Options>(options: unknown, rules: Rules<Options>, of = 'options'): void {
  if (!isObject(options)) throw new NoiseSuppressorError('invalid-input', `${of} is an object, not ${shown(options)}`);
  const prefix = of === 'options' ? '' : `${of}.`;
  for (const name of Object.keys(rules)) {
    if (Object.hasOwn(options, name) || options[name] === undefined) continue;
    const text = `${prefix}${name} comes from the prototype of ${of}, where it is not looked for: give it as the object's own`;
    throw new NoiseSuppressorError('invalid-input', text);
  }
  for (const [name, value] of Object.entries(options)) {
    const rule = Object.hasOwn(rules, name) ? rules[name as keyof Options] : undefined;
    if (!rule) {
      const names = Object.keys(rules).join(', ');
      throw new NoiseSuppressorError('invalid-input', `there is no option ${prefix}${name}; there are ${names}`);
    }
    const [what, test] = rule;
    if (value !== undefined && !test(value)) {
      throw new NoiseSuppressorError('invalid-input', `${prefix}${name} is ${what}, not ${shown(value)}`);
    }
  }
}
