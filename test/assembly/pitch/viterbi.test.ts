/** The pitch path against the same dynamic programme in double precision, one lag after the other. */
import { beforeAll, describe, expect, it } from 'vitest';
import { instantiateAssembly } from '../../helpers/assembly';
import { uniform } from '../../helpers/signals';

const probe = `
import { Viterbi } from './assembly/pitch/viterbi';
import { LAGS, MIN_LAG } from './assembly/pitch/search';
import { LOOKAHEAD } from './assembly/constants';
const base: usize = memory.data(4096, 16);
const viterbi = new Viterbi();
export function at(): usize { return base; }
export function lags(): i32 { return LAGS; }
export function first(): i32 { return MIN_LAG; }
export function lookahead(): i32 { return LOOKAHEAD; }
export function reset(): void { viterbi.reset(); }
export function step(): void { viterbi.process(base); }
export function lag(): i32 { return viterbi.lag; }
export function correlation(): f32 { return viterbi.correlation; }
`;

interface Probe {
  memory: WebAssembly.Memory;
  at(): number;
  lags(): number;
  first(): number;
  lookahead(): number;
  reset(): void;
  step(): void;
  lag(): number;
  correlation(): number;
}

/** Price of a step of j lags along the path, of a jump to anywhere, and the longest step. */
const SLOPE = 0.005;
const JUMP = 0.6;
const REACH = 5;

let core: Probe;
beforeAll(async () => {
  core = await instantiateAssembly<Probe>(probe);
});

/** What the core decides at each frame: the lag and its score of `lookahead` frames before. */
function decided(frames: readonly Float32Array[]): { lag: number; correlation: number }[] {
  core.reset();
  const scores = new Float32Array(core.memory.buffer, core.at(), core.lags());
  return frames.map((frame) => {
    scores.set(frame);
    core.step();
    return { lag: core.lag() - core.first(), correlation: core.correlation() };
  });
}

/** The same by definition. */
function naive(frames: readonly Float32Array[]): { lag: number; correlation: number }[] {
  const lags = core.lags();
  let path = new Float64Array(lags);
  const origins: number[][] = [];
  return frames.map((scores, t) => {
    const top = path.reduce((best, value, i) => (value > path[best]! ? i : best), 0);
    const from: number[] = [];
    const next = new Float64Array(lags);
    for (let i = 0; i < lags; i++) {
      let best = path[top]! - JUMP;
      from[i] = top;
      for (let j = -REACH; j <= REACH; j++) {
        const value = (path[i + j] ?? Number.NEGATIVE_INFINITY) - SLOPE * j * j;
        if (value > best) {
          best = value;
          from[i] = i + j;
        }
      }
      next[i] = scores[i]! + best;
    }
    path = next;
    origins.push(from);
    let lag = path.reduce((best, value, i) => (value > path[best]! ? i : best), 0);
    const back = core.lookahead();
    for (let k = 0; k < back; k++) lag = origins[t - k]?.[lag] ?? 0;
    return { lag, correlation: frames[t - back]?.[lag] ?? 0 };
  });
}

/** Frames whose scores are all 0 but at some lags. */
function frames(count: number, at: (t: number) => Record<number, number>): Float32Array[] {
  return Array.from({ length: count }, (_, t) => {
    const scores = new Float32Array(core.lags());
    for (const [lag, score] of Object.entries(at(t))) scores[Number(lag)] = score;
    return scores;
  });
}

describe('pitch path', () => {
  it('is the best one, whatever the scores', () => {
    const random = uniform(11);
    // Scores of every height: with low ones the prices decide, with high ones the scores.
    for (const height of [0.1, 0.3, 1]) {
      const scores = Array.from({ length: 300 }, () =>
        Float32Array.from({ length: core.lags() }, () => height * random()),
      );
      const expected = naive(scores);
      const actual = decided(scores);
      // The first frames have no origin to be read back.
      for (let t = core.lookahead(); t < scores.length; t++) {
        expect(actual[t]!.lag, `height ${height}, frame ${t}`).toBe(expected[t]!.lag);
        expect(actual[t]!.correlation).toBe(expected[t]!.correlation);
      }
    }
  });

  it('jumps for more than 0.6, from the first lag to the last and back', () => {
    const last = core.lags() - 1;
    for (const [from, to] of [
      [0, last],
      [last, 0],
    ] as const) {
      const steps = (better: number): number =>
        decided(frames(30, (t) => (t < 15 ? { [from]: 0.3 } : { [from]: 0, [to]: better / 15 }))).at(-1)!.lag;
      // 15 frames that are better by 0.59 in all do not pay for the jump, 0.61 do.
      expect(steps(0.59)).not.toBe(to);
      expect(steps(0.61)).toBe(to);
    }
  });

  it('pays 0.005 j^2 for a step of j lags, and goes no further than 5', () => {
    for (const j of [1, 2, 3, 4, 5]) {
      for (const sign of [1, -1]) {
        const end = (better: number): number =>
          decided(frames(12, (t) => (t < 8 ? { 100: 0.3 } : { [100 + sign * j]: t === 8 ? better : 0 }))).at(10)!.lag;
        expect(end(0.005 * j * j - 0.0005)).toBe(100);
        expect(end(0.005 * j * j + 0.0005)).toBe(100 + sign * j);
      }
    }
    const far = (better: number): number => {
      const scores = frames(12, (t): Record<number, number> => (t < 8 ? { 100: 0.3 } : { 106: t === 8 ? better : 0 }));
      return decided(scores).at(10)!.lag;
    };
    // Six lags are two steps of three, 0.09, and the second of them forgoes the 0.3 of the frame before.
    expect(far(0.385)).toBe(100);
    expect(far(0.395)).toBe(106);
  });
});
