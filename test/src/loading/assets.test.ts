/** Where the files come from and whether they belong together: folder, network, strings, stamps. */
import { readFile } from 'node:fs/promises';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { crc32 } from '../../../src/core/model';
import type * as Inline from '../../../src/entries/inline';
import { readStamp, writeStamp } from '../../../src/loading/stamp';
import { BUILD, launchChromium, openPage, type Route, type Site, serve } from '../../helpers/browser';

const STRICT = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; connect-src 'self'";

declare global {
  var inlineAssets: typeof Inline.inlineAssets;
}

const script: Route = (_, response) =>
  response
    .setHeader('content-type', 'text/javascript')
    .end("import { inlineAssets } from '/dist/inline.js'; globalThis.inlineAssets = inlineAssets;");

let browser: Browser;
let site: Site;
let page: Page;
let core: Buffer;
let elsewhere: Record<string, Route>;

beforeAll(async () => {
  core = await readFile(`${BUILD}/core.wasm`);
  const flipped = Buffer.from(core);
  // In the middle of the code: still a valid module more often than not, so try until it is.
  for (let at = core.length >> 1; ; at++) {
    flipped[at] ^= 1;
    if (WebAssembly.validate(flipped)) break;
    flipped[at] ^= 1;
  }
  const stale = Buffer.from(writeStamp(core, '0.0.1', false));
  const send = (body: Buffer) => (_: unknown, response: { end(body: Buffer): void }) => response.end(body);
  elsewhere = {
    '/elsewhere/worklet.js': async (_, response) =>
      response.setHeader('content-type', 'text/javascript').end(await readFile(`${BUILD}/worklet.js`)),
    '/elsewhere/core.wasm': send(core),
    '/elsewhere/core-relaxed.wasm': send(await readFile(`${BUILD}/core-relaxed.wasm`)),
    '/elsewhere/model.safetensors': send(await readFile('test/golden/tiny.safetensors')),
  };
  site = await serve({
    '/inline-page.js': script,
    '/damaged.wasm': send(flipped),
    '/stale.wasm': send(stale),
    ...elsewhere,
  });
  browser = await launchChromium();
  page = await openPage(browser, site);
});

afterAll(async () => {
  await browser?.close();
  await site?.close();
});

test('the stamp of a core tells version, flavour and damage', async () => {
  const stampOf = async (bytes: Uint8Array<ArrayBuffer>) =>
    readStamp(await WebAssembly.compile(bytes), bytes.slice().buffer);
  const { version } = JSON.parse(await readFile('package.json', 'utf8'));
  const restamped = writeStamp(core, '1.2.3', true);
  expect(await stampOf(Uint8Array.from(core))).toEqual({ version, relaxedSimd: false, intact: true });
  expect(await stampOf(restamped)).toEqual({ version: '1.2.3', relaxedSimd: true, intact: true });
  expect(await stampOf(Uint8Array.of(0, 97, 115, 109, 1, 0, 0, 0))).toBe(null);
  // The check value of this CRC, from its catalogue entry CRC-32/ISO-HDLC.
  expect(crc32(new TextEncoder().encode('123456789'))).toBe(0xcbf43926);
});

test('the core carries the version of the package', async () => {
  const source = await readFile('assembly/entries/index.ts', 'utf8');
  const [, major, minor, patch] = /VERSION: i32 = \((\d+) << 16\) \| \((\d+) << 8\) \| (\d+);/.exec(source) ?? [];
  expect(`${major}.${minor}.${patch}`).toBe(JSON.parse(await readFile('package.json', 'utf8')).version);
});

test.each([
  { name: 'a core with a flipped bit', assets: { wasm: '/damaged.wasm' }, code: 'wasm-rejected' },
  { name: 'a core of another version', assets: { wasm: '/stale.wasm' }, code: 'version-mismatch' },
  { name: 'a folder without files', assets: { base: '/nowhere' }, code: 'asset-not-found' },
  {
    name: "the network 'full' in a folder without it",
    assets: { base: '/elsewhere', network: 'full' },
    code: 'asset-not-found',
  },
  { name: 'an unknown network', assets: { network: 'huge' }, code: 'invalid-input' },
])('$name: $code', async ({ assets, code }) => {
  const got = await page.evaluate(
    async (assets) => {
      const own = { ...(assets.base || assets.network ? {} : await tools.assets()), ...assets } as object;
      return tools.codeOf(percepnet.NoiseSuppressorNode.create(new AudioContext(), { assets: own }));
    },
    assets as { base?: string; network?: string },
  );
  expect(got).toBe(code);
});

