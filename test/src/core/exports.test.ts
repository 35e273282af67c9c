/** What the library knows of the core's functions, and how it reads what they answer. */
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { CORE_IMPORTS, coreVersionText } from '../../../src/core/exports';
import { CORE_FUNCTIONS } from '../../../src/core/shape';

test('CoreExports has functions that the core has, with as many arguments', () => {
  const [, body = ''] = /interface CoreExports \{([^}]*)\}/.exec(readFileSync('src/core/exports.ts', 'utf8')) ?? [];
  const called = [...body.matchAll(/^ {2}(\w+)\((.*)\): /gm)].map(([, name = '', given = '']) => [
    name,
    given === '' ? 0 : given.split(',').length,
  ]);
  expect(called.length).toBeGreaterThan(15);
  expect(CORE_FUNCTIONS).toMatchObject(Object.fromEntries(called));
});

test.each([
  [0, '0.0.0'],
  [0x01_02_03, '1.2.3'],
  [0x00_0c_00, '0.12.0'],
  [0x00_ff_ff, '0.255.255'],
  [0x1234_00_01, '4660.0.1'],
])('%i is the packed version %s', (packed, text) => {
  expect(coreVersionText(packed)).toBe(text);
});

test('a core that aborts ends its call as a trap does', () => {
  expect(() => CORE_IMPORTS.env.abort()).toThrow(WebAssembly.RuntimeError);
});
