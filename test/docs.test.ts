/** What the documents point at is there: files, headings, tests by their titles, and every document in the list of documents. */
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { expect, test } from 'vitest';

const FOLDERS = ['.', 'docs', 'docs/api', 'docs/decisions', 'models/lite', 'models/full', 'training'];
const DOCUMENTS = FOLDERS.filter((folder) => existsSync(folder)).flatMap((folder) =>
  readdirSync(folder)
    .filter((name) => name.endsWith('.md'))
    .map((name) => join(folder, name)),
);

const text = (path: string): string => readFileSync(path, 'utf8');

/** Targets of a document's links that lead into the repository, with what comes after '#'. */
function links(markdown: string): [path: string, heading: string][] {
  return [...markdown.replace(/```[\s\S]*?```/g, '').matchAll(/\]\(([^)\s]+)\)/g)]
    .map(([, target = '']) => target)
    .filter((target) => !/^[a-z]+:/.test(target))
    .map((target) => {
      const [path = '', heading = ''] = target.split('#');
      return [path, heading];
    });
}

/** The names that GitHub gives to the headings. */
function headings(markdown: string): string[] {
  return [...markdown.matchAll(/^#+ (.*)$/gm)].map(([, title = '']) =>
    title
      .toLowerCase()
      .replace(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  );
}

test.each(DOCUMENTS)('the links of %s lead somewhere', (document) => {
  const lost = links(text(document)).filter(([path, heading]) => {
    const target = path === '' ? document : join(dirname(document), path);
    if (!existsSync(target)) return true;
    return heading !== '' && statSync(target).isFile() && !headings(text(target)).includes(heading);
  });
  expect(lost).toEqual([]);
});

test('docs/README.md names each document', () => {
  const named = links(text('docs/README.md')).map(([path]) => path);
  const missing = readdirSync('docs').filter((name) => name.endsWith('.md') && name !== 'README.md');
  expect(missing.filter((name) => !named.includes(name))).toEqual([]);
});

/** Pixels that a document is high where GitHub shows it 832 wide, within some lines: its sizes of text, code, tables and headings. */
function height(markdown: string): number {
  const parts = markdown.split(/^```.*\n/m);
  const code = parts.filter((_, i) => i % 2 === 1).map((part) => 19.7 * part.trim().split('\n').length + 48);
  const blocks = parts
    .filter((_, i) => i % 2 === 0)
    .flatMap((part) => part.replace(/\]\([^)]*\)|[*`[]|<!--.*?-->\n?/g, '').split(/\n{2,}|\n(?=- )/))
    .filter((block) => /\S/.test(block));
  const text = blocks.map((block) => {
    if (block.startsWith('#')) return 75;
    if (block.startsWith('|')) return 37 * (block.trim().split('\n').length - 1) + 16;
    return block.startsWith('- ') ? 24 * Math.ceil(block.length / 118) + 4 : 24 * Math.ceil(block.length / 122) + 16;
  });
  return [...text, ...code].reduce((sum, own) => sum + own, 0);
}

test('README.md takes two screens', () => {
  expect(height(text('README.md'))).toBeLessThan(2 * 1080);
});

/** Rows of the tables of a document, as cells; heads and rulers left out. */
function rows(markdown: string): string[][] {
  const lines = markdown.split('\n');
  return lines
    .filter((line, i) => line.startsWith('| ') && !lines[i + 1]?.startsWith('|---'))
    .map((line) => line.split('|').slice(1, -1));
}

const FEATURES = rows(text('docs/features.md')).filter((cells) => cells.length === 3);

test.each(FEATURES)('feature%s has what holds it', (_, __, proof) => {
  expect(links(proof).length).toBeGreaterThan(0);
  // Titles come before the link to their file.
  const parts = proof.split(/(?<=\]\([^)]*\))/).filter((part) => part.includes(']('));
  for (const part of parts) {
    const [[path] = ['']] = links(part);
    const source = path.endsWith('.test.ts') ? text(join('docs', path)) : '';
    for (const [, title = ''] of part.matchAll(/"([^"]+)"/g))
      expect(source, `${basename(path)}: ${title}`).toContain(title);
  }
});

test('each of the 25 wishes has a test, a document or a reason', () => {
  const wishes = rows(text('docs/wishes.md')).filter(([number]) => /^ \d+ $/.test(number ?? ''));
  expect(wishes.map(([number]) => Number(number))).toEqual(Array.from({ length: 25 }, (_, i) => i + 1));
  for (const [number, , , proof = ''] of wishes) expect(links(proof).length, `wish${number}`).toBeGreaterThan(0);
});

/** https://keepachangelog.com/en/1.1.0/ */
test('the changelog keeps its form: versions with dates, what is added, changed, fixed', () => {
  const lines = text('CHANGELOG.md').split('\n');
  const versions = lines.filter((line) => line.startsWith('## '));
  expect(versions[0]).toBe('## [Unreleased]');
  for (const line of versions.slice(1)) expect(line).toMatch(/^## \[\d+\.\d+\.\d+\] - \d{4}-\d\d-\d\d$/);
  for (const line of lines.filter((line) => line.startsWith('###'))) {
    expect(line).toMatch(/^### (Added|Changed|Deprecated|Removed|Fixed|Security)$/);
  }
});

test('the changelog knows the version', () => {
  const { version } = JSON.parse(text('package.json'));
  expect(text('CHANGELOG.md')).toMatch(
    new RegExp(`^## \\[${version.replaceAll('.', '\\.')}\\] - \\d{4}-\\d\\d-\\d\\d$`, 'm'),
  );
});
