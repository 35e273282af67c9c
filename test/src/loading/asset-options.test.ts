/** Files as apps name them: in every form there is, each refused by its name where it is none. */
import { runInNewContext } from 'node:vm';
import { describe, expect, test } from 'vitest';
import { type AssetOptions, assetsOf, checkAssets, checkFiles } from '../../../src/loading/asset-options';
import { LOADING } from '../../helpers/doors';
import { refused } from '../../helpers/refused';

const ASSETS: [name: string, value: unknown][] = [
  ['assets.base', 5],
  ['assets.base', null],
  ['assets.base', { toString: () => '/percepnet/' }],
  ['assets.worklet', new Uint8Array(4)],
  ['assets.wasm', {}],
  ['assets.wasm', [0, 97, 115, 109]],
  ['assets.model', 7],
  ['assets.model', Promise.resolve()],
  ['assets.network', 'huge'],
  ['assets.network', 'toString'],
  ['assets.integrity', 'sha384-AAAA'],
  ['assets.integrity', ['sha384-AAAA']],
  ['assets.fetchInit', 'no-store'],
  ['assets.fetchInit.signal', { signal: {} }],
  ['fetchInit.integrity', { integrity: 'sha384-AAAA' }],
  ['assets.fetchInit.headers', { headers: { 'no header': 'x' } }],
  ['assets.module', '/worklet.js'],
];

describe('create(), suppressNoise(), LiveKit, Chime, checkSupport()', () => {
  test.each([...ASSETS, ['assets', 'lite'], ['assets', null], ['assets', []]])('refuse %s: %o', (name, value) => {
    const member = /^assets\.(\w+)/.exec(name)?.[1] ?? (name === 'assets' ? undefined : 'fetchInit');
    for (const call of LOADING) {
      const options = { assets: member ? { [member]: value } : value };
      expect(() => call(options)).toThrow(expect.objectContaining(refused(name)));
    }
  });

  test('take files in every form, of every realm', () => {
    const foreign: AssetOptions = runInNewContext(
      '({ base: { href: "https://a.example/" }, wasm: new Uint8Array(4), model: new ArrayBuffer(4) })',
    );
    for (const assets of [
      {},
      { base: new URL('https://a.example/') },
      { wasm: new DataView(new ArrayBuffer(4)) },
      foreign,
    ]) {
      checkAssets(assets);
      for (const call of LOADING) call({ assets, signal: null, timeoutMs: 1 });
    }
    checkAssets({ fetchInit: { headers: new Headers({ a: 'b' }), signal: null, credentials: 'include' } });
  });
});

test('the network is said once, beside the files or among them', () => {
  expect(assetsOf({})).toEqual({});
  expect(assetsOf({ network: 'full', assets: { base: '/files/' } })).toMatchObject({
    network: 'full',
    base: '/files/',
  });
  expect(assetsOf({ assets: { network: 'full' } })).toMatchObject({ network: 'full' });
  checkFiles({ network: 'full', assets: { network: 'full' } });
  for (const model of ['/own.safetensors', new Uint8Array(4)])
    expect(() => checkAssets({ network: 'full', model })).toThrow(
      /network \('full'\) and assets\.model both say which network/,
    );
  expect(() => checkFiles({ network: 'full', assets: { network: 'lite' } })).toThrow(
    /network is 'full' and assets\.network 'lite': say it once/,
  );
});
