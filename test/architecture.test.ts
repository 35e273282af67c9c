/** The arrows of docs/architecture.md: who may call whom is what its table says, and what it names is there. */
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { expect, test } from 'vitest';

const page = readFileSync('docs/architecture.md', 'utf8');
const [, table = ''] = /## Rooms[\s\S]*?\n(\|[\s\S]*?)\n\n/.exec(page) ?? [];
const paths = (cell = ''): string[] => [...cell.matchAll(/`([^`]+)`/g)].map(([, path]) => path as string);
const rows = table
  .split('\n')
  .slice(2)
  .map((line) => line.split('|').slice(1, -1));
/** What the first row calls numbers. */
const NUMBERS = paths(rows[0]?.[2]);

interface Room {
  path: string;
  may: string[];
}
const rooms: Room[] = rows.map(([name, , may = '']) => ({
  path: paths(name)[0] as string,
  may: may.includes('anything') ? [''] : [...paths(may), ...(may.includes('numbers') ? NUMBERS : [])],
}));

/** All files in a folder, as paths of the repository. */
function filesOf(folder: string, suffix = /\.(m?ts|mjs|py)$/): string[] {
  return (readdirSync(folder, { recursive: true }) as string[])
    .map((name) => join(folder, name))
    .filter((path) => suffix.test(path) && !/\/\.|\/test_/.test(path));
}

/** The innermost room of a file. */
function roomOf(file: string): Room | undefined {
  return rooms.filter(({ path }) => file.startsWith(path)).sort((a, b) => b.path.length - a.path.length)[0];
}

/** Files of the repository that a file imports. */
function imports(file: string): string[] {
  const text = readFileSync(file, 'utf8');
  if (file.endsWith('.py')) {
    const modules = [...text.matchAll(/^\s*(?:from|import) ((?:common|training|evaluation)\b[\w.]*)/gm)];
    return modules.map(([, name = '']) => `${name.replaceAll('.', '/')}/`);
  }
  const named = [...text.matchAll(/(?:from|import|import\()\s*'(\.{1,2}\/[^']+)'/g)];
  return named.map(([, name = '']) => normalize(join(dirname(file), name)));
}

/** Whether a call that leaves its room is one the table has; a folder stands for all in it, a file for itself. */
function allowed(room: Room, target: string): boolean {
  if (roomOf(target)?.path === room.path || (room.path === 'assembly/' && target.startsWith('assembly/'))) return true;
  return room.may.some((path) =>
    path.endsWith('/') || path === '' ? target.startsWith(path) : `${target}.ts` === path,
  );
}

const FILES = [...new Set(rooms.flatMap(({ path }) => filesOf(path)))];

test('the table has each room of the source, and no other', () => {
  for (const { path } of rooms) expect(existsSync(path), path).toBe(true);
  for (const top of ['assembly', 'src']) {
    const folders = readdirSync(top, { withFileTypes: true }).filter((entry) => entry.isDirectory());
    const there = folders.map(({ name }) => `${top}/${name}/`);
    expect(there.filter((path) => !rooms.some((room) => room.path === path))).toEqual([]);
  }
  expect(readdirSync('src').filter((name) => name.endsWith('.ts'))).toEqual([]);
});

test.each(rooms)('$path calls what its row names', (room) => {
  const own = FILES.filter((file) => roomOf(file)?.path === room.path);
  expect(own.length).toBeGreaterThan(0);
  const wrong = own.flatMap((file) =>
    imports(file)
      .filter((target) => !allowed(room, target))
      .map((target) => `${file} -> ${target}`),
  );
  expect(wrong).toEqual([]);
});

test('each room may call another only where it does', () => {
  const used = (room: Room, path: string) =>
    FILES.some(
      (file) =>
        roomOf(file)?.path === room.path &&
        imports(file).some((target) => (path.endsWith('/') ? target.startsWith(path) : `${target}.ts` === path)),
    );
  const idle = rooms.flatMap((room) =>
    room.may
      .filter((path) => path !== '' && !NUMBERS.includes(path) && !used(room, path))
      .map((path) => `${room.path} -> ${path}`),
  );
  expect(idle).toEqual([]);
});

test.each([
  ['assembly/', /\b(AudioContext|AudioNode|AudioWorklet\w*|MediaStream\w*|currentTime|quantum)\b/],
  ['src/', /\b(fft|FFT|sin|cos|tanh)\(/],
  ['worklet/', /\b(fft|FFT|sin|cos|tanh)\(/],
])('the matter of others is not in %s', (folder, words) => {
  const code = (file: string) => readFileSync(file, 'utf8').replace(/\/\*[\s\S]*?\*\/|\/\/.*/g, '');
  expect(filesOf(folder, /\.ts$/).filter((file) => words.test(code(file)))).toEqual([]);
});

test.each([
  ['assembly/', 400],
  ['src/', 400],
  ['worklet/', 400],
])('no file of %s has more than %i lines', (folder, most) => {
  const long = filesOf(folder, /\.ts$/).filter((file) => readFileSync(file, 'utf8').split('\n').length > most + 1);
  expect(long).toEqual([]);
});

test('what the page names is there', () => {
  const inCore = (path: string) => existsSync(join('assembly', path));
  const names = paths(page).filter((path) => /^[\w./-]+(\/|\.(ts|mjs|py|css|json|csv|md))$/.test(path));
  // build/ is made, and a card's folder is a name to fill in.
  const lost = names.filter((path) => !/^build\/|NAME/.test(path) && !existsSync(path) && !inCore(path));
  expect(lost).toEqual([]);
  expect(names.length).toBeGreaterThan(60);
});

/** Rows of the table of changes: constants and functions that a row names, and the files it names. */
const changes = (/## Where do I change[\s\S]*?\n(\|[\s\S]*?)\n\n/.exec(page)?.[1] ?? '')
  .split('\n')
  .slice(2)
  .map((line) => line.split('|'))
  .map(([, what = '', where = '']) => {
    const spans = paths(where);
    const isFile = (path: string) => existsSync(path) && statSync(path).isFile();
    const files = spans.flatMap((path) => [path, join('assembly', path)].filter(isFile));
    const names = spans.filter((name) => /^([A-Z][A-Z_]+|\w+\(\))$/.test(name) && !isFile(name));
    return { what: what.trim(), names, files };
  })
  .filter(({ names }) => names.length > 0);

test.each(changes)('what is named for "$what" is in a file beside it', ({ names, files }) => {
  const text = files.map((file) => readFileSync(file, 'utf8')).join('\n');
  expect(names.filter((name) => !new RegExp(`\\b${name.replace('()', '')}\\b`).test(text))).toEqual([]);
});
