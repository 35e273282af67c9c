/** Addresses of files next to the module that asks, as bundlers and dev servers leave them. */
import { expect, test } from 'vitest';
import { beside } from '../../../src/loading/beside';

test.each([
  ['https://a.example/assets/core-1f2e.wasm', 'https://a.example/assets/core-1f2e.wasm'],
  // Vite's dev server serves the module from its cache, and leaves the files where they were.
  ['http://localhost/node_modules/.vite/deps/core.wasm', 'http://localhost/node_modules/percepnet-wasm/dist/core.wasm'],
  [
    'http://localhost/node_modules/.vite/deps_ssr/core.wasm',
    'http://localhost/node_modules/percepnet-wasm/dist/core.wasm',
  ],
  ['http://localhost/my.vite/deps/core.wasm', 'http://localhost/my.vite/deps/core.wasm'],
])('%s is %s', (address, expected) => expect(beside(() => new URL(address))).toBe(expected));

test('an address that is only relative is left alone', () => {
  // Next.js has such a stand-in for a URL.
  expect(beside(() => ({ href: '/_next/static/core.wasm' }) as URL)).toBe('/_next/static/core.wasm');
});

test('a module that does not know where it is says what to do', () => {
  const cause = new TypeError('Invalid URL');
  expect(() =>
    beside(() => {
      throw cause;
    }),
  ).toThrow(
    expect.objectContaining({ code: 'asset-not-found', cause, message: expect.stringContaining('copy-assets') }),
  );
});
