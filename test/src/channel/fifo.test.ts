/** Property tests of the worklet's buffers and of the arithmetic of its delay. */
import { describe, expect, test } from 'vitest';
import { Fifo } from '../../../src/channel/fifo';
import { CORE_RATE, chainLatency, FRAME, headStart, producedAfter } from '../../../src/channel/timing';
import { DelayLine } from '../../../worklet/delay-line';

/** Around every buffer handed in or out: reading it spoils a sum, overwriting it shows. */
const CANARY = Number.NaN;
const MARGIN = 16;

function randomFrom(seed: number): (below: number) => number {
  let state = seed || 1;
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

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

describe('DelayLine', () => {
  const seed = Math.floor(Math.random() * 2 ** 31);

  test(`is a delay for blocks of any length (seed ${seed})`, () => {
    const random = randomFrom(seed);
    for (let round = 0; round < 50; round++) {
      const delay = random(3000);
      const line = new DelayLine(delay, 1 + random(500));
      let n = 0;
      for (let step = 0; step < 50; step++) {
        const count = 1 + random(900);
        const block = Float32Array.from({ length: count }, (_, i) => n + i + 1);
        line.process(block, block, count);
        expect(block[0]).toBe(Math.max(0, n - delay + 1));
        expect(block[count - 1]).toBe(Math.max(0, n + count - delay));
        n += count;
      }
    }
  });
});

describe('headStart', () => {
  const gcd = (a: number, b: number): number => (b === 0 ? a : gcd(b, a % b));

  test.each([1, 32, 64, 100, 120, 128, 160, 256, 441, 480, 512, 960, 1000, 2048])(
    'at 48 kHz in quanta of %i is the hop less the common divisor',
    (quantum) => {
      expect(headStart(CORE_RATE, quantum)).toBe(FRAME - gcd(FRAME, quantum));
    },
  );

  test.each(
    [8000, 11025, 16000, 22050, 24000, 32000, 44056, 44100, 96000, 192000].flatMap((rate) =>
      [128, 480, 441].map((quantum) => ({ rate, quantum })),
    ),
  )('at $rate Hz in quanta of $quantum is enough for ever and not one sample too much', ({ rate, quantum }) => {
    const start = headStart(rate, quantum);
    let least = Number.POSITIVE_INFINITY;
    for (let k = 1; k <= 200_000; k++) {
      least = Math.min(least, start + producedAfter(k * quantum, rate) - k * quantum);
    }
    expect(least).toBe(0);
  });

  test('a quantum of one covers any mix of lengths', () => {
    const seed = Math.floor(Math.random() * 2 ** 31);
    const random = randomFrom(seed);
    for (const rate of [16000, 44100, 48000, 96000]) {
      const start = headStart(rate, 1);
      let n = 0;
      for (let k = 0; k < 10_000; k++) {
        n += 1 + random(2000);
        expect(start + producedAfter(n, rate) - n, `seed ${seed}, ${rate} Hz`).toBeGreaterThanOrEqual(0);
      }
    }
  });

  test('latency adds up to what is published', () => {
    expect(chainLatency(48000, headStart(48000, 128))).toBeCloseTo(0.03 + 448 / 48000, 12);
    expect(chainLatency(48000, headStart(48000, 480))).toBeCloseTo(0.03, 12);
    for (const rate of [16000, 44100, 96000]) {
      expect(chainLatency(rate, headStart(rate, 128))).toBeLessThan(0.05);
    }
  });
});
