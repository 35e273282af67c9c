/** docs/errors.md: each row provoked, each code with a row. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'esbuild';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type * as Chime from '../../src/entries/chime';
import type * as Inline from '../../src/entries/inline';
import type * as LiveKit from '../../src/entries/livekit';
import { WavReader } from '../../src/files/wav';
import { loadAssets } from '../../src/loading/assets';
import { writeStamp } from '../../src/loading/stamp';
import { BUILD, launchChromium, openPage, type Route, type Site, serve } from '../helpers/browser';

interface Told {
  code: string;
  message: string;
}

const STRICT = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; connect-src 'self'";
const ROWS = readFileSync('docs/errors.md', 'utf8')
  .split('\n')
  .filter((line) => line.startsWith('| ') && !line.startsWith('| cause'))
  .map((line) => line.split('|').map((cell) => cell.trim()))
  .map(([, cause = '', code = '', message = '']) => ({ cause, code: code.replaceAll('`', ''), message }));

const send =
  (type: string, body: () => string | Uint8Array, status = 200): Route =>
  (_, response) =>
    response.writeHead(status, { 'content-type': type }).end(body());

let browser: Browser;
let site: Site;
let bundle = '';
let worklets = 0;
const built = (name: string): Buffer => readFileSync(`${BUILD}/${name}`);
const routes: Record<string, Route> = {
  '/error': send('text/plain', () => 'no', 404),
  '/page': send('text/html', () => '<!doctype html>'),
  '/cut': (_, response) => {
    response.writeHead(200, { 'content-length': '100000' });
    response.write(Buffer.alloc(100), () => response.destroy());
  },
  '/stalled': () => {},
  '/bytes': send('application/octet-stream', () => 'nothing of use'),
  '/bytes.js': send('text/javascript', () => 'nothing of use'),
  '/as-text.js': send('text/plain', () => built('worklet.js')),
  '/empty.js': send('text/javascript', () => ''),
  '/second.js': (request, response) =>
    worklets++ === 0
      ? response.writeHead(500).end()
      : send('text/javascript', () => built('worklet.js'))(request, response),
  '/damaged.wasm': send('application/wasm', () => {
    const core = writeStamp(built('core.wasm'), '0.1.0', false);
    core[core.length - 1]! ^= 1;
    return core;
  }),
  '/foreign.wasm': send('application/wasm', () => Uint8Array.of(0, 97, 115, 109, 1, 0, 0, 0)),
  '/stale.wasm': send('application/wasm', () => writeStamp(built('core.wasm'), '0.0.1', false)),
  '/newer': send('application/octet-stream', () => {
    const model = readFileSync('test/golden/tiny.safetensors').toString('latin1');
    return Buffer.from(model.replace('"formatVersion":"1"', '"formatVersion":"9"'), 'latin1');
  }),
  '/inline-page.js': send(
    'text/javascript',
    () => "import { inlineAssets } from '/dist/inline.js'; globalThis.inlineAssets = inlineAssets;",
  ),
  '/iife': send('text/html', () => '<!doctype html><script src="/iife.js"></script>'),
  '/iife.js': send('text/javascript', () => bundle),
};

declare global {
  var inlineAssets: typeof Inline.inlineAssets;
  var told: (promise: Promise<unknown>) => Promise<Told>;
  var tiny: string;
  /** One of the package's. */
  var entry: (name: string) => Promise<unknown>;
}

const TELL = `globalThis.tiny = '/test/golden/tiny.safetensors';
  globalThis.told = (promise) => promise.then(() => ({ code: 'no error', message: '' }),
    ({ code, message }) => ({ code: code ?? 'no code', message }));
  globalThis.entry = (name) => import('/dist/' + name + '.js');`;

beforeAll(async () => {
  const { outputFiles } = await build({
    entryPoints: [`${BUILD}/index.js`],
    bundle: true,
    format: 'iife',
    globalName: 'percepnet',
    write: false,
    logLevel: 'silent',
  });
  bundle = outputFiles[0]?.text ?? '';
  site = await serve(routes);
  browser = await launchChromium(['--host-resolver-rules=MAP insecure.test 127.0.0.1']);
});
afterAll(async () => {
  await browser?.close();
  await site?.close();
});

/** In a page of its own, under a policy when one is given. */
async function inPage<T>(script: (argument: T) => Promise<Told>, argument?: T, policy?: string): Promise<Told> {
  const own = policy ? await serve(routes, { 'content-security-policy': policy }) : site;
  const page = await openPage(browser, own);
  try {
    await page.evaluate(TELL);
    return await page.evaluate(script as (argument: unknown) => Promise<Told>, argument);
  } finally {
    await page.close();
    if (own !== site) await own.close();
  }
}

type Options = Parameters<typeof percepnet.NoiseSuppressorNode.create>[1];

