/** The files that others read the core's numbers from say what the core says, and each setting says what it is. */
import { readFileSync } from 'node:fs';
import { beforeAll, expect, test } from 'vitest';
import { describeCore } from '../../scripts/shape.mjs';
import { coreBytes } from '../helpers/kit';

const experiments = [...readFileSync('training/EXPERIMENTS.md', 'utf8').matchAll(/^## (.*)$/gm)].map(
  ([, title]) => title,
);
const settings = [
  ...readFileSync('assembly/settings.ts', 'utf8').matchAll(/(?:\/\*\*((?:(?!\*\/)[\s\S])*)\*\/\n)?export const (\w+)/g),
].map(([, comment = '', name = '']) => ({ name, comment: comment.replace(/\s*\n \* /g, ' ').trim() }));

let described: Awaited<ReturnType<typeof describeCore>>;
beforeAll(async () => {
  described = await describeCore(await coreBytes());
});

const covered = process.env.ASSEMBLY_COVERAGE ? ' (skipped: the core is instrumented)' : '';
test.skipIf(covered)(`src/core/shape.ts is what scripts/shape.mjs makes of the core${covered}`, () => {
  expect(readFileSync('src/core/shape.ts', 'utf8')).toBe(described.module);
});

test.each(settings)('$name has a unit and the experiment that set it, or says that none did', ({ comment }) => {
  expect(comment).toMatch(/^\[[^\]]+\] ./);
  const [, section] = /EXPERIMENTS: (none|"[^"]+")\.$/.exec(comment) ?? [];
  expect(section).toBeDefined();
  if (section !== 'none')
    expect(experiments.filter((title) => `"${title}`.startsWith(section!.slice(0, -1)))).toHaveLength(1);
});

test('no setting is left out of what training reads', () => {
  expect(Object.keys(described.settings)).toEqual(settings.map(({ name }) => name));
});
