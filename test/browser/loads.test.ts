/** Files that do not come, or come wrong, once: what the caller is told, and that the next call asks anew. */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { ServerResponse } from 'node:http';
import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { BUILD, launchChromium, openPage, type Route, type Site, serve } from '../helpers/browser';

const TYPES: Record<string, string> = { js: 'text/javascript', wasm: 'application/wasm' };
const FILES = ['worklet.js', 'core.wasm', 'core-relaxed.wasm', 'model.safetensors'] as const;
type File = (typeof FILES)[number];

/** Each does its worst with a response; headers of a good one are set. */
const FAULTS = {
  'stalls before it answers': () => {},
  'stalls in the middle': (response, body) => response.write(body.subarray(0, 100)),
  'is reset': (response) => response.destroy(),
  'is cut off': (response, body) =>
    response
      .setHeader('content-length', body.length)
      .write(body.subarray(0, body.length >> 1), () => response.destroy()),
  'is HTTP 404': (response) => response.writeHead(404).end('no'),
  'is HTTP 500': (response) => response.writeHead(500).end('no'),
  'is a start page': (response) => response.setHeader('content-type', 'text/html').end('<!doctype html>'),
  'has wrong bytes': (response) => response.end('this is no such file'),
  'is half a file': (response, body) => response.end(body.subarray(0, body.length >> 1)),
  'is empty': (response) => response.end(),
  'has no CORS header': (response, body) => response.removeHeader('access-control-allow-origin') ?? response.end(body),
} satisfies Record<string, (response: ServerResponse, body: Buffer) => unknown>;
type Fault = keyof typeof FAULTS;

const DAMAGED: Record<File, string> = {
  'worklet.js': 'worklet-rejected',
  'core.wasm': 'wasm-rejected',
  'core-relaxed.wasm': 'wasm-rejected',
  'model.safetensors': 'invalid-model',
};

function expected(file: File, fault: Fault): string {
  if (fault.startsWith('stalls')) return 'timeout';
  // A script like any other, only not ours.
  if (fault === 'is empty' && file === 'worklet.js') return 'version-mismatch';
  if (fault === 'is empty' || fault === 'has wrong bytes' || fault === 'is half a file') return DAMAGED[file];
  return 'asset-not-found';
}

/** Faults by address; whoever is not in it is served, in `late` after a second. */
const faults = new Map<string, Fault>();
const late = new Set<string>();
const CASES = FILES.flatMap((file) => (Object.keys(FAULTS) as Fault[]).map((fault) => ({ file, fault })));
const body = (file: File): Buffer =>
  readFileSync(file === 'model.safetensors' ? 'test/golden/tiny.safetensors' : `${BUILD}/${file}`);
const hash = (file: File): string => `sha384-${createHash('sha384').update(body(file)).digest('base64')}`;

let browser: Browser;
let site: Site;
let page: Page;
/** The same server, as another origin. */
let other: string;
let folders = 0;

beforeAll(async () => {
  const routes: Record<string, Route> = {};
  // One for each test.
  for (let folder = 0; folder < 100; folder++) {
    for (const file of FILES) {
      const path = `/${folder}/${file}`;
      routes[path] = (_, response) => {
        response.setHeader('content-type', TYPES[file.split('.').at(-1) ?? ''] ?? 'application/octet-stream');
        response.setHeader('access-control-allow-origin', '*');
        // What came wrong is in the browser's cache, too.
        response.setHeader('cache-control', 'max-age=3600');
        const fault = faults.get(path);
        if (fault) FAULTS[fault](response, body(file));
        else setTimeout(() => response.end(body(file)), late.has(path) ? 1000 : 0);
      };
    }
  }
  site = await serve(routes);
  other = site.origin.replace('localhost', '127.0.0.1');
  browser = await launchChromium(['--use-fake-device-for-media-stream', '--use-fake-ui-for-media-stream']);
});
afterAll(async () => {
  await browser?.close();
  await site?.close();
});
beforeEach(async () => {
  faults.clear();
  folders++;
  page = await openPage(browser, site);
  await page.evaluate(() => {
    globalThis.start = async (context, options) => {
      const { NoiseSuppressorNode } = percepnet;
      const before = performance.now();
      const told = await NoiseSuppressorNode.create(context, options).then(
        (node) => ({ code: node.state as string, message: '' }),
        (error) => ({ code: error.code ?? String(error), message: error.message }),
      );
      return { ...told, ms: performance.now() - before };
    };
  });
});
afterEach(async () => {
  await page.close();
});

