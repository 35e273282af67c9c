import { describe, expect, it } from 'vitest';
import { bench } from '../../helpers/bench';

/** The floors under the gains. */
const probe = bench<{
  comfort(gains: number, energies: number): void;
}>(`
import { comfortFloor } from './assembly/enhance/comfort';
export function comfort(gains: usize, energies: usize): void { comfortFloor(gains, energies); }
`);

describe('comfort floor', () => {
  /** dBFS; band 17 lies at 3 kHz. */
  const floor = (band: number) => (band < 17 ? -100 : -110);

  it('holds every band at its floor or at its own level, whichever is lower', () => {
    for (let i = 0; i < 34; i++) {
      const level = -120 + 2 * i;
      probe.f32[i] = i % 2 === 0 ? 0 : 1;
      probe.f32[100 + i] = 480 ** 2 * 10 ** (level / 10);
    }
    probe.core.comfort(probe.address(0), probe.address(100));
    for (let i = 0; i < 34; i++) {
      const level = -120 + 2 * i;
      const expected = i % 2 === 0 ? 10 ** (Math.min(0, floor(i) - level) / 20) : 1;
      expect(Math.abs(probe.f32[i]! - expected)).toBeLessThan(1e-6);
    }
  });

  it('leaves silence and gains of one alone', () => {
    for (let i = 0; i < 34; i++) {
      probe.f32[i] = 1;
      probe.f32[100 + i] = 0;
    }
    probe.core.comfort(probe.address(0), probe.address(100));
    for (let i = 0; i < 34; i++) expect(probe.f32[i]).toBe(1);
  });
});
