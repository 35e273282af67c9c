import { describe, expect, it } from 'vitest';
import { bench } from '../../helpers/bench';

/** Floors, gains held at them, and what takes a gain down to its floor. */
const probe = bench<{
  comfort(energies: number, floors: number, gains: number, held: number, least: number): void;
}>(`
import { comfortFloor, holdFloors } from './assembly/enhance/comfort';
export function comfort(energies: usize, floors: usize, gains: usize, held: usize, least: usize): void {
  comfortFloor(energies, floors);
  holdFloors(gains, floors, held, least);
}
`);
const [ENERGIES, FLOORS, GAINS, HELD, LEAST] = [100, 200, 0, 300, 400];
function run(): void {
  const { core, address } = probe;
  core.comfort(address(ENERGIES), address(FLOORS), address(GAINS), address(HELD), address(LEAST));
}

describe('comfort floor', () => {
  /** dBFS; band 17 lies at 3 kHz. */
  const floor = (band: number) => (band < 17 ? -100 : -110);

  it('holds every band at its floor or at its own level, whichever is lower', () => {
    for (let i = 0; i < 34; i++) {
      const level = -120 + 2 * i;
      probe.f32[GAINS + i] = i % 2 === 0 ? 0 : 1;
      probe.f32[ENERGIES + i] = 480 ** 2 * 10 ** (level / 10);
    }
    run();
    for (let i = 0; i < 34; i++) {
      const level = -120 + 2 * i;
      const expected = i % 2 === 0 ? 10 ** (Math.min(0, floor(i) - level) / 20) : 1;
      expect(Math.abs(probe.f32[HELD + i]! - expected)).toBeLessThan(1e-6);
      const held = 10 ** (Math.min(0, floor(i) - level) / 20);
      expect(Math.abs(probe.f32[LEAST + i]! * probe.f32[HELD + i]! - held)).toBeLessThan(1e-6);
    }
  });

  it('leaves silence and gains of one alone', () => {
    for (let i = 0; i < 34; i++) {
      probe.f32[GAINS + i] = 1;
      probe.f32[ENERGIES + i] = 0;
    }
    run();
    for (let i = 0; i < 34; i++) expect(probe.f32[HELD + i]).toBe(1);
  });
});
