/** What the build writes at the end of a core, and what is read of it. */
import { describe, expect, test } from 'vitest';
import { readStamp, writeStamp } from '../../../src/loading/stamp';

/** The smallest module there is. */
const CORE = Uint8Array.of(0, 97, 115, 109, 1, 0, 0, 0);

function read(wasm: Uint8Array<ArrayBuffer>): ReturnType<typeof readStamp> {
  return readStamp(new WebAssembly.Module(wasm), wasm.buffer);
}

describe('stamp', () => {
  test.each([true, false])('is read as it was written, relaxed SIMD %s', (relaxedSimd) => {
    const stamped = writeStamp(CORE, '1.2.3', relaxedSimd);
    expect(stamped.subarray(0, CORE.length)).toEqual(CORE);
    expect(read(stamped)).toEqual({ version: '1.2.3', relaxedSimd, intact: true });
  });

  test('the last of two counts, and covers the first', () => {
    const twice = writeStamp(writeStamp(CORE, '1.2.3', true), '1.2.4', false);
    expect(read(twice)).toEqual({ version: '1.2.4', relaxedSimd: false, intact: true });
  });

  test('none is null', () => {
    expect(read(CORE)).toBe(null);
  });

  test('damage before or in it shows', () => {
    const stamped = writeStamp(writeStamp(CORE, '1.2.3', true), '1.2.4', false);
    // A character of the first version, which is part of the core for the second; one of the second checksum.
    for (const at of [CORE.length + 20, stamped.length - 1]) {
      const damaged = stamped.slice();
      damaged[at]! ^= 1;
      expect(read(damaged)).toMatchObject({ version: '1.2.4', intact: false });
    }
  });
});
