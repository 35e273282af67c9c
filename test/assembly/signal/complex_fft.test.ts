/** The complex transform against its definition, in double precision. */
import { expect, it } from 'vitest';
import { bench } from '../../helpers/bench';
import { noise, snr } from '../../helpers/signals';

const POINTS = 480;
const fft = bench<{ transform(source: number): void; result(): number }>(`
import { bufferB, transform } from './assembly/signal/complex_fft';
export { transform };
export function result(): usize { return bufferB; }
`);

/** Real parts, then imaginary ones. */
function naive(x: ArrayLike<number>): Float64Array {
  const out = new Float64Array(2 * POINTS);
  for (let k = 0; k < POINTS; k++) {
    for (let n = 0; n < POINTS; n++) {
      const angle = (-2 * Math.PI * ((k * n) % POINTS)) / POINTS;
      out[k]! += x[2 * n]! * Math.cos(angle) - x[2 * n + 1]! * Math.sin(angle);
      out[POINTS + k]! += x[2 * n]! * Math.sin(angle) + x[2 * n + 1]! * Math.cos(angle);
    }
  }
  return out;
}

/** One turn each `POINTS / bin` points. */
function turning(bin: number): Float32Array {
  return Float32Array.from({ length: 2 * POINTS }, (_, i) => {
    const angle = (2 * Math.PI * bin * (i >> 1)) / POINTS;
    return i % 2 === 0 ? Math.cos(angle) : Math.sin(angle);
  });
}

const result = (): Float32Array => new Float32Array(fft.f32.buffer, fft.core.result(), 2 * POINTS);

// 4, 4, 5 and 6 are the radices: bins that each pass alone turns, and some that all do.
it.each<[what: string, x: Float32Array]>([
  ['noise', noise(2 * POINTS, 5)],
  ['an impulse', Float32Array.from({ length: 2 * POINTS }, (_, i) => (i === 2 * 7 + 1 ? 1 : 0))],
  ...[0, 1, 30, 96, 120, 160, 239.5, 240, 479].map((bin): [string, Float32Array] => [`bin ${bin}`, turning(bin)]),
])('is the transform of its definition, and leaves its input alone: %s', (_, x) => {
  // Four bytes off a 16-byte boundary: no more than 4-byte alignment is promised to be needed.
  fft.f32.set(x, 1);
  fft.core.transform(fft.address(1));
  expect(snr(naive(x), result())).toBeGreaterThan(125);
  expect(fft.f32.slice(1, 1 + 2 * POINTS)).toEqual(x);
});

it('takes the buffer of its own result, as the way back does', () => {
  const x = noise(2 * POINTS, 6);
  fft.f32.set(x, 1);
  fft.core.transform(fft.address(1));
  const expected = result().slice();
  result().set(x);
  fft.core.transform(fft.core.result());
  expect(result().slice()).toEqual(expected);
});
