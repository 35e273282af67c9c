/** Hashes of files: what fits, what does not, and what is no hash. */
import { createHash } from 'node:crypto';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { checkHashes, checkIntegrity } from '../../../src/loading/integrity';

const FILE = new TextEncoder().encode('a file');
const hash = (algorithm: string, bytes = FILE): string =>
  `${algorithm}-${createHash(algorithm).update(bytes).digest('base64')}`;
const WRONG = (algorithm: string): string => hash(algorithm, new TextEncoder().encode('another'));

function check(text: string | undefined): Promise<string> {
  return checkIntegrity(FILE.slice().buffer, text, 'core', 'core.wasm').then(
    () => 'fits',
    (error) => error.code,
  );
}

afterEach(() => {
  vi.unstubAllGlobals();
});

describe('integrity', () => {
  test.each(['sha256', 'sha384', 'sha512'])('%s fits its file, and no other', async (algorithm) => {
    expect(await check(hash(algorithm))).toBe('fits');
    expect(await check(WRONG(algorithm))).toBe('integrity-mismatch');
    expect(await check(hash(algorithm).replace(/\+/g, '-').replace(/\//g, '_').replace(/=+$/, ''))).toBe('fits');
  });

  test('one of several is enough, and of several algorithms the strongest counts', async () => {
    expect(await check(`${WRONG('sha384')}  ${hash('sha384')}`)).toBe('fits');
    expect(await check(`${hash('sha256')} ${WRONG('sha384')}`)).toBe('integrity-mismatch');
    expect(await check(`${WRONG('sha256')} ${hash('sha512')}?ct=text`)).toBe('fits');
    expect(await check(undefined)).toBe('fits');
  });

  test.each([
    ['sha384', /integrity is/],
    { wasm: hash('sha384') },
    { core: '' },
    { core: 'md5-abc' },
    { core: `${hash('sha384')} nonsense` },
    { core: 42 },
    { model: null },
  ])('%o would leave a file unchecked: refused', (hashes) => {
    expect(() => checkHashes(hashes as object)).toThrow(/^assets\.integrity/);
  });

  test('where hashes cannot be computed, nothing passes', async () => {
    vi.stubGlobal('crypto', {});
    expect(await check(hash('sha384'))).toBe('insecure-context');
  });
});
