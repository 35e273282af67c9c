/** The networks a bundle carries: lite always, full from when its entry is imported. */
import { beforeEach, expect, test, vi } from 'vitest';
import type * as Networks from '../../../src/loading/networks';

let networks: typeof Networks;
beforeEach(async () => {
  vi.resetModules();
  networks = await import('../../../src/loading/networks');
});

test('full is not there until it is offered, and says what to import', async () => {
  expect(networks.networkAddress('lite')).toMatch(/\/model\.safetensors$/);
  expect(() => networks.networkAddress('full')).toThrow(
    expect.objectContaining({
      code: 'asset-not-found',
      message: expect.stringContaining("import 'percepnet-wasm/full'"),
    }),
  );
  await import('../../../src/entries/full');
  expect(networks.networkAddress('full')).toMatch(/\/model-full\.safetensors$/);
});

test('an address is asked for when it is needed, and the last offer counts', () => {
  const [first, second] = [vi.fn(() => '/first'), vi.fn(() => '/second')];
  networks.offer('full', first);
  networks.offer('full', second);
  expect([first, second].map((address) => address.mock.calls.length)).toEqual([0, 0]);
  expect(networks.networkAddress('full')).toBe('/second');
});
