/** What public functions answer to options that are none: a rejection, or the untouched track, with the name of the option. */
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { launchChromium, openPage, type Site, serve } from '../helpers/browser';

let browser: Browser;
let site: Site;
let page: Page;

beforeAll(async () => {
  site = await serve();
  browser = await launchChromium(['--use-fake-device-for-media-stream', '--use-fake-ui-for-media-stream']);
  page = await openPage(browser, site);
});

afterAll(async () => {
  await browser?.close();
  await site?.close();
});

const WRONG: [name: string, options: object | null][] = [
  ['strength', { strength: '1' }],
  ['bypass', { bypass: 'false' }],
  ['holdMs', { voiceActivity: { holdMs: '200' } }],
  ['strenght', { strenght: 0.5 }],
  ['assets.module', { assets: { module: '/worklet.js' } }],
  ['timeoutMs', { timeoutMs: '1000' }],
  ['options', null],
];

test.each(WRONG)('%s: %o', async (name, options) => {
  const told = await page.evaluate(async (options) => {
    const { NoiseSuppressorNode, suppressNoise } = percepnet;
    const given = options as never;
    const tell = (promise: Promise<unknown>): Promise<string> =>
      promise.then(
        () => 'taken',
        (error) => `${error.name} ${error.code} ${error.message}`,
      );
    const track = tools.tone();
    const handle = await suppressNoise(track, given);
    const untouched = handle.track === track && handle.node === null && track.readyState === 'live';
    await handle.destroy();
    return {
      untouched,
      error: await tell(Promise.reject(handle.error)),
      strict: options && (await tell(suppressNoise(track, { ...(options as object), fallback: false }))),
      create: await tell(NoiseSuppressorNode.create(new AudioContext(), given)),
    };
  }, options);
  const refused = expect.stringMatching(new RegExp(`^NoiseSuppressorError invalid-input .*\\b${name}\\b`));
  expect(told).toEqual({ untouched: true, error: refused, strict: options && refused, create: refused });
});

test('contexts and limits that are none, the constructor, the context of suppressNoise()', async () => {
  const told = await page.evaluate(async () => {
    const { NoiseSuppressorNode: Node, suppressNoise } = percepnet;
    const assets = { model: '/test/golden/tiny.safetensors' };
    const context = new AudioContext();
    await Node.register(context, assets);
    const calls: (() => unknown)[] = [
      () => Node.create({} as never),
      () => Node.create(undefined as never),
      () => Node.register('context' as never),
      () => Node.register(context, { network: 'huge' } as never),
      () => Node.register(context, assets, { timeout: 5 } as never),
      () => Node.preload({ module: '/' } as never),
      () => Node.checkSupport({ measured: true } as never),
      () => new Node(context, { strength: '1' } as never),
      () => new Node(context, { asset: assets } as never),
      () => new Node(null as never),
      () => suppressNoise(tools.tone(), { context: {} as never, fallback: false }),
      () => suppressNoise(tools.tone(), { context: new OfflineAudioContext(1, 1, 48000) as never, fallback: false }),
      () => suppressNoise(tools.tone(), { fallback: 'no' as never }).then(({ error }) => Promise.reject(error)),
    ];
    return Promise.all(calls.map((call) => tools.codeOf((async () => call())())));
  });
  expect(told).toEqual(told.map(() => 'invalid-input'));
});

test('a bypass that is neither true nor false is refused, and the node stays as it was', async () => {
  const told = await page.evaluate(async () => {
    const assets = { model: '/test/golden/tiny.safetensors' };
    const node = await percepnet.NoiseSuppressorNode.create(new AudioContext(), { assets, bypass: true });
    const answers = ['false', 0, null, undefined].map((value) => {
      try {
        node.bypass = value as never;
        return 'taken';
      } catch (error) {
        return `${(error as { code: string }).code} ${(error as Error).message} ${node.bypass}`;
      }
    });
    node.bypass = false;
    node.destroy();
    return [...answers, String(node.bypass)];
  });
  const refused = ["'false'", '0', 'null', 'undefined'].map(
    (value) => `invalid-input bypass is true or false, not ${value} true`,
  );
  expect(told).toEqual([...refused, 'false']);
});
