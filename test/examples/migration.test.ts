/** docs/migration.md shows the modules of examples/migration as they are; test/browser/migration.test.ts runs them. */
import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

const page = readFileSync('docs/migration.md', 'utf8');
const names = readdirSync('examples/migration').filter((name) => /-(before|after)\.ts$/.test(name));

test('each package has what was before, and what is after', () => {
  const packages = new Set(names.map((name) => name.replace(/-(before|after)\.ts$/, '')));
  expect([...packages].sort()).toEqual(['deepfilternet3', 'jitsi', 'krisp', 'sapphi', 'timephy']);
  expect(names.length).toBe(2 * packages.size);
});

test.each(names)('%s stands on the page as it is', (name) => {
  expect(page).toContain(`\`\`\`ts\n${readFileSync(`examples/migration/${name}`, 'utf8')}\`\`\``);
});
