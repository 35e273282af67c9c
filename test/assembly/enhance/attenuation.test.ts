import { expect, it } from 'vitest';
import { bench } from '../../helpers/bench';

const probe = bench<{
  blend(noisy: number, strength: number, spectrum: number, gains: number, strengths: number): void;
}>(`
import { attenuate } from './assembly/enhance/attenuation';
export function blend(noisy: usize, strength: f32, spectrum: usize, gains: usize, strengths: usize): void {
  attenuate(noisy, strength, spectrum, gains, strengths);
}
`);

const VALUES = 962;
const NOISY = 0;
const SPECTRUM = 1000;
const GAINS = 2000;
const STRENGTHS = 2050;

it.each([1, 0.75, 0.5, 0])('blends spectrum, gains and strengths by their share: %f', (strength) => {
  const noisy = Float32Array.from({ length: VALUES }, (_, i) => Math.sin(i) * 100);
  const enhanced = Float32Array.from({ length: VALUES }, (_, i) => Math.cos(3 * i) * 50);
  const gains = Float32Array.from({ length: 34 }, (_, b) => b / 34);
  const strengths = Float32Array.from({ length: 34 }, (_, b) => 1 - b / 40);
  probe.f32.set(noisy, NOISY);
  probe.f32.set(enhanced, SPECTRUM);
  probe.f32.set(gains, GAINS);
  probe.f32.set(strengths, STRENGTHS);
  probe.core.blend(
    probe.address(NOISY),
    strength,
    probe.address(SPECTRUM),
    probe.address(GAINS),
    probe.address(STRENGTHS),
  );
  for (let i = 0; i < VALUES; i++) {
    const expected = (1 - strength) * noisy[i]! + strength * enhanced[i]!;
    expect(Math.abs(probe.f32[SPECTRUM + i]! - expected)).toBeLessThan(1e-4);
    // All of it is bit for bit what was decided.
    if (strength === 1) expect(probe.f32[SPECTRUM + i]).toBe(enhanced[i]);
  }
  for (let b = 0; b < 34; b++) {
    expect(Math.abs(probe.f32[GAINS + b]! - (1 - strength + strength * gains[b]!))).toBeLessThan(1e-6);
    expect(Math.abs(probe.f32[STRENGTHS + b]! - strength * strengths[b]!)).toBeLessThan(1e-6);
  }
});
