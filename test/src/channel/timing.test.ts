/** The arithmetic of delays: what is held back is enough, and not a sample too much. */
import { describe, expect, test } from 'vitest';
import { CORE_RATE, chainLatency, FRAME, headStart, producedAfter } from '../../../src/channel/timing';
import { randomFrom } from '../../helpers/signals';

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
      let least = Number.POSITIVE_INFINITY;
      for (let k = 0; k < 10_000; k++) {
        n += 1 + random(2000);
        least = Math.min(least, start + producedAfter(n, rate) - n);
      }
      expect(least, `seed ${seed}, ${rate} Hz`).toBeGreaterThanOrEqual(0);
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
