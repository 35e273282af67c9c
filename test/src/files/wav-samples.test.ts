/** Samples and their bytes: every format by what its bytes mean, written out by hand. */
import { describe, expect, test } from 'vitest';
import { rawFormat } from '../../../src/files/raw';
import { pack, unpack } from '../../../src/files/wav-samples';

const format = (name: string, channels = 1) => rawFormat(name, 48_000, channels)!;
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

describe.each<[name: string, values: [x: number, bytes: string][]]>([
  [
    'u8',
    [
      [0, '80'],
      [-1, '00'],
      [127 / 128, 'ff'],
      [1 / 128, '81'],
    ],
  ],
  [
    's16le',
    [
      [0, '0000'],
      [-1, '0080'],
      [32767 / 32768, 'ff7f'],
      [1 / 32768, '0100'],
      [-0.5, '00c0'],
    ],
  ],
  [
    's16be',
    [
      [-1, '8000'],
      [1 / 32768, '0001'],
      [0.5, '4000'],
    ],
  ],
  [
    's24le',
    [
      [1 / 8388608, '010000'],
      [-1, '000080'],
      [-1 / 8388608, 'ffffff'],
    ],
  ],
  [
    's24be',
    [
      [1 / 8388608, '000001'],
      [0.5, '400000'],
    ],
  ],
  [
    's32le',
    [
      [0.5, '00000040'],
      [-1, '00000080'],
    ],
  ],
  ['s32be', [[0.5, '40000000']]],
  [
    'f32le',
    [
      [1, '0000803f'],
      [-2.5, '000020c0'],
    ],
  ],
  ['f32be', [[1, '3f800000']]],
  [
    'f64le',
    [
      [1, '000000000000f03f'],
      [-0.75, '000000000000e8bf'],
    ],
  ],
  ['f64be', [[1, '3ff0000000000000']]],
])('%s', (name, values) => {
  test.each(values)('%f is %s, both ways', (x, bytes) => {
    expect([...unpack(format(name), Buffer.from(bytes, 'hex'))[0]!]).toEqual([x]);
    expect(hex(pack(format(name), [Float32Array.of(x)]))).toBe(bytes);
  });
});

// ITU-T G.711: silence, and the loudest of either sign.
test.each([
  ['alaw', 'd5', 0, 0.001],
  ['alaw', 'aa', 1, 0.02],
  ['alaw', '2a', -1, 0.02],
  ['mulaw', 'ff', 0, 0.001],
  ['mulaw', '80', 1, 0.03],
  ['mulaw', '00', -1, 0.03],
])('%s: %s is about %f', (name, bytes, x, off) => {
  const [[sample] = []] = unpack(format(name), Buffer.from(bytes, 'hex')) as unknown as [number[]];
  expect(Math.abs(sample! - x)).toBeLessThan(off);
  expect(hex(pack(format(name), [Float32Array.of(sample!)]))).toBe(bytes);
});

test('integers are rounded and clipped, floats are as they are', () => {
  const over = [Float32Array.of(2, -2, 0.4 / 32768, 0.6 / 32768)];
  expect(hex(pack(format('s16le'), over))).toBe('ff7f008000000100');
  expect(hex(pack(format('u8'), [Float32Array.of(2, -2)]))).toBe('ff00');
  expect([...unpack(format('f32le'), Buffer.from(pack(format('f32le'), over)))[0]!]).toEqual([...over[0]!]);
});

test.each(['s16le', 's24be', 'f32le', 'u8'])('channels lie side by side, an odd number of them too: %s', (name) => {
  const channels = [Float32Array.of(0.25, -0.5), Float32Array.of(0.5, 0), Float32Array.of(-0.25, 0.75)];
  const bytes = Buffer.from(pack(format(name, 3), channels));
  const own = format(name).bits / 8;
  expect(bytes).toHaveLength(6 * own);
  expect(hex(bytes.subarray(own, 2 * own))).toBe(hex(pack(format(name), [Float32Array.of(0.5)])));
  expect(unpack(format(name, 3), bytes)).toEqual(channels);
});