test.each(['/elsewhere', '/elsewhere/', 'elsewhere'])('base %s is a folder with all files', async (base) => {
  // A site of its own: what the tests before asked for may still be on its way.
  const own = await serve(elsewhere);
  const page = await openPage(browser, own);
  const before = own.requested.length;
  const result = await page.evaluate(async (base) => {
    const { NoiseSuppressorNode } = percepnet;
    const context = new AudioContext();
    await NoiseSuppressorNode.preload({ base, fetchInit: { cache: 'reload' } });
    const node = await NoiseSuppressorNode.create(context, { assets: { base } });
    const { relaxedSimd } = await node.getStats();
    const { state } = node;
    await context.close();
    return { state, relaxedSimd };
  }, base);
  await page.close();
  await own.close();
  expect(result).toEqual({ state: 'running', relaxedSimd: true });
  expect([...new Set(own.requested.slice(before))].sort()).toEqual([
    '/elsewhere/core-relaxed.wasm',
    '/elsewhere/model.safetensors',
    '/elsewhere/worklet.js',
  ]);
});

test('an aborted fetch is told from a missing file', async () => {
  const code = await page.evaluate(() =>
    tools.codeOf(
      percepnet.NoiseSuppressorNode.preload({
        model: '/elsewhere/model.safetensors?aborted',
        fetchInit: { signal: AbortSignal.abort() },
      }),
    ),
  );
  expect(code).toBe('aborted');
});

test.each([
  { strength: 2 },
  { strength: Number.NaN },
  { channels: 'quad' },
  { overload: 'panic' },
  { voiceActivity: { startThreshold: 0.3, stopThreshold: 0.5 } },
  { voiceActivity: { holdMs: -1 } },
  { timeoutMs: 0 },
])('options out of range are refused by name: %o', async (options) => {
  const messages = await page.evaluate(
    async (options) => {
      const context = new AudioContext();
      const error = await percepnet.NoiseSuppressorNode.create(context, options as object).catch((error) => error);
      await context.close();
      return [error.name, error.code, error.message];
    },
    // NaN does not survive the trip into the page.
    Number.isNaN(options.strength) ? { strength: 'loud' } : options,
  );
  expect(messages[0]).toBe('NoiseSuppressorError');
  expect(messages[1]).toBe('invalid-input');
  expect(messages[2]).toMatch(/strength|channels|overload|Threshold|holdMs|timeoutMs/);
});

describe('./inline', () => {
  const start = async (page: Page) => {
    await page.addScriptTag({ url: '/inline-page.js', type: 'module' });
    await page.waitForFunction(() => 'inlineAssets' in globalThis);
    return page.evaluate(async () => {
      const { model } = await tools.assets();
      const context = new AudioContext();
      const before = performance.getEntriesByType('resource').length;
      let stats: Awaited<ReturnType<InstanceType<typeof percepnet.NoiseSuppressorNode>['getStats']>> | undefined;
      const code = await tools.codeOf(
        percepnet.NoiseSuppressorNode.create(context, { assets: inlineAssets({ model }) }).then(async (node) => {
          stats = await node.getStats();
        }),
      );
      const [first, second] = [inlineAssets(), inlineAssets()];
      const again = first.worklet === second.worklet && first.wasm === second.wasm;
      const fetched = performance.getEntriesByType('resource').slice(before);
      const own = await tools.codeOf((async () => inlineAssets({ wasm: '/core.wasm' } as object))());
      await context.close();
      return { code, stats, again, own, fetched: fetched.map(({ name }) => new URL(name).pathname) };
    });
  };

  test('needs no file but the network', async () => {
    const own = await openPage(browser, site);
    const { code, stats, again, fetched, own: refused } = await start(own);
    await own.close();
    expect(code).toBe('no error');
    expect(stats?.framesProcessed).toBeGreaterThan(0);
    expect(stats?.relaxedSimd).toBe(true);
    expect(again).toBe(true);
    // What it brings itself is not passed over in silence.
    expect(refused).toBe('invalid-input');
    expect(fetched.filter((path) => /worklet|core/.test(path))).toEqual([]);
  });

  test.each([
    { policy: STRICT, code: 'blocked-by-csp' },
    { policy: STRICT.replace("'self'", "'self' blob:"), code: 'no error' },
  ])('$policy: $code', async ({ policy, code }) => {
    const strict = await serve({ '/inline-page.js': script }, { 'content-security-policy': policy });
    const own = await openPage(browser, strict);
    const result = await start(own);
    await own.close();
    await strict.close();
    expect(result.code).toBe(code);
  });
});

test('everything works under the strictest policy, without a request to anybody else', async () => {
  const strict = await serve({}, { 'content-security-policy': STRICT });
  const own = await browser.newPage();
  const origins = new Set<string>();
  const violations: string[] = [];
  own.on('request', (request) => origins.add(new URL(request.url()).origin));
  own.on('console', (message) => {
    if (message.text().includes('Content Security Policy')) violations.push(message.text());
  });
  await own.goto(strict.origin);
  await own.waitForFunction(() => 'tools' in globalThis);
  const result = await own.evaluate(async () => {
    const context = new AudioContext();
    const [track] = new MediaStreamAudioDestinationNode(context).stream.getAudioTracks();
    const handle = await percepnet.suppressNoise(track, { assets: await tools.assets(), fallback: false });
    const state = handle.node?.state;
    await handle.destroy();
    return state;
  });
  await own.close();
  await strict.close();
  expect(result).toBe('running');
  expect([...origins]).toEqual([strict.origin]);
  expect(violations).toEqual([]);
});
