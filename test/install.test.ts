/**
 * What `npm ci` would print beside its result: packages that want another Node, and such as their makers have given up; and line ends in a
 * clone on Windows.
 */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
// @ts-expect-error it has no types of its own
import { satisfies } from 'semver';
import { expect, test } from 'vitest';

interface Entry {
  engines?: { node?: string };
  deprecated?: string;
}

const { packages } = JSON.parse(readFileSync('package-lock.json', 'utf8')) as { packages: Record<string, Entry> };

// As CONTRIBUTING.md says. livekit-client is held at the last version that takes Node 20.
test.each(['20.19.0', '22.13.0', '24.0.0'])('no EBADENGINE with Node %s', (node) => {
  const refused = Object.entries(packages)
    .filter(([, { engines }]) => engines?.node && !satisfies(node, engines.node))
    .map(([path, { engines }]) => `${path} wants ${engines?.node}`);
  expect(refused).toEqual([]);
});

test('nothing is deprecated', () => {
  const told = Object.entries(packages).flatMap(([path, { deprecated }]) =>
    deprecated ? `${path}: ${deprecated}` : [],
  );
  expect(told).toEqual([]);
});

test('a clone has the line ends that were committed, also where git is set to those of Windows', () => {
  const files = execFileSync('git', ['ls-files', '-z'], { encoding: 'utf8' });
  const told = execFileSync('git', ['-c', 'core.autocrlf=true', 'check-attr', '-z', '--stdin', 'eol'], {
    input: files,
    encoding: 'utf8',
  });
  const [names, ends] = [files.split('\0').filter(Boolean), told.split('\0').filter((_, i) => i % 3 === 2)];
  expect(ends).toEqual(names.map(() => 'lf'));
});
