/** Chunks: what is one, and what comes back has the kind of what went in. */
import { expect, it } from 'vitest';
import { channelsOf, joined, kindOfChunk, toFloats, toIntegers } from '../../../src/offline/samples';

const gone = new Int16Array(4);
structuredClone(gone.buffer, { transfer: [gone.buffer] });
const [f, i] = [Float32Array.of(0.5, -1), Int16Array.of(16384, -32768)];

it('one channel is an array, or a list of one; two are a list; none is copied', () => {
  expect(channelsOf(f, 1)[0]).toBe(f);
  expect(channelsOf([f], 1)[0]).toBe(f);
  const pair = [i, Int16Array.of(1, 2)];
  expect(channelsOf(pair, 2)).toEqual(pair);
  expect(channelsOf(pair, 2)[1]).toBe(pair[1]);
});

it.each<[what: string, chunk: unknown, count: number, says: RegExp]>([
  ['a list of two for one', [f, f], 1, /one channel is a Float32Array or an Int16Array, not a list of 2/],
  ['an array for two', f, 2, /two channels is a list of two .*, not a Float32Array/],
  ['a list of one for two', [f], 2, /not a list of 1/],
  ['doubles', new Float64Array(2), 1, /not a Float64Array: bytes go through denoiseStream/],
  ['bytes', new Uint8Array(2), 1, /not an Uint8Array: bytes|not a Uint8Array: bytes/],
  ['a buffer', new ArrayBuffer(2), 1, /ArrayBuffer: bytes/],
  ['numbers', 'no', 1, /not 'no'$/],
  ['what is in a list', [f, null], 2, /not a list with (a Null|null)/],
  ['lengths that differ', [f, new Float32Array(3)], 2, /one length, not 2 and 3/],
  ['kinds that differ', [f, i], 2, /of one kind/],
  ['what has lost its memory', gone, 1, /a chunk has been transferred/],
])('%s is refused', (_, chunk, count, says) => {
  expect(() => channelsOf(chunk, count)).toThrow(
    expect.objectContaining({ code: 'invalid-input', message: expect.stringMatching(says) }),
  );
});

it('full scale is +-1, rounded to the nearest and clipped', () => {
  expect([...toFloats(i)]).toEqual([0.5, -1]);
  expect(toFloats(f)).toBe(f);
  expect([...toIntegers(Float32Array.of(1, -1, 2, -2, 0.4 / 32768, 0.6 / 32768, -0.6 / 32768, 0.25))]).toEqual([
    32767, -32768, 32767, -32768, 0, 1, -1, 8192,
  ]);
});

it.each([
  [f, { integers: false, list: false }],
  [i, { integers: true, list: false }],
  [[f], { integers: false, list: true }],
  [[i, i], { integers: true, list: true }],
] as const)('%o comes back in its kind', (chunk, kind) => {
  expect(kindOfChunk(chunk as never)).toEqual(kind);
  const count = Array.isArray(chunk) ? chunk.length : 1;
  const pieces = [[0.5], [], [-1, 0.25]].map((values) =>
    Array.from({ length: count }, () => Float32Array.from(values)),
  );
  const whole = joined(pieces, count, kind);
  const first = (kind.list ? (whole as readonly (Float32Array | Int16Array)[])[0] : whole) as Float32Array | Int16Array;
  expect([...first]).toEqual(kind.integers ? [16384, -32768, 8192] : [0.5, -1, 0.25]);
  expect(Array.isArray(whole)).toBe(kind.list);
});
