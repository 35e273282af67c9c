/** Features and outputs of the finer stage against their formulas in float64; its network is tested by itself. */
import { beforeAll, describe, expect, it } from 'vitest';
import { FINER_BINS, FINER_FEATURES, FINER_OUTPUTS } from '../../../src/core/shape';
import { instantiateAssembly } from '../../helpers/assembly';
import { random } from '../../helpers/probe';

interface Core {
  memory: WebAssembly.Memory;
  input(): number;
  analyse(): void;
  /** Y of the frame `count` before the newest. */
  noisy(count: number): number;
  comb(): number;
  noise(): number;
  spectrum(): number;
  features(): number;
  outputs(): number;
  row(): number;
  see(): void;
  apply(): void;
}

const probe = `
import { Analysis } from './assembly/analysis';
import { applyFiner, finerFeatures } from './assembly/enhance/finer';
import { FINER_FIRST, FINER_ROW } from './assembly/network/finer';
const frame = new Analysis();
const hop = new StaticArray<f32>(480);
const n = new StaticArray<f32>(484);
const s = new StaticArray<f32>(968);
const f = new StaticArray<f32>(16 * FINER_ROW);
const o = new StaticArray<f32>(16 * FINER_ROW);
export function input(): usize { return changetype<usize>(hop); }
export function analyse(): void { frame.accept(changetype<usize>(hop)); frame.process(); }
export function noisy(count: i32): usize { return frame.spectrumAt(count); }
export function comb(): usize { return changetype<usize>(frame.comb); }
export function noise(): usize { return changetype<usize>(n); }
export function spectrum(): usize { return changetype<usize>(s); }
export function features(): usize { return changetype<usize>(f) + FINER_FIRST; }
export function outputs(): usize { return changetype<usize>(o) + FINER_FIRST; }
export function row(): i32 { return FINER_ROW; }
export function see(): void { finerFeatures(frame, noise(), spectrum(), features()); }
export function apply(): void { applyFiner(outputs(), frame, spectrum()); }
`;

type Complex = [re: number, im: number];
const times = ([a, b]: Complex, [c, d]: Complex): Complex => [a * c - b * d, a * d + b * c];
const conjugate = ([a, b]: Complex): Complex => [a, -b];
const plus = (...all: Complex[]): Complex => [all.reduce((n, z) => n + z[0], 0), all.reduce((n, z) => n + z[1], 0)];
const scaled = (k: number, [a, b]: Complex): Complex => [k * a, k * b];
const power = ([a, b]: Complex): number => a * a + b * b;
const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));

describe('finer stage', () => {
  let core: Core;
  const view = (at: number, length: number): Float32Array => new Float32Array(core.memory.buffer, at, length);
  const bin = (at: number, k: number): Complex => {
    const z = view(at + 8 * k, 2);
    return [z[0]!, z[1]!];
  };
  /** A steady tone in the middle of bin k turns by pi k in a hop. */
  const turned = (z: Complex, k: number): Complex => (k % 2 === 0 ? z : scaled(-1, z));
  const last = (k: number): Complex => turned(bin(core.noisy(3), k), k);
  const now = (k: number): Complex => bin(core.noisy(2), k);
  const next = (k: number): Complex => turned(bin(core.noisy(1), k), k);
  let next32: () => number;

  beforeAll(async () => {
    core = await instantiateAssembly<Core>(probe);
    next32 = random(17);
    // A voiced sound in noise.
    for (let t = 0; t < 30; t++) {
      const hop = view(core.input(), 480);
      for (let i = 0; i < 480; i++) {
        const at = (480 * t + i) / 48000;
        hop[i] =
          0.1 * Math.sin(2 * Math.PI * 150 * at) + 0.05 * Math.sin(2 * Math.PI * 450 * at) + 0.02 * (next32() - 0.5);
      }
      core.analyse();
    }
  });

  function fill(): void {
    const s = view(core.spectrum(), 968);
    for (let i = 0; i < s.length; i++) s[i] = 20 * (next32() - 0.5) ** 3;
    s.fill(0, 2 * 40, 2 * 44);
    view(core.noise(), 484).forEach((_, k, noise) => {
      noise[k] = k % 7 === 0 ? 0 : next32() ** 4;
    });
  }

  it('sees powers, agreement with the comb filter and turns', () => {
    fill();
    core.see();
    const level = (p: number): number => Math.min(3, Math.max(-3, 0.4 * Math.log10(p / 480 ** 2 + 1e-11) + 2));
    for (let k = 0; k < FINER_BINS; k++) {
      const y = now(k);
      const p = bin(core.comb(), k);
      const agreement = scaled(2 / (power(p) + power(y) + 1e-9), times(p, conjugate(y)));
      const turn = times(y, conjugate(last(k)));
      const length = Math.sqrt(power(turn) + 1e-9);
      const expected = [
        level(power(bin(core.spectrum(), k))),
        level(power(y)),
        level(power(next(k))),
        level(power(bin(core.noisy(0), k))),
        level(view(core.noise(), 484)[k]!),
        ...agreement,
        turn[0] / length,
        turn[1] / length,
      ];
      expect(expected.length).toBe(FINER_FEATURES);
      expected.forEach((value, f) => {
        const seen = view(core.features() + 4 * (f * core.row() + k), 1)[0]!;
        expect(Math.abs(seen - value), `bin ${k}, feature ${f}`).toBeLessThan(2e-5);
      });
    }
  });

  it('masks and filters as its formula says, and only below 5 kHz', () => {
    fill();
    for (let o = 0; o < FINER_OUTPUTS; o++) {
      const row = view(core.outputs() + 4 * o * core.row(), FINER_BINS);
      for (let k = 0; k < FINER_BINS; k++) row[k] = 4 * (next32() - 0.5);
    }
    const told = (o: number, k: number): number => view(core.outputs() + 4 * (o * core.row() + k), 1)[0]!;
    const expected: Complex[] = [];
    for (let k = 0; k < 481; k++) {
      const s = bin(core.spectrum(), k);
      if (k >= FINER_BINS) {
        expected.push(s);
        continue;
      }
      const mask: Complex = [2 * sigmoid(told(0, k)), Math.tanh(told(1, k))];
      const gain = Math.min(1.5, Math.sqrt((Math.sqrt(power(s)) + 1e-6) / (Math.sqrt(power(now(k))) + 1e-6)));
      const taps = [last(k), now(k), next(k)].map((y, j) =>
        times([Math.tanh(told(2 + j, k)), Math.tanh(told(5 + j, k))], y),
      );
      expected.push(plus(times(mask, s), scaled(gain, plus(...taps))));
    }
    core.apply();
    expected.forEach((e, k) => {
      const got = bin(core.spectrum(), k);
      for (const i of [0, 1]) {
        if (k >= FINER_BINS) expect(got[i], `bin ${k}`).toBe(e[i]);
        else expect(Math.abs(got[i]! - e[i]!), `bin ${k}`).toBeLessThan(1e-3 + 1e-4 * Math.sqrt(power(e)));
      }
    });
  });

  it('is the identity before it is trained', () => {
    fill();
    view(core.outputs(), FINER_OUTPUTS * core.row()).fill(0);
    const before = view(core.spectrum(), 962).slice();
    core.apply();
    expect(view(core.spectrum(), 962)).toEqual(before);
  });
});