declare global {
  /** Starts a suppressor; its state, or the code and text of the error. */
  var start: (
    context: BaseAudioContext,
    options: Parameters<typeof percepnet.NoiseSuppressorNode.create>[1],
  ) => Promise<{ code: string; message: string; ms: number }>;
}

/** Where this test's files are, on another origin. */
function base(): string {
  return `${other}/${folders}`;
}

function asked(file: File): number {
  return site.requested.filter((path) => path === `/${folders}/${file}`).length;
}

describe('a file that fails once', () => {
  test.each(CASES)('$file $fault', async ({ file, fault }) => {
    faults.set(`/${folders}/${file}`, fault);
    const assets = { base: base(), ...(file === 'core.wasm' && { wasm: `${base()}/core.wasm` }) };
    const stalls = fault.startsWith('stalls');
    const first = await page.evaluate(
      async ([assets, timeoutMs]) => {
        globalThis.context = new AudioContext();
        return start(context, { assets, timeoutMs });
      },
      [assets, stalls ? 1000 : 30_000] as const,
    );
    expect(first.code).toBe(expected(file, fault));
    expect(first.message).toContain(
      // A file that came is told as what it is.
      ['wasm-rejected', 'invalid-model', 'version-mismatch'].includes(first.code) ? '' : `${base()}/${file}`,
    );
    if (stalls) expect(first.ms).toBeLessThan(4000);
    const before = asked(file);
    faults.clear();
    const again = await page.evaluate(async (assets) => {
      const inSame = await start(context, { assets, timeoutMs: 10_000 });
      const inNew = await start(new AudioContext(), { assets, timeoutMs: 10_000 });
      return [inSame, inNew].map(({ code, message }) => `${code} ${message}`);
    }, assets);
    expect(again).toEqual(['running ', 'running ']);
    expect(asked(file)).toBeGreaterThan(before);
  });
});

declare global {
  var context: AudioContext;
}

