/** What is kept of the past, against lists that grow. */
import { expect, it } from 'vitest';
import { bench } from '../../helpers/bench';

const [SLOTS, SIZE, KEPT, FRAME] = [3, 8, 1100, 480];
const past = bench<{
  ringAdvance(): number;
  ringBefore(count: number): number;
  ringReset(): void;
  historyAdvance(): number;
  historyEnd(): number;
  historyReset(): void;
}>(`
import { History, Ring } from './assembly/signal/delay';
const ring = new Ring(${SLOTS}, ${SIZE});
const history = new History(${KEPT});
export function ringAdvance(): usize { return ring.advance(); }
export function ringBefore(count: i32): usize { return ring.before(count); }
export function ringReset(): void { ring.reset(); }
export function historyAdvance(): usize { return history.advance(); }
export function historyEnd(): usize { return history.end; }
export function historyReset(): void { history.reset(); }
`);

const view = (at: number, count: number): Float32Array => new Float32Array(past.f32.buffer, at, count);

it('a ring gives the newest block and those before it, whichever way it has gone round', () => {
  const { core } = past;
  for (let n = 1; n <= 4 * SLOTS; n++) {
    const oldest = core.ringBefore(SLOTS - 1);
    const place = core.ringAdvance();
    // The oldest is still there to be read when its place is given away.
    expect(place).toBe(oldest);
    expect([...view(place, SIZE)]).toEqual(Array(SIZE).fill(Math.max(0, n - SLOTS)));
    view(place, SIZE).fill(n);
    for (let count = 0; count < SLOTS; count++) {
      expect([...view(core.ringBefore(count), SIZE)]).toEqual(Array(SIZE).fill(Math.max(0, n - count)));
    }
  }
  core.ringReset();
  for (let count = 0; count < SLOTS; count++)
    expect([...view(core.ringBefore(count), SIZE)]).toEqual(Array(SIZE).fill(0));
});

it('a history holds the newest samples in one piece, before and after it has moved them', () => {
  const { core } = past;
  for (let round = 0; round < 2; round++) {
    let all: number[] = Array(KEPT).fill(0);
    for (let hop = 1; hop <= 14; hop++) {
      const place = core.historyAdvance();
      expect(place).toBe(core.historyEnd() - 4 * FRAME);
      const samples = Array.from({ length: FRAME }, (_, i) => FRAME * hop + i);
      view(place, FRAME).set(samples);
      all = [...all, ...samples].slice(-KEPT);
      expect([...view(core.historyEnd() - 4 * KEPT, KEPT)]).toEqual(all);
    }
    core.historyReset();
    expect(view(core.historyEnd() - 4 * KEPT, KEPT).every((x) => x === 0)).toBe(true);
  }
});
