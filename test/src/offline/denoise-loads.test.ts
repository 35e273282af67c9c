/** Loads of denoise() and Denoiser: each caller has its own timeout and signal, only success is kept, hashes are checked. */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { type DenoiseOptions, Denoiser, denoise } from '../../../src/entries/offline';
import { testAssets } from '../../helpers/assets';

const SOUND = new Float32Array(480);
let wasm: Uint8Array<ArrayBuffer>;
let model: Uint8Array<ArrayBuffer>;
let server: Server;
/** What the server does with the next request. */
let fault: 'none' | 'stall' | '500' | 'cut' | 'wrong' = 'none';
let asked = 0;
let closed = 0;
let base: string;

beforeAll(async () => {
  ({ wasm, model } = await testAssets());
});

beforeEach(async () => {
  fault = 'none';
  asked = 0;
  closed = 0;
  server = createServer((request, response) => {
    asked++;
    response.on('close', () => closed++);
    const bytes = request.url?.endsWith('.wasm') ? wasm : model;
    if (fault === 'stall') response.writeHead(200).write(bytes.subarray(0, 100));
    else if (fault === '500') response.writeHead(500).end();
    else if (fault === 'wrong') response.end('nothing of use');
    else if (fault === 'cut') {
      response.writeHead(200, { 'content-length': bytes.length });
      response.write(bytes.subarray(0, 100), () => response.destroy());
    } else response.end(bytes);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterEach(() => {
  vi.useRealTimers();
  server.closeAllConnections();
  server.close();
});

type Limits = Pick<DenoiseOptions, 'signal' | 'timeoutMs' | 'assets'>;
const CALLS: Record<string, (options: Limits) => Promise<unknown>> = {
  denoise: (options) => denoise(SOUND, { sampleRate: 48000, ...options }),
  Denoiser: async (options) => (await Denoiser.create(options)).destroy(),
};

describe.each(Object.entries(CALLS))('%s', (_, work) => {
  const call = (options: Limits): Promise<string> =>
    work({ assets: { wasm, model: `${base}/model` }, ...options }).then(
      () => 'done',
      (error) => error.code ?? String(error),
    );

  test.each([
    ['stall', 'timeout', 'timeout'],
    ['500', 'asset-not-found', 'asset-not-found'],
    ['cut', 'asset-not-found', 'asset-not-found'],
    ['wrong', 'invalid-model', 'wasm-rejected'],
  ] as const)('a file that fails by %s is asked for again by the next call', async (how, ofModel, ofCore) => {
    for (const [assets, code] of [
      [{ wasm, model: `${base}/model` }, ofModel],
      [{ wasm: `${base}/core.wasm`, model }, ofCore],
    ] as const) {
      fault = how;
      const before = asked;
      if (how === 'stall') vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
      const failed = call({ assets, timeoutMs: 100_000 });
      // However busy the machine is, time is up only when the request has come.
      await vi.waitFor(() => expect(asked).toBe(before + 1), 30_000);
      if (how === 'stall') await vi.advanceTimersByTimeAsync(100_000);
      expect(await failed).toBe(code);
      vi.useRealTimers();
      fault = 'none';
      expect(await call({ assets, timeoutMs: 10_000 })).toBe('done');
    }
    expect(asked).toBe(4);
  });

  test('one abort ends one of two, both end the download', async () => {
    fault = 'stall';
    const [one, two] = [new AbortController(), new AbortController()];
    const first = call({ signal: one.signal });
    const second = call({ signal: two.signal });
    await expect.poll(() => asked).toBe(1);
    one.abort();
    expect(await first).toBe('aborted');
    expect(closed).toBe(0);
    two.abort();
    expect(await second).toBe('aborted');
    await expect.poll(() => closed).toBe(1);
    fault = 'none';
    expect(await call({})).toBe('done');
  });

  test('limits and hashes that are none are refused, a wrong hash ends it', async () => {
    expect(await call({ timeoutMs: Number.NaN })).toBe('invalid-input');
    expect(await call({ timeoutMs: 2 ** 31 })).toBe('done');
    const hash = (bytes: Uint8Array): string => `sha256-${createHash('sha256').update(bytes).digest('base64')}`;
    const assets = { wasm, model: `${base}/model` };
    expect(await call({ assets: { ...assets, integrity: { core: hash(wasm), model: hash(model) } } })).toBe('done');
    expect(await call({ assets: { ...assets, integrity: { model: hash(wasm) } } })).toBe('integrity-mismatch');
    expect(await call({ assets: { ...assets, integrity: { core: hash(model) } } })).toBe('integrity-mismatch');
    expect(await call({ assets: { ...assets, integrity: { wasm: hash(wasm) } as object } })).toBe('invalid-input');
  });
});

describe('what cannot be had', () => {
  test('bytes that were transferred are told', async () => {
    for (const name of ['wasm', 'model'] as const) {
      const bytes = new Uint8Array(10);
      structuredClone(bytes, { transfer: [bytes.buffer] });
      for (const gone of [bytes, bytes.buffer]) {
        const assets = { wasm, model, [name]: gone, integrity: { core: 'sha256-aaaa' } };
        await expect(denoise(SOUND, { sampleRate: 48000, assets })).rejects.toMatchObject({
          code: 'invalid-input',
          message: expect.stringContaining(`assets.${name} have been transferred`),
        });
      }
    }
  });

  test.for([
    [{ mode: 'bogus' }, ''],
    [{ credentials: 'mine' }, ''],
    [{ method: 'no method' }, ''],
    [{ body: 'of a GET' }, ''],
    [{}, 'name:password@'],
  ] as [RequestInit, string][])(
    'a fetch that is not tried is not the fault of the network: %j %s',
    async ([fetchInit, user]) => {
      const assets = { wasm, model: `${base.replace('//', `//${user}`)}/model`, fetchInit };
      await expect(denoise(SOUND, { sampleRate: 48000, assets })).rejects.toMatchObject({
        code: 'invalid-input',
        message: expect.stringContaining('cannot be fetched with this fetchInit'),
      });
      expect(asked).toBe(0);
    },
  );
});

test('a file that is not there is named, and read when it is', async () => {
  const missing = new URL('./none.safetensors', import.meta.url);
  await expect(denoise(SOUND, { sampleRate: 48000, assets: { wasm, model: missing } })).rejects.toThrow(
    'none.safetensors',
  );
  const there = new URL('../../golden/tiny.safetensors', import.meta.url);
  expect(readFileSync(there).length).toBe(model.length);
  await denoise(SOUND, { sampleRate: 48000, assets: { wasm, model: there } });
});