describe('callers of one load', () => {
  test('a preload that waits for ever on a stalled file does not hold up who comes after', async () => {
    faults.set(`/${folders}/model.safetensors`, 'stalls in the middle');
    const first = await page.evaluate(async (base) => {
      globalThis.context = new AudioContext();
      percepnet.NoiseSuppressorNode.preload({ base }, { timeoutMs: Number.POSITIVE_INFINITY }).catch(() => {});
      return start(context, { assets: { base }, timeoutMs: 500 });
    }, base());
    expect(first.code).toBe('timeout');
    expect(first.message).toContain(`still waiting for ${base()}/model.safetensors`);
    faults.clear();
    const next = await page.evaluate((base) => start(context, { assets: { base } }), base());
    expect(next.code).toBe('running');
  });

  test.each(['signal', 'fetchInit.signal', 'both'])('an abort by %s ends one start, not the other', async (how) => {
    faults.set(`/${folders}/model.safetensors`, 'stalls before it answers');
    const result = await page.evaluate(
      async ([base, how]) => {
        const begin = (controller: AbortController) => {
          const { signal } = controller;
          const assets = { base, ...(how !== 'signal' && { fetchInit: { signal } }) };
          return start(context, { assets, ...(how !== 'fetchInit.signal' && { signal }), timeoutMs: 2000 });
        };
        globalThis.context = new AudioContext();
        const [one, two] = [new AbortController(), new AbortController()];
        const both = [begin(one), begin(two)];
        await new Promise((resolve) => setTimeout(resolve, 200));
        one.abort();
        const codes = (await Promise.all(both)).map(({ code }) => code);
        return codes;
      },
      [base(), how] as const,
    );
    expect(result).toEqual(['aborted', 'timeout']);
    expect(asked('model.safetensors')).toBe(1);
  });

  test('when all have left, the download is cancelled', async () => {
    let closed = 0;
    faults.set(`/${folders}/model.safetensors`, 'stalls in the middle');
    page.on('requestfailed', (request) => {
      if (request.url() === `${base()}/model.safetensors` && request.failure()?.errorText === 'net::ERR_ABORTED')
        closed++;
    });
    const codes = await page.evaluate(async (base) => {
      globalThis.context = new AudioContext();
      const one = new AbortController();
      const first = start(context, { assets: { base }, signal: one.signal });
      const second = start(context, { assets: { base }, timeoutMs: 700 });
      setTimeout(() => one.abort(), 300);
      return (await Promise.all([first, second])).map(({ code }) => code);
    }, base());
    expect(codes).toEqual(['aborted', 'timeout']);
    await expect.poll(() => closed).toBe(1);
  });

  test('a start that was given up builds no node when the files come later', async () => {
    late.add(`/${folders}/model.safetensors`);
    const result = await page.evaluate(async (base) => {
      const context = new AudioContext();
      const controller = new AbortController();
      setTimeout(() => controller.abort(), 300);
      // Who goes on waiting, so that the files do come.
      const patient = percepnet.NoiseSuppressorNode.register(context, { base });
      const given = [
        start(context, { assets: { base }, timeoutMs: 400 }),
        start(context, { assets: { base }, signal: controller.signal }),
      ];
      const { connect } = AudioWorkletNode.prototype;
      let built = 0;
      AudioWorkletNode.prototype.connect = function (this: AudioNode, ...to: Parameters<typeof connect>) {
        built++;
        return connect.apply(this, to);
      } as typeof connect;
      const codes = (await Promise.all(given)).map(({ code }) => code);
      await patient;
      await new Promise((resolve) => setTimeout(resolve, 500));
      const before = built;
      codes.push((await start(context, { assets: { base } })).code);
      return { codes, before, counted: built > before };
    }, base());
    expect(result).toEqual({ codes: ['timeout', 'aborted', 'running'], before: 0, counted: true });
  });

  test.each([2 ** 31, 2 ** 32 + 1, 1e15, Number.POSITIVE_INFINITY])(
    'timeoutMs %d is no time out',
    async (timeoutMs) => {
      const { code } = await page.evaluate(
        ([base, timeoutMs]) => start(new AudioContext(), { assets: { base }, timeoutMs: Number(timeoutMs) }),
        [base(), String(timeoutMs)] as const,
      );
      expect(code).toBe('running');
    },
  );

  test.each(['NaN', '-1', '-Infinity', "'500'", 'null'])(
    'timeoutMs %s is refused by name, of all who load',
    async (text) => {
      const told = await page.evaluate(async (text) => {
        const timeoutMs = {
          NaN: Number.NaN,
          '-1': -1,
          '-Infinity': Number.NEGATIVE_INFINITY,
          "'500'": '500',
          null: null,
        }[text];
        const limits = { timeoutMs: timeoutMs as number };
        const { NoiseSuppressorNode, suppressNoise } = percepnet;
        const [track] = new MediaStreamAudioDestinationNode(new AudioContext()).stream.getAudioTracks();
        const calls = [
          NoiseSuppressorNode.create(new AudioContext(), limits),
          NoiseSuppressorNode.preload({}, limits),
          NoiseSuppressorNode.register(new AudioContext(), {}, limits),
          NoiseSuppressorNode.checkSupport({ measure: true, ...limits }),
          suppressNoise(track as MediaStreamTrack, { ...limits, fallback: false }),
        ];
        return Promise.all(
          calls.map((call) =>
            call.then(
              () => 'taken',
              (error) => `${error.code} ${error.message}`,
            ),
          ),
        );
      }, text);
      const names = ['timeoutMs', 'limits.timeoutMs', 'limits.timeoutMs', 'timeoutMs', 'timeoutMs'];
      for (const [i, name] of names.entries()) {
        expect(told[i]).toMatch(new RegExp(`^invalid-input ${name} is a number above 0.*, not ${text}$`));
      }
    },
  );
});

