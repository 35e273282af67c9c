import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import named from './named.json';
// @ts-expect-error a script
import { mutantsOf, mutated } from './operators.mjs';

const all = (text: string): string[] =>
  mutantsOf(text).map((mutant: { at: number; end: number; now: string }) => mutated(text, mutant));

describe('mutants', () => {
  it.each([
    ['const x = a + b;', ['const x = a - b;']],
    ['const x = a < b && c;', ['const x = a <= b && c;', 'const x = a < b || c;']],
    ['let x: i32 = <f32>0.5 as f32;', ['let x: i32 = <f32>0.625 as f32;']],
    [
      'const x = f32x4.pmax(f32x4.add(a, b), c);',
      ['const x = f32x4.pmin(f32x4.add(a, b), c);', 'const x = f32x4.pmax(f32x4.sub(a, b), c);'],
    ],
    ['if (a) b();', ['if (true) b();', 'if (false) b();', 'if (a) ;']],
    ['const x = -a;', ['const x = a;']],
    ['for (;; i++) {}', ['for (;; i--) {}']],
    ["import { a } from './1';", []],
    ['class A<T extends 1 | 2> { b: 3 = 4; }', ['class A<T extends 1 | 2> { b: 3 = 5; }']],
    ['const x = 0x10;', ['const x = 17;']],
  ])('of %s', (text, expected) => {
    expect(all(text).sort()).toEqual([...expected].sort());
  });
});

it.each(named)('by name: $what', ({ file, find, put }) => {
  expect(readFileSync(file, 'utf8').split(find)).toHaveLength(2);
  expect(put).not.toBe(find);
});
