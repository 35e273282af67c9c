/** What a value is, also where it was made by the classes of another realm. */
import { runInNewContext } from 'node:vm';
import { expect, test } from 'vitest';
import {
  isError,
  isFloat32Array,
  isGone,
  isInt16Array,
  isObject,
  kindOf,
  messageOf,
  shown,
} from '../../../src/shared/realm';

const foreign = (code: string): unknown => runInNewContext(code);

test.each<[value: unknown, kind: string, object: boolean]>([
  [new Float32Array(1), 'Float32Array', true],
  [foreign('new Float32Array(1)'), 'Float32Array', true],
  [foreign('({ a: 1 })'), 'Object', true],
  [foreign('[1]'), 'Array', false],
  [[], 'Array', false],
  [null, 'Null', false],
  [undefined, 'Undefined', false],
  ['a', 'String', false],
  [() => {}, 'Function', false],
  [{ [Symbol.toStringTag]: 'AudioContext' }, 'AudioContext', true],
])('%o is of kind %s', (value, kind, object) => {
  expect(kindOf(value)).toBe(kind);
  expect(isObject(value)).toBe(object);
});

test('samples are known by what they are, not by what they say', () => {
  for (const make of [(code: string) => foreign(code), (code: string) => new Function(`return ${code}`)() as unknown]) {
    expect(isFloat32Array(make('new Float32Array(2)'))).toBe(true);
    expect(isInt16Array(make('new Int16Array(2)'))).toBe(true);
    for (const other of ['new Float64Array(2)', 'new Uint8Array(2)', 'new DataView(new ArrayBuffer(4))', '[1, 2]'])
      expect([isFloat32Array(make(other)), isInt16Array(make(other))], other).toEqual([false, false]);
  }
  const liar = { [Symbol.toStringTag]: 'Float32Array' };
  expect(isFloat32Array(liar)).toBe(false);
});

test('arrays without their memory are not empty ones', () => {
  const [given, whole] = [new Float32Array(4), new Float32Array(4)];
  structuredClone(given.buffer, { transfer: [given.buffer] });
  expect([given, whole, new Float32Array(0), whole.subarray(4)].map(isGone)).toEqual([true, false, false, false]);
});

test('errors are known by their names, and by what they say', () => {
  expect(isError(foreign("new RangeError('far')"), 'RangeError')).toBe(true);
  expect(isError(new RangeError('far'), 'Error')).toBe(false);
  expect(isError('RangeError', 'RangeError')).toBe(false);
  expect(messageOf(foreign("new Error('far')"))).toBe('far');
  expect([messageOf('far'), messageOf(null), messageOf(7)]).toEqual(['far', 'null', '7']);
  expect(messageOf({ message: 7 })).toBe('[object Object]');
});

test.each<[value: unknown, text: string]>([
  ['a', "'a'"],
  [7, '7'],
  [7n, '7'],
  [undefined, 'undefined'],
  [null, 'null'],
  [{}, 'an Object'],
  [[], 'an Array'],
  [new Float32Array(9), 'a Float32Array'],
  [new Int16Array(9), 'an Int16Array'],
  [class {}, 'a function'],
])('%o is shown as %s', (value, text) => expect(shown(value)).toBe(text));
