/** What --help says: every option of the command line, and what it takes. */
import { readFile } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { HELP } from '../../../src/files/help';
import { RAW_FORMATS } from '../../../src/files/raw';

it('each option is in the help and in its page', async () => {
  const page = await readFile('docs/command-line.md', 'utf8');
  const source = await readFile('src/entries/cli.ts', 'utf8');
  const [, block = ''] = /options: \{([\s\S]*?)\n {4}\},/.exec(source.slice(source.indexOf('function parse'))) ?? [];
  const options = [...block.matchAll(/^ {6}(\w+): /gm)].map(([, name]) => `--${name}`);
  expect(options).toHaveLength(12);
  for (const option of options) {
    expect(HELP).toContain(`  ${option}`);
    expect(page).toContain(`\`${option}`);
  }
});

it('names every raw format', () => {
  for (const format of RAW_FORMATS) expect(HELP).toMatch(new RegExp(`\\b${format}\\b`));
});
