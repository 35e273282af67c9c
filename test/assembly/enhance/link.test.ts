/** The link of two channels against its formulas in double precision, frame after frame. */
import { beforeAll, describe, expect, it } from 'vitest';
import { instantiateAssembly } from '../../helpers/assembly';
import { uniform } from '../../helpers/signals';

const probe = `
import { Analysis } from './assembly/analysis';
import { BANDS_BYTES } from './assembly/constants';
import { Decisions } from './assembly/decisions';
import { Link } from './assembly/enhance/link';
import { CENTRES } from './assembly/signal/erb';
const base: usize = memory.data(16384, 16);
const link = new Link();
const left = new Analysis();
const right = new Analysis();
const onLeft = new Decisions(null);
const onRight = new Decisions(null);
export function at(): usize { return base; }
export function centre(i: i32): i32 { return CENTRES[i]; }
export function reset(): void { link.reset(); }
/** Speech on the left alone: what the right gets of it is as much as the two are one. */
export function run(l: usize, r: usize, el: usize, er: usize, gl: usize, gr: usize): f32 {
  memory.copy(left.spectrum, l, 481 * 8);
  memory.copy(right.spectrum, r, 481 * 8);
  memory.copy(left.energy, el, BANDS_BYTES);
  memory.copy(right.energy, er, BANDS_BYTES);
  memory.copy(changetype<usize>(onLeft.gains), gl, BANDS_BYTES);
  memory.copy(changetype<usize>(onRight.gains), gr, BANDS_BYTES);
  onLeft.speech = 1;
  onRight.speech = 0;
  link.process(left, onLeft, right, onRight);
  memory.copy(gl, changetype<usize>(onLeft.gains), BANDS_BYTES);
  memory.copy(gr, changetype<usize>(onRight.gains), BANDS_BYTES);
  return onRight.speech;
}
`;

interface Probe {
  memory: WebAssembly.Memory;
  at(): number;
  centre(i: number): number;
  reset(): void;
  run(left: number, right: number, el: number, er: number, gl: number, gr: number): number;
}

const BINS = 481;
const BANDS = 34;
/** Places in the probe's memory, in f32. */
const [LEFT, RIGHT, ENERGIES, GAINS] = [0, 1000, 2000, 2100];

let core: Probe;
let f32: Float32Array;
beforeAll(async () => {
  core = await instantiateAssembly<Probe>(probe);
  f32 = new Float32Array(core.memory.buffer, core.at(), 4096);
});

const draw = uniform(3);
const random = (): number => 2 * draw() - 1;

/** Triangular band sums, bins weighted by the power response of the 40 Hz high-pass. */
function bands(powers: Float64Array): Float64Array {
  const sums = new Float64Array(BANDS);
  const weighted = powers.map((p, k) => (k < 16 ? (p * (k * 50) ** 4) / ((k * 50) ** 4 + 40 ** 4) : p));
  for (let b = 0; b < BANDS - 1; b++) {
    const [from, to] = [core.centre(b), core.centre(b + 1)];
    for (let k = from; k < to; k++) {
      const share = (k - from) / (to - from);
      sums[b]! += (1 - share) * weighted[k]!;
      sums[b + 1]! += share * weighted[k]!;
    }
  }
  sums[BANDS - 1]! += weighted[400]!;
  sums[0]! *= 2;
  sums[BANDS - 1]! *= 2;
  return sums;
}

/** The formulas at the head of assembly/enhance/link.ts. */
class Naive {
  private readonly cross = [new Float64Array(BINS), new Float64Array(BINS)] as const;
  private readonly powers = [new Float64Array(BINS), new Float64Array(BINS)] as const;

  run(left: Float32Array, right: Float32Array, energies: Float32Array[], gains: Float32Array[]): number {
    const { cross, powers } = this;
    for (let k = 0; k < BINS; k++) {
      const [lr, li, rr, ri] = [left[2 * k]!, left[2 * k + 1]!, right[2 * k]!, right[2 * k + 1]!];
      const smooth = (x: Float64Array, now: number): void => {
        x[k] = 0.9 * x[k]! + 0.1 * now;
      };
      smooth(cross[0], lr * rr + li * ri);
      smooth(cross[1], li * rr - lr * ri);
      smooth(powers[0], lr * lr + li * li);
      smooth(powers[1], rr * rr + ri * ri);
    }
    const common = bands(cross[0].map((re, k) => re * re + cross[1][k]! ** 2));
    const all = bands(powers[0].map((p, k) => p * powers[1][k]!));
    let kept = 0;
    let shared = 0;
    for (let b = 0; b < BANDS; b++) {
      const coherence = all[b]! > 0 ? common[b]! / all[b]! : 0;
      const together = Math.min(1, Math.max(0, (coherence - 0.4) / 0.4));
      const [gl, gr] = [gains[0]![b]!, gains[1]![b]!];
      const [sl, sr] = [gl * gl * energies[0]![b]!, gr * gr * energies[1]![b]!];
      const gain = sl + sr > 0 ? (sl * gl + sr * gr) / (sl + sr) : gl;
      gains[0]![b] = gl + together * (gain - gl);
      gains[1]![b] = gr + together * (gain - gr);
      kept += sl + sr;
      shared += together * (sl + sr);
    }
    return kept > 0 ? shared / kept : 0;
  }
}

