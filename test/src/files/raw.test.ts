/** Formats of samples without a header: by the names that others have for them. */
import { expect, test } from 'vitest';
import { RAW_FORMATS, rawFormat, rawHeader } from '../../../src/files/raw';

test.each(RAW_FORMATS)('%s is what its name says', (name) => {
  const [, kind = '', bits, order] = /^([usf]|alaw|mulaw)(\d*)([lb]e)?$/.exec(name) ?? [];
  const encodings: Record<string, string> = { u: 'integer', s: 'integer', f: 'float', alaw: 'a-law', mulaw: 'mu-law' };
  expect(rawFormat(name, 16_000, 2)).toEqual({
    encoding: encodings[kind],
    bits: bits ? Number(bits) : 8,
    bigEndian: order === 'be',
    sampleRate: 16_000,
    channels: 2,
  });
});

test.each(['s16', 'S16LE', 'wav', '', 'toString'])('%j is none', (name) => {
  expect(rawFormat(name, 16_000, 1)).toBeNull();
});

test('as many whole frames as fit, and a pipe has no end', () => {
  const format = rawFormat('s24le', 48_000, 2)!;
  expect(rawHeader(format, 600)).toMatchObject({ container: 'raw', start: 0, length: 100 });
  expect(rawHeader(format, 605).length).toBe(100);
  expect(rawHeader(format, Number.POSITIVE_INFINITY).length).toBe(Number.POSITIVE_INFINITY);
});
