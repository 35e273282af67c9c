import { expect, test } from 'vitest';
import { BlindTest } from '../../../bench/compare/blind';
import { uniform } from '../../helpers/signals';

const NAMES = ['rnnoise', 'gtcrn', 'lite', 'full'] as const;

test('each pair is heard once; chance decides the order and the sides', () => {
  const orders = new Set<string>();
  const first = new Map<string, number>();
  for (let seed = 1; seed <= 200; seed++) {
    const { pairs } = new BlindTest(NAMES, uniform(seed * 7919));
    expect(new Set(pairs.map((pair) => [...pair].sort().join())).size).toBe(6);
    orders.add(pairs.join(';'));
    for (const [a] of pairs) first.set(a, (first.get(a) ?? 0) + 1);
  }
  expect(orders.size).toBeGreaterThan(190);
  // Each is in 600 pairs, and A in half of them.
  for (const name of NAMES) expect(Math.abs((first.get(name) ?? 0) - 300)).toBeLessThan(60);
});

test('who is always preferred is named, on whichever side it was', () => {
  for (let seed = 1; seed <= 20; seed++) {
    const blind = new BlindTest(NAMES, uniform(seed));
    while (blind.pair) {
      const [a, b] = blind.pair;
      // full before lite before gtcrn before rnnoise.
      blind.answer(NAMES.indexOf(a) > NAMES.indexOf(b) ? 'a' : 'b');
    }
    expect(blind.standings).toEqual([
      { name: 'full', points: 3, pairs: 3 },
      { name: 'lite', points: 2, pairs: 3 },
      { name: 'gtcrn', points: 1, pairs: 3 },
      { name: 'rnnoise', points: 0, pairs: 3 },
    ]);
    expect(blind.preferred).toEqual(['full']);
    // It is over: no answer counts any more.
    blind.answer('a');
    expect(blind.round).toBe(6);
  }
});

test('no difference is a half for both; nobody is preferred before the first answer', () => {
  const blind = new BlindTest(NAMES, uniform(1));
  expect(blind.preferred).toEqual([]);
  while (blind.pair) blind.answer('none');
  expect(blind.standings.map(({ points }) => points)).toEqual([1.5, 1.5, 1.5, 1.5]);
  expect([...blind.preferred].sort()).toEqual([...NAMES].sort());
});

test('ended early, shares of the pairs heard count, and who was not heard is no winner', () => {
  const blind = new BlindTest(NAMES, uniform(3));
  const [a] = blind.pair!;
  blind.answer('a');
  expect(blind.preferred).toEqual([a]);
  expect(blind.standings.filter(({ pairs }) => pairs === 0)).toHaveLength(2);
});
