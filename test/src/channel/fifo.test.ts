/** Property tests of the buffers between blocks of any length. */
import { describe, expect, test } from 'vitest';
import { Fifo } from '../../../src/channel/fifo';
import { randomFrom } from '../../helpers/signals';

/** Around every buffer handed in or out: reading it spoils a sum, overwriting it shows. */
const CANARY = Number.NaN;
const MARGIN = 16;

function intact(buffer: Float32Array, from: number, to: number): boolean {
  return buffer.every((value, i) => (i >= from && i < to) || Number.isNaN(value));
}

describe('Fifo', () => {
  const seed = Math.floor(Math.random() * 2 ** 31);

  test(`gives what it took, in order, for random lengths (seed ${seed})`, () => {
    const random = randomFrom(seed);
    for (let round = 0; round < 200; round++) {
      const capacity = 1 + random(2000);
      const start = random(capacity);
      const fifo = new Fifo(capacity, start);
      let written = 0;
      let read = 0;
      for (let step = 0; step < 100; step++) {
        const offset = random(MARGIN);
        const count = random(700);
        const buffer = new Float32Array(count + 2 * MARGIN).fill(CANARY);
        if (random(2)) {
          for (let i = 0; i < count; i++) buffer[offset + i] = written + i + 1;
          const room = fifo.capacity - fifo.length;
          const fits = fifo.write(buffer, offset, count);
          expect(fits).toBe(count <= room);
          if (fits) written += count;
        } else {
          const there = fifo.length;
          const got = fifo.read(buffer, offset, count);
          expect(got).toBe(Math.min(count, there));
          expect(intact(buffer, offset, offset + count)).toBe(true);
          for (let i = 0; i < count; i++) {
            const expected = i >= got || read + i < start ? 0 : read + i - start + 1;
            if (buffer[offset + i] !== expected) expect(buffer[offset + i]).toBe(expected);
          }
          read += got;
        }
        expect(fifo.length).toBe(start + written - read);
      }
    }
  });

  test('grows without losing a sample', () => {
    const fifo = new Fifo(4, 0);
    fifo.write(Float32Array.of(1, 2, 3), 0, 3);
    fifo.read(new Float32Array(2), 0, 2);
    fifo.grow(100, 2);
    fifo.write(Float32Array.of(4), 0, 1);
    const out = new Float32Array(4);
    expect(fifo.read(out, 0, 4)).toBe(4);
    expect([...out]).toEqual([0, 0, 3, 4]);
    expect(fifo.underruns).toBe(0);
  });

  test('an underrun gives zeros, is counted, and never queues', () => {
    const fifo = new Fifo(8);
    fifo.write(Float32Array.of(1), 0, 1);
    const out = Float32Array.of(9, 9, 9);
    expect(fifo.read(out, 0, 3)).toBe(1);
    expect([...out]).toEqual([1, 0, 0]);
    expect(fifo.underruns).toBe(1);
    expect(fifo.length).toBe(0);
  });
});
