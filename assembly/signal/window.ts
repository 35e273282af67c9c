/**
 * Vorbis power-complementary window, w(n) = sin(pi/2 sin^2(pi (n + 0.5) / 960)), used at analysis
 * and at synthesis: w(n)^2 + w(n + 480)^2 = 1, so overlap-add of untouched frames gives the input back.
 */
import { WINDOW, WINDOW_BYTES } from '../constants';

const TABLE = new StaticArray<f32>(WINDOW);
for (let n = 0; n < WINDOW; n++) {
  const s = Math.sin((Math.PI * ((n as f64) + 0.5)) / (WINDOW as f64));
  unchecked((TABLE[n] = Math.sin(0.5 * Math.PI * s * s) as f32));
}

/** target[n] = source[n] w(n) for 960 f32; the two may be the same. Real-time safe. */
export function applyWindow(source: usize, target: usize): void {
  const table = changetype<usize>(TABLE);
  for (let i: usize = 0; i < WINDOW_BYTES; i += 16) {
    v128.store(target + i, f32x4.mul(v128.load(source + i), v128.load(table + i)));
  }
}
