/** From spectra back to samples, against the definition in double precision. */
import { expect, it } from 'vitest';
import { bench } from '../helpers/bench';
import { snr } from '../helpers/signals';

const [FRAME, WINDOW, BINS] = [480, 960, 481];
const [SPECTRUM, OUT] = [0, 1000];
const synthesis = bench<{ run(spectrum: number, output: number): void; reset(): void }>(`
import { Synthesis } from './assembly/synthesis';
const synthesis = new Synthesis();
export function run(spectrum: usize, output: usize): void { synthesis.process(spectrum, output); }
export function reset(): void { synthesis.reset(); }
`);

/** The inverse transform of 481 bins, windowed as Vorbis does. */
function windowed(spectrum: Float64Array): Float64Array {
  return Float64Array.from({ length: WINDOW }, (_, n) => {
    let sum = spectrum[0]! + (n % 2 ? -1 : 1) * spectrum[2 * (BINS - 1)]!;
    for (let k = 1; k < BINS - 1; k++) {
      const angle = (2 * Math.PI * ((k * n) % WINDOW)) / WINDOW;
      sum += 2 * (spectrum[2 * k]! * Math.cos(angle) - spectrum[2 * k + 1]! * Math.sin(angle));
    }
    return (Math.sin((Math.PI / 2) * Math.sin((Math.PI * (n + 0.5)) / WINDOW) ** 2) * sum) / WINDOW;
  });
}

function next(): { frame: Float64Array; hop: Float32Array } {
  const frame = windowed(synthesis.fill(SPECTRUM, 968));
  synthesis.core.run(synthesis.address(SPECTRUM), synthesis.address(OUT));
  return { frame, hop: synthesis.f32.slice(OUT, OUT + FRAME) };
}

it('each hop is the end of the frame before and the beginning of its own', () => {
  let before = new Float64Array(FRAME);
  for (let t = 0; t < 4; t++) {
    const { frame, hop } = next();
    const expected = frame.subarray(0, FRAME).map((x, i) => x + before[i]!);
    expect(snr(expected, hop)).toBeGreaterThan(115);
    before = frame.slice(FRAME);
  }
});

it('starts from silence after a reset', () => {
  next();
  synthesis.core.reset();
  const { frame, hop } = next();
  expect(snr(frame.subarray(0, FRAME), hop)).toBeGreaterThan(115);
});
