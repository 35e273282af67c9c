/** Contexts that do not start: suppressNoise() must neither hang nor hand out a silent track. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { launchChromium, type Site, serve } from '../helpers/browser';
import { firefoxAbsent, launchFirefox } from './engines';

let site: Site;
let told: (result: object) => void;
/** What the next page tells. */
const telling = (): Promise<object> =>
  new Promise((resolve) => {
    told = resolve;
  });

/** Runs as a script of the page: what a test tool evaluates in a page counts as a gesture of the user. */
const PAGE = `<!doctype html><title>No gesture</title><script type="module">
  await import('/dist/page.js');
  const { suppressNoise } = percepnet;
  const assets = await tools.assets();
  const source = new MediaStreamAudioDestinationNode(new AudioContext()).stream.getAudioTracks()[0];
  const handle = await suppressNoise(source, { assets, timeoutMs: 4000 });
  const strict = await tools.codeOf(suppressNoise(source, { assets, timeoutMs: 4000, fallback: false }));
  const aborted = await tools.codeOf(suppressNoise(source, { assets, signal: AbortSignal.timeout(1000) }));
  globalThis.waiting = suppressNoise(source, { assets, timeoutMs: 120_000 });
  const { code, message } = handle.error ?? {};
  const untouched = handle.track === source;
  await fetch('/told', { method: 'POST', body: JSON.stringify({ untouched, code, message, strict, aborted }) });
</script>`;

/** Only waits. */
const TOUCH_PAGE = `<!doctype html><meta name="viewport" content="width=device-width"><script type="module">
  await import('/dist/page.js');
  const { suppressNoise } = percepnet;
  const assets = await tools.assets();
  const source = new MediaStreamAudioDestinationNode(new AudioContext()).stream.getAudioTracks()[0];
  const started = (seconds) => suppressNoise(source, { assets, timeoutMs: 1000 * seconds });
  started(60).then(async (first) => {
    const { context } = first.node ?? {};
    await first.destroy();
    await tools.until(() => context?.state === 'suspended');
    const again = await started(10);
    const same = context !== undefined && again.node?.context === context;
    const told = { error: first.error?.code, same, again: again.node?.state };
    await fetch('/told', { method: 'POST', body: JSON.stringify(told) });
  });
  await fetch('/told', { method: 'POST', body: '{}' });
</script>`;

beforeAll(async () => {
  site = await serve({
    '/touch': (_, response) => {
      response.setHeader('content-type', 'text/html');
      response.end(TOUCH_PAGE);
    },
    '/no-gesture': (_, response) => {
      response.setHeader('content-type', 'text/html');
      response.end(PAGE);
    },
    '/told': async (request, response) => {
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(chunk);
      told(JSON.parse(String(Buffer.concat(chunks))));
      response.end();
    },
  });
});

afterAll(async () => {
  await site?.close();
});

test('without a gesture the fallback is taken; a gesture starts what still waits', async () => {
  const browser = await launchChromium(['--autoplay-policy=document-user-activation-required']);
  try {
    const page = await browser.newPage();
    const before = telling();
    await page.goto(`${site.origin}/no-gesture`);
    expect(await before).toEqual({
      untouched: true,
      code: 'timeout',
      message: expect.stringContaining('after a click'),
      strict: 'timeout',
      aborted: 'aborted',
    });
    await page.mouse.click(5, 5);
    const state = await page.evaluate(async () => {
      const { waiting } = globalThis as unknown as { waiting: ReturnType<typeof percepnet.suppressNoise> };
      const handle = await waiting;
      const state = handle.node?.state;
      await handle.destroy();
      return state;
    });
    expect(state).toBe('running');
  } finally {
    await browser.close();
  }
});

test('a finger starts it, which gives leave when it goes up; after a pause it starts without another', async () => {
  const browser = await launchChromium(['--autoplay-policy=document-user-activation-required']);
  try {
    const page = await browser.newPage({ hasTouch: true, isMobile: true });
    const ready = telling();
    await page.goto(`${site.origin}/touch`);
    await ready;
    const result = telling();
    await page.waitForTimeout(1000);
    await page.touchscreen.tap(5, 5);
    expect(await result).toEqual({ same: true, again: 'running' });
  } finally {
    await browser.close();
  }
});

const absent = firefoxAbsent();
describe.skipIf(absent)(absent ? `Firefox (skipped: ${absent})` : 'Firefox', () => {
  test('without a loudspeaker, where the clock of a context stands still: the untouched track, and why', {
    timeout: 300_000,
  }, async () => {
    const engine = await launchFirefox({ silent: true });
    try {
      const tab = await engine.open(site.origin);
      const result = await tab.evaluate(async () => {
        while (!('tools' in globalThis)) await new Promise((resolve) => setTimeout(resolve, 50));
        const context = new AudioContext();
        await Promise.race([context.resume(), new Promise((resolve) => setTimeout(resolve, 3000))]);
        const { state } = context;
        const assets = await tools.assets();
        const created = await tools.codeOf(
          percepnet.NoiseSuppressorNode.create(context, { assets, timeoutMs: 5000 }).then((node) => {
            throw node.state;
          }),
        );
        const stream = await navigator.mediaDevices.getUserMedia({ audio: true });
        const [source] = stream.getAudioTracks();
        const handle = await percepnet.suppressNoise(source, { assets, timeoutMs: 5000 });
        return {
          state,
          created,
          untouched: handle.track === source,
          live: source.readyState,
          code: handle.error?.code,
        };
      }, null);
      expect(result).toEqual({
        state: 'suspended',
        created: 'starting',
        untouched: true,
        live: 'live',
        code: 'timeout',
      });
    } finally {
      await engine.close();
    }
  });
});
