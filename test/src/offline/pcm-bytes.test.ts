/** Bytes of samples, cut anywhere. */
import { describe, expect, it } from 'vitest';
import { PcmBytes } from '../../../src/offline/pcm-bytes';

/** Little-endian, written out by hand: 1, -2, 256, 32767 of 16 bits; 1, -2 of floats. */
const S16 = Uint8Array.of(0x01, 0x00, 0xfe, 0xff, 0x00, 0x01, 0xff, 0x7f);
const F32 = Uint8Array.of(0x00, 0x00, 0x80, 0x3f, 0x00, 0x00, 0x00, 0xc0);

describe('one channel', () => {
  it.each([
    ['s16le', S16, Int16Array.of(1, -2, 256, 32767)],
    ['f32le', F32, Float32Array.of(1, -2)],
  ] as const)('%s is what its bytes say, both ways', (format, bytes, samples) => {
    const pcm = new PcmBytes(format, 1);
    expect(pcm.chunk(bytes)).toEqual(samples);
    expect(pcm.bytes(samples)).toEqual(bytes);
    expect(new PcmBytes(format, 1).chunk(bytes.buffer)).toEqual(samples);
  });

  it.each([1, 2, 3, 5])('cut every %i bytes loses none, and the part of a sample at the end is left out', (step) => {
    const pcm = new PcmBytes('f32le', 1);
    const all = Uint8Array.of(...F32, ...F32, 1, 2);
    const got: number[] = [];
    for (let at = 0; at < all.length; at += step) got.push(...(pcm.chunk(all.subarray(at, at + step)) as Float32Array));
    expect(got).toEqual([1, -2, 1, -2]);
  });
});

it('two channels lie side by side, and a moment that is half is kept until it is whole', () => {
  const pcm = new PcmBytes('s16le', 2);
  expect(pcm.chunk(S16.subarray(0, 6))).toEqual([Int16Array.of(1), Int16Array.of(-2)]);
  expect(pcm.chunk(S16.subarray(6))).toEqual([Int16Array.of(256), Int16Array.of(32767)]);
  expect(pcm.chunk(new Uint8Array(0))).toEqual([new Int16Array(0), new Int16Array(0)]);
  expect(pcm.bytes([Int16Array.of(1, 256), Int16Array.of(-2, 32767)])).toEqual(S16);
});

it('bytes of a buffer are those of the view alone', () => {
  expect(new PcmBytes('s16le', 1).chunk(S16.subarray(2, 6))).toEqual(Int16Array.of(-2, 256));
});

it.each([[new Int16Array(2)], [new Float32Array(2)], ['bytes'], [null], [[1, 2]]])('%o is no bytes', (data) => {
  const hint = ArrayBuffer.isView(data) ? /leave format out for samples/ : /^with format a chunk is a Uint8Array/;
  expect(() => new PcmBytes('s16le', 1).chunk(data)).toThrow(
    expect.objectContaining({ code: 'invalid-input', message: expect.stringMatching(hint) }),
  );
});

it('bytes that were transferred are refused, not taken for none', () => {
  const bytes = new Uint8Array(4);
  structuredClone(bytes.buffer, { transfer: [bytes.buffer] });
  for (const gone of [bytes, bytes.buffer])
    expect(() => new PcmBytes('s16le', 1).chunk(gone)).toThrow(/a chunk has been transferred/);
});