describe('integrity', () => {
  const right = (): { core: string; model: string; worklet: string } => ({
    core: `${hash('core.wasm')} ${hash('core-relaxed.wasm')}`,
    model: hash('model.safetensors'),
    worklet: hash('worklet.js'),
  });

  test('the published hashes are those of the build, and exported', async () => {
    const published = JSON.parse(readFileSync(`${BUILD}/integrity.json`, 'utf8'));
    expect(published).toMatchObject({ core: right().core, worklet: right().worklet });
    expect(published.model.split(' ')).toContain(
      `sha384-${createHash('sha384')
        .update(readFileSync(`${BUILD}/model.safetensors`))
        .digest('base64')}`,
    );
    expect(await page.evaluate(() => percepnet.integrity)).toEqual(published);
    const { code } = await page.evaluate(() =>
      start(new AudioContext(), { assets: { integrity: percepnet.integrity } }),
    );
    expect(code).toBe('running');
  });

  test.each(['core', 'model', 'worklet'] as const)(
    'a wrong hash of %s: nothing runs, and the next call with the right one does',
    async (name) => {
      const wrong = { ...right(), [name]: `sha384-${createHash('sha384').update('other').digest('base64')}` };
      const [bad, good, unchecked, badAgain] = await page.evaluate(
        async ([base, wrong, right]) => {
          globalThis.context = new AudioContext();
          const results = [];
          for (const integrity of [wrong, right, undefined, wrong]) {
            results.push(await start(context, { assets: { base, integrity } }));
          }
          return results;
        },
        [base(), wrong, right()] as const,
      );
      expect(bad?.code).toBe('integrity-mismatch');
      expect(bad?.message).toContain(`${base()}/`);
      expect(bad?.message).toContain(`integrity.${name}`);
      expect(good?.code).toBe('running');
      expect(unchecked?.code).toBe('running');
      // A file kept is not reused under another hash.
      expect(badAgain?.code).toBe('integrity-mismatch');
    },
  );

  test('a worklet with another hash never runs, also when the address gives it later', async () => {
    const ran = await page.evaluate(
      async ([base, wrong]) => {
        const context = new AudioContext();
        await start(context, { assets: { base, integrity: { worklet: wrong } } });
        try {
          new percepnet.NoiseSuppressorNode(context);
          return true;
        } catch {
          return false;
        }
      },
      [base(), hash('core.wasm')] as const,
    );
    expect(ran).toBe(false);
  });

  test('bytes are checked too, and fetchInit.integrity is refused by name', async () => {
    const results = await page.evaluate(
      async ([base, right]) => {
        const model = await (await fetch(`${base}/model.safetensors`)).arrayBuffer();
        const context = new AudioContext();
        return [
          await start(context, { assets: { base, model, integrity: right } }),
          await start(context, { assets: { base, model: new Uint8Array(model, 0, 100), integrity: right } }),
          await start(context, { assets: { base, fetchInit: { integrity: right.model } } }),
        ].map(({ code, message }) => [code, message] as const);
      },
      [base(), right()] as const,
    );
    expect(results.map(([code]) => code)).toEqual(['running', 'integrity-mismatch', 'invalid-input']);
    expect(results[2]?.[1]).toContain('assets.integrity');
  });

  test.each([
    { from: 'own', code: 'running' },
    { from: 'other', code: 'blocked-by-csp' },
  ])('under a policy without blob:, a worklet of the $from origin: $code', async ({ from, code }) => {
    const strict = await serve(
      {},
      {
        'content-security-policy': `default-src 'none'; script-src 'self' 'wasm-unsafe-eval' ${other}; connect-src 'self' ${other}`,
      },
    );
    const own = await openPage(browser, strict);
    const got = await own.evaluate(
      async ([worklet, hash]) => {
        const assets = { model: '/test/golden/tiny.safetensors', worklet, integrity: { worklet: hash } };
        const promise = percepnet.NoiseSuppressorNode.create(new AudioContext(), { assets });
        return promise.then(
          ({ state }) => [state, ''],
          ({ code, message }) => [code, message],
        );
      },
      [from === 'own' ? '/dist/worklet.js' : `${base()}/worklet.js`, hash('worklet.js')] as const,
    );
    await own.close();
    await strict.close();
    expect(got[0]).toBe(code);
    if (code === 'blocked-by-csp') expect(got[1]).toContain('blob:');
  });
});
