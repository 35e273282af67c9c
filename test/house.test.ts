/**
 * Tests mirror the source: the test of a/b.ts is test/a/b.test.ts, or several, test/a/b-what.test.ts. What says nothing that could be
 * wrong needs none: types, constants, lists of exports. What a test of another path holds is in test/elsewhere.json, under that test.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { transformSync } from 'esbuild';
import { describe, expect, test } from 'vitest';
import elsewhere from './elsewhere.json';

/** What ships; pages, benches and programs are tested by what they show and do. */
const ROOMS = ['assembly', 'src', 'worklet'];
const OTHERS = ['bench', 'evaluation', 'examples', 'scripts'];

const filesOf = (folder: string, suffix: RegExp): string[] =>
  (readdirSync(folder, { recursive: true }) as string[])
    .map((name) => join(folder, name).replaceAll('\\', '/'))
    .filter((path) => suffix.test(path) && !path.includes('/node_modules/'));

const sourcesOf = (rooms: readonly string[]): string[] =>
  rooms.flatMap((room) => filesOf(room, /(?<!\.d)\.(m?ts|tsx|m?js)$/));
const SOURCES = sourcesOf(ROOMS);
const bare = (path: string): string => path.replace(/\.\w+$/, '');
const ownTest = (source: string): string => `test/${bare(source)}.test.ts`;

/** Whether a file has a function, a method or a loop: not only types, constants and what others export. */
function says(source: string): boolean {
  const { code } = transformSync(readFileSync(source, 'utf8'), { loader: 'ts', minifyWhitespace: true });
  return /\bfunction\b|=>|\)\{|\bfor\(/.test(code);
}

const held = Object.entries(elsewhere).flatMap(([holder, sources]) => sources.map((source) => ({ source, holder })));

test('each source has a test by its own path, or is told of where another one holds it', () => {
  const told = new Set(held.map(({ source }) => source));
  const lost = SOURCES.filter((source) => !existsSync(ownTest(source)) && !told.has(source) && says(source));
  expect(lost).toEqual([]);
});

describe('test/elsewhere.json', () => {
  test('names tests that are there, none twice, in order', () => {
    const holders = Object.keys(elsewhere);
    expect(holders.filter((path) => !existsSync(path))).toEqual([]);
    expect(holders).toEqual([...holders].sort());
    for (const sources of Object.values(elsewhere)) expect(sources).toEqual([...sources].sort());
    expect(held.map(({ source }) => source).filter((source, i, all) => all.indexOf(source) !== i)).toEqual([]);
  });

  test.each(held)('$source needs its line', ({ source }) => {
    expect(SOURCES).toContain(source);
    expect(existsSync(ownTest(source)), 'it has a test of its own').toBe(false);
    expect(says(source), 'there is nothing in it to test').toBe(true);
  });
});

test('each test beside the source is that of a file, or of a folder', () => {
  const rooms = [...ROOMS, ...OTHERS].filter((room) => existsSync(`test/${room}`));
  const all = sourcesOf(rooms);
  const stray = rooms
    .flatMap((room) => filesOf(`test/${room}`, /\.test\.ts$/))
    .filter((path) => {
      const of = path.slice('test/'.length, -'.test.ts'.length);
      const name = basename(of);
      const sources = all.filter((source) => dirname(source) === dirname(of)).map((source) => basename(bare(source)));
      return !existsSync(of) && !sources.some((source) => name === source || name.startsWith(`${source}-`));
    });
  expect(stray).toEqual([]);
});