/** One bin of the right channel, from the left one's and from noise of its own. */
type Room = (left: readonly [number, number], own: readonly [number, number], bin: number) => [number, number];
const ROOMS: Record<string, Room> = {
  'one source, panned': ([re, im]) => [0.3 * re, 0.3 * im],
  'one source, inverted': ([re, im]) => [-re, -im],
  'one source, delayed': ([re, im], _, k) => {
    const [c, s] = [Math.cos(0.05 * k), Math.sin(0.05 * k)];
    return [re * c + im * s, im * c - re * s];
  },
  'two sources': (_, own) => [...own],
  'half a source': ([re, im], [x, y]) => [re + 0.6 * x, im + 0.6 * y],
  'one source below, two above': (left, own, k) => (k < 100 ? [...left] : [...own]),
  'a dead channel': () => [0, 0],
};

describe('link', () => {
  it.each(Object.entries(ROOMS))('follows its formulas: %s', (_, room) => {
    core.reset();
    const naive = new Naive();
    const energyAt = (side: number): Float32Array =>
      f32.subarray(ENERGIES + side * BANDS, ENERGIES + (side + 1) * BANDS);
    const gainAt = (side: number): Float32Array => f32.subarray(GAINS + side * BANDS, GAINS + (side + 1) * BANDS);
    for (let frame = 0; frame < 20; frame++) {
      for (let k = 0; k < BINS; k++) {
        const left = [random(), random()] as const;
        const right = room(left, [random(), random()], k);
        f32.set(left, LEFT + 2 * k);
        f32.set(right, RIGHT + 2 * k);
      }
      for (const side of [0, 1]) {
        const spectrum = side === 0 ? LEFT : RIGHT;
        const powers = Float64Array.from({ length: BINS }, (_, k) =>
          [0, 1].reduce((sum, part) => sum + f32[spectrum + 2 * k + part]! ** 2, 0),
        );
        energyAt(side).set(bands(powers));
        for (let b = 0; b < BANDS; b++) gainAt(side)[b] = Math.abs(random());
      }
      const expected = [gainAt(0).slice(), gainAt(1).slice()];
      const spectra = [f32.slice(LEFT, LEFT + 2 * BINS), f32.slice(RIGHT, RIGHT + 2 * BINS)] as const;
      const together = naive.run(...spectra, [energyAt(0), energyAt(1)], expected);
      const places = [LEFT, RIGHT, ENERGIES, ENERGIES + BANDS, GAINS, GAINS + BANDS].map((i) => core.at() + 4 * i);
      expect(Math.abs(core.run(...(places as Parameters<Probe['run']>)) - together), `frame ${frame}`).toBeLessThan(
        1e-4,
      );
      for (const side of [0, 1])
        for (let b = 0; b < BANDS; b++)
          expect(Math.abs(gainAt(side)[b]! - expected[side]![b]!), `frame ${frame}, band ${b}`).toBeLessThan(1e-4);
    }
  });

  it('forgets what it heard', () => {
    const run = (): number => {
      for (let i = 0; i < 2 * BINS; i++) f32[RIGHT + i] = f32[LEFT + i]!;
      f32.fill(1, ENERGIES, ENERGIES + 2 * BANDS);
      f32.fill(0.5, GAINS, GAINS + 2 * BANDS);
      const places = [LEFT, RIGHT, ENERGIES, ENERGIES + BANDS, GAINS, GAINS + BANDS].map((i) => core.at() + 4 * i);
      return core.run(...(places as Parameters<Probe['run']>));
    };
    for (let i = 0; i < 2 * BINS; i++) f32[LEFT + i] = random();
    core.reset();
    const first = run();
    expect(first).toBeCloseTo(1, 5);
    // Another source: of what went before nothing may count in what comes after the reset.
    for (let frame = 0; frame < 5; frame++) {
      for (let i = 0; i < 2 * BINS; i++) f32[LEFT + i] = random();
      run();
    }
    core.reset();
    f32.fill(0, LEFT, LEFT + 2 * BINS);
    expect(run()).toBe(0);
  });
});