/** A node that is to be made with these options. */
function create(options: Options, policy?: string): Promise<Told> {
  return inPage(
    (options) => {
      const assets = { model: tiny, ...options?.assets };
      return told(percepnet.NoiseSuppressorNode.create(new AudioContext(), { ...options, assets }));
    },
    options,
    policy,
  );
}

async function at(
  address: string,
  script: () => Promise<Told>,
  ready: (page: Page) => Promise<unknown>,
): Promise<Told> {
  const page = await browser.newPage();
  try {
    await page.goto(address);
    await ready(page);
    await page.evaluate(TELL);
    return await page.evaluate(script);
  } finally {
    await page.close();
  }
}

async function caught(work: () => Promise<unknown>): Promise<Told> {
  try {
    await work();
    return { code: 'no error', message: '' };
  } catch (error) {
    return error as Told;
  }
}

/** By the beginning of the cause in the table. */
const PROVOKE: Record<string, () => Promise<Told>> = {
  'the page came over http': () =>
    at(
      site.origin.replace('localhost', 'insecure.test'),
      () => told(percepnet.NoiseSuppressorNode.create(new OfflineAudioContext(1, 480, 48000))),
      (page) => page.waitForFunction(() => 'tools' in globalThis),
    ),
  'a browser without AudioWorklet': () =>
    inPage(() => {
      Reflect.set(globalThis, 'AudioWorkletNode', undefined);
      return told(percepnet.NoiseSuppressorNode.create(new AudioContext()));
    }),
  "no `'wasm-unsafe-eval'`": () => create({}, STRICT.replace(" 'wasm-unsafe-eval'", '')),
  "the worklet's origin is not": () => {
    const other = site.origin.replace('localhost', '127.0.0.1');
    // Served with the header that lets any origin fetch it.
    routes['/shared.js'] = (_, response) => {
      response.setHeader('access-control-allow-origin', '*').setHeader('content-type', 'text/javascript');
      response.end(built('worklet.js'));
    };
    return create({ assets: { worklet: `${other}/shared.js` } }, `${STRICT} ${other}`);
  },
  '`./inline` without `blob:`': async () => {
    const own = await serve(routes, { 'content-security-policy': STRICT });
    const result = await at(
      own.origin,
      () => told(percepnet.NoiseSuppressorNode.create(new AudioContext(), { assets: inlineAssets({ model: tiny }) })),
      async (page) => {
        await page.addScriptTag({ url: '/inline-page.js', type: 'module' });
        await page.waitForFunction(() => 'inlineAssets' in globalThis && 'tools' in globalThis);
      },
    );
    await own.close();
    return result;
  },
  '`integrity.worklet` for another': () => {
    const other = site.origin.replace('localhost', '127.0.0.1');
    const { worklet } = JSON.parse(String(built('integrity.json')));
    return create({ assets: { worklet: `${other}/shared.js`, integrity: { worklet } } }, `${STRICT} ${other}`);
  },
  'no connection': () => create({ assets: { model: 'http://localhost:1/model' } }),
  'the server answers 404': () => create({ assets: { worklet: '/error' } }),
  'the server sends its start page': () => create({ assets: { worklet: '/page' } }),
  'the download breaks off': () => create({ assets: { worklet: '/cut' } }),
  'the worklet failed on the way': () => create({ assets: { worklet: '/second.js' } }),
  'the page was opened as a file': async () => {
    const folder = mkdtempSync(join(tmpdir(), 'page-'));
    writeFileSync(join(folder, 'index.html'), `<!doctype html><script>${bundle}</script>`);
    const result = await at(
      `file://${folder}/index.html`,
      () => told(percepnet.NoiseSuppressorNode.create(new AudioContext(), { assets: { base: '.' } })),
      async () => {},
    );
    rmSync(folder, { recursive: true });
    return result;
  },
  'a bundle that is no module': () =>
    at(
      `${site.origin}/iife`,
      () => told(percepnet.NoiseSuppressorNode.create(new AudioContext())),
      async () => {},
    ),
  'the larger network is not imported': () =>
    caught(() => loadAssets({ network: 'full' }, { signal: new AbortController().signal, things: new Set() })),
  'a file has another hash': () => create({ assets: { integrity: { worklet: `sha384-${'A'.repeat(64)}` } } }),
  'the core is no WebAssembly': () => create({ assets: { wasm: '/bytes' } }),
  'the core is damaged': () => create({ assets: { wasm: '/damaged.wasm' } }),
  'the core is another wasm file': () => create({ assets: { wasm: '/foreign.wasm' } }),
  'the worklet is not served as JavaScript': () => create({ assets: { worklet: '/as-text.js' } }),
  'the worklet is damaged': () => create({ assets: { worklet: '/bytes.js' } }),
  'the network is damaged': () => create({ assets: { model: '/bytes' } }),
  'the core is of another version': () => create({ assets: { wasm: '/stale.wasm' } }),
  'the worklet is of another version': () => create({ assets: { worklet: '/empty.js' } }),
  'the network has a newer format': () => create({ assets: { model: '/newer' } }),
  'a file does not come in time': () => create({ assets: { worklet: '/stalled' }, timeoutMs: 500 }),
  'the audio context does not start': () =>
    inPage(() => {
      const [track] = new MediaStreamAudioDestinationNode(new AudioContext()).stream.getAudioTracks();
      globalThis.AudioContext = class extends AudioContext {
        override resume = (): Promise<void> => Promise.reject(new Error('no gesture'));
        constructor(options?: AudioContextOptions) {
          super(options);
          this.suspend();
        }
      };
      const options = { assets: { model: tiny }, timeoutMs: 2000, fallback: false };
      return told(percepnet.suppressNoise(track as MediaStreamTrack, options));
    }),
  "the caller's own signal": () =>
    inPage(() => told(percepnet.NoiseSuppressorNode.preload({}, { signal: AbortSignal.abort() }))),
  'the audio context was closed': () =>
    inPage(async () => {
      const context = new AudioContext();
      await context.close();
      return told(percepnet.NoiseSuppressorNode.create(context, { assets: { model: tiny } }));
    }),
  'the audio thread threw': () =>
    inPage(async () => {
      const { NoiseSuppressorNode } = percepnet;
      const node = await NoiseSuppressorNode.create(new AudioContext(), { assets: { model: tiny } });
      const event = tools.event(node, 'error') as Promise<InstanceType<typeof percepnet.NoiseSuppressorErrorEvent>>;
      node.dispatchEvent(new ErrorEvent('processorerror'));
      return told(Promise.reject((await event).error));
    }),
  'the audio context refuses the track': () =>
    inPage(() => {
      globalThis.MediaStreamAudioSourceNode = class {
        constructor() {
          throw new DOMException('another rate', 'NotSupportedError');
        }
      } as never;
      return told(percepnet.suppressNoise(tools.tone(), { assets: { model: tiny }, fallback: false }));
    }),
  'LiveKit: `destroy()` while': () =>
    inPage(async () => {
      const { NoiseSuppressorProcessor } = (await entry('livekit')) as typeof LiveKit;
      const processor = new NoiseSuppressorProcessor({ assets: { model: '/stalled' } });
      const init = told(
        processor.init({ kind: 'audio', track: tools.tone(), audioContext: new AudioContext() } as never),
      );
      await processor.destroy();
      return init;
    }),
  'Chime: `error` of a device': () =>
    inPage(async () => {
      const { NoiseSuppressorTransformDevice } = (await entry('chime')) as typeof Chime;
      const device = new NoiseSuppressorTransformDevice('default', { assets: { model: tiny } });
      await device.createAudioNode(new AudioContext());
      await device.stop();
      return told(Promise.reject(device.error));
    }),
  'a question to a node': () =>
    inPage(async () => {
      const { NoiseSuppressorNode } = percepnet;
      const node = await NoiseSuppressorNode.create(new AudioContext(), { assets: { model: tiny } });
      node.destroy();
      return told(node.getStats());
    }),
  'an option that there is not': () => create({ strenght: 0.5 } as never),
  'an option, an address or a signal': () => create({ timeoutMs: -1 }),
  'a recording that cannot be read': () => caught(() => WavReader.open('package.json')),
};

describe('docs/errors.md', () => {
  test('has a row for each code, and no other', () => {
    const source = readFileSync('src/shared/errors.ts', 'utf8');
    const codes = [...source.matchAll(/^ {2}\| '([a-z-]+)'/gm)].map(([, code]) => code);
    expect(codes.length).toBeGreaterThan(10);
    expect([...new Set(ROWS.map(({ code }) => code))].sort()).toEqual(codes.sort());
  });

  test('has a row for each of these causes', () => {
    const lost = Object.keys(PROVOKE).filter((start) => !ROWS.some(({ cause }) => cause.startsWith(start)));
    expect(lost).toEqual([]);
  });

  test.each(ROWS)('$cause: $code', async ({ cause, code, message }) => {
    const start = Object.keys(PROVOKE).filter((start) => cause.startsWith(start));
    expect(start).toHaveLength(1);
    const told = await PROVOKE[start[0] as string]!();
    expect(`${told.code}: ${told.message}`).toContain(`${code}: `);
    expect(told.message).toContain(message);
    if (/^(the core|the network) (is|has)\b/.test(cause))
      expect(told.message).toMatch(/^http:.*\/(bytes|\w+\.wasm|newer): /);
  });
});
