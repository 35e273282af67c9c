import { expect, it } from 'vitest';
import { bench } from '../../helpers/bench';

/** The window of analysis and synthesis. */
const probe = bench<{
  window(a: number, b: number): void;
}>(`
import { applyWindow } from './assembly/signal/window';
export function window(a: usize, b: usize): void { applyWindow(a, b); }
`);

it('the window is power complementary and the one of Vorbis', () => {
  probe.f32.fill(1, 0, 960);
  probe.core.window(probe.address(0), probe.address(1000));
  for (let n = 0; n < 960; n++) {
    const expected = Math.sin((Math.PI / 2) * Math.sin((Math.PI * (n + 0.5)) / 960) ** 2);
    expect(Math.abs(probe.f32[1000 + n]! - expected)).toBeLessThan(1e-7);
  }
  for (let n = 0; n < 480; n++) expect(probe.f32[1000 + n]! ** 2 + probe.f32[1480 + n]! ** 2).toBeCloseTo(1, 6);
});
