/** The hook in React 18 and 19, in StrictMode, which mounts everything twice. */
import { resolve } from 'node:path';
import { build } from 'esbuild';
import type { useNoiseSuppression } from 'percepnet-wasm/react';
import type { Browser, Page } from 'playwright-core';
import { createElement } from 'react';
import { renderToString } from 'react-dom/server';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { makeMicrophone, microphoneSwitches } from '../../browser/microphone';
import { BUILD, launchChromium, openPage, type Site, serve } from '../../helpers/browser';
import { keepElements } from '../../helpers/elements';

let browser: Browser;
let site: Site;
let page: Page;

/** React beside the hook, in one bundle next to the files of the library. */
async function bundle(major: number): Promise<void> {
  const folder = major === 18 ? 'test/src/adapters/react-18/node_modules' : 'node_modules';
  await build({
    entryPoints: ['test/src/adapters/react-page.ts'],
    bundle: true,
    format: 'esm',
    target: 'es2022',
    jsx: 'automatic',
    alias: {
      react: resolve(folder, 'react'),
      'react-dom': resolve(folder, 'react-dom'),
      'percepnet-wasm/react': resolve(BUILD, 'react.js'),
    },
    define: { 'process.env.NODE_ENV': '"development"' },
    outfile: `${BUILD}/react-${major}-page.js`,
    logLevel: 'error',
  });
}

beforeAll(async () => {
  await Promise.all([18, 19].map(bundle));
  site = await serve();
  browser = await launchChromium(microphoneSwitches(makeMicrophone().path));
});

afterAll(async () => {
  await browser?.close();
  await site?.close();
});

const states: string[] = [];
let hook: typeof useNoiseSuppression;
function Caller(): null {
  states.push(hook({ strength: 0.9 }).state);
  return null;
}

test('on a server there is nothing yet', async () => {
  ({ useNoiseSuppression: hook } = await import(resolve(BUILD, 'react.js')));
  expect(renderToString(createElement(Caller))).toBe('');
  expect(states).toEqual(['idle']);
});

describe.each([18, 19])('React %i', (major) => {
  const errors: string[] = [];

  beforeEach(async () => {
    errors.length = 0;
    page = await openPage(browser, site, errors);
    page.on('console', (message) => message.type() === 'error' && errors.push(message.text()));
    await page.addScriptTag({ url: `/dist/react-${major}-page.js`, type: 'module' });
    await page.waitForFunction(() => 'react' in globalThis);
  });

  afterEach(async () => {
    await page.close();
    expect(errors).toEqual([]);
  });

  test('takes one microphone, sends it suppressed, and gives it back', async () => {
    const result = await page.evaluate(async () => {
      const assets = await tools.assets();
      react.render({ assets, strength: 0.9 });
      const first = react.given[0]?.state;
      const { track, stream, node, error } = await react.until(({ state }) => state === 'running');
      const settings = react.taken[0]?.getSettings();
      const frames = (await node?.getStats())?.framesProcessed;
      const sends = stream?.getAudioTracks()[0] === track && track?.readyState === 'live';
      react.render(null);
      await tools.sleep(50);
      return {
        version: react.version,
        first,
        taken: react.taken.length,
        suppression: settings?.noiseSuppression,
        strength: node?.strength.value.toFixed(3),
        frames: (frames ?? 0) > 0,
        sends,
        error,
        live: react.live(),
        ended: track?.readyState,
        node: node?.state,
      };
    });
    expect(result).toEqual({
      version: expect.stringMatching(new RegExp(`^${major}\\.`)),
      first: 'idle',
      taken: 1,
      suppression: false,
      strength: '0.900',
      frames: true,
      sends: true,
      error: null,
      live: 0,
      ended: 'ended',
      node: 'destroyed',
    });
  });

  test("follows the app's own track, and leaves it to the app", async () => {
    const result = await page.evaluate(async () => {
      const assets = await tools.assets();
      const microphone = async () => (await navigator.mediaDevices.getUserMedia({ audio: true })).getAudioTracks()[0]!;
      const [one, two] = [await microphone(), await microphone()];
      react.render({ assets, track: null });
      await tools.sleep(50);
      const before = react.given.at(-1)?.state;
      react.render({ assets, track: one });
      const first = await react.until(({ state }) => state === 'running');
      const taken = react.taken.length;
      // Made anew for each render, as apps do; only the track is another.
      react.render({ assets: { ...assets }, track: two, voiceActivity: undefined });
      await tools.sleep(100);
      const second = await react.until(({ state }) => state === 'running');
      react.render({ assets, track: null });
      await react.until(({ state }) => state === 'idle');
      return {
        before,
        same: first.track === second.track && first.node === second.node,
        asked: react.taken.length - taken,
        ended: first.track?.readyState,
        left: [one.readyState, two.readyState],
      };
    });
    expect(result).toEqual({ before: 'idle', same: true, asked: 0, ended: 'ended', left: ['live', 'live'] });
  });

  test.each([[true], [false]])('keepAlive: %s, from the start to the end, and when it changes', async (keepAlive) => {
    await page.evaluate(keepElements);
    const result = await page.evaluate(async (keepAlive) => {
      const assets = { model: '/test/golden/tiny.safetensors' };
      const seen = [kept()];
      react.render({ assets, keepAlive });
      await react.until(({ state }) => state === 'running');
      seen.push(kept());
      react.render({ assets, keepAlive, strength: 0.5 });
      await tools.sleep(50);
      seen.push(kept());
      react.render({ assets, keepAlive: !keepAlive });
      await tools.until(() => react.given.at(-1)?.state !== 'running');
      await react.until(({ state }) => state === 'running');
      seen.push(kept());
      react.render({ assets, keepAlive });
      await tools.until(() => react.given.at(-1)?.state !== 'running');
      await react.until(({ state }) => state === 'running');
      seen.push(kept());
      react.render(null);
      await tools.sleep(50);
      seen.push(kept());
      return seen;
    }, keepAlive);
    const off = [0, 0, 'auto'];
    const [here, there] = keepAlive ? [[1, 1, 'play-and-record'], off] : [off, [1, 1, 'play-and-record']];
    expect(result).toEqual([off, here, here, there, here, off]);
  });

  test('unmounted while it loads, or while the user is asked, it leaves nothing behind', async () => {
    const result = await page.evaluate(async () => {
      const assets = await tools.assets();
      const live: number[] = [];
      // At each stage of the start: what is left a second later is what is left.
      for (const wait of [0, 1, 10, 30, 60, 100, 200, 400]) {
        react.render({ assets });
        await tools.sleep(wait);
        react.render(null);
        await tools.sleep(300);
        live.push(react.live());
      }
      let answer = (): void => {};
      react.answer(async (constraints, ask) => {
        await new Promise<void>((resolve) => {
          answer = resolve;
        });
        return ask(constraints);
      });
      react.render({ assets });
      await tools.sleep(50);
      react.render(null);
      await tools.sleep(50);
      const before = react.taken.length;
      answer();
      await tools.sleep(300);
      return { live, late: react.taken.length - before, left: react.live() };
    });
    expect(result).toEqual({ live: Array(8).fill(0), late: 1, left: 0 });
  });

  test('fast remounts end with one microphone, or none', async () => {
    const result = await page.evaluate(async () => {
      const assets = await tools.assets();
      const counts: number[] = [];
      for (let i = 0; i < 30; i++) {
        react.render(i % 2 ? null : { assets }, `key ${i % 3}`);
        if (i % 4 === 3) await tools.sleep(i);
      }
      react.render({ assets }, 'last');
      await react.until(({ state, track }) => state === 'running' && track?.readyState === 'live');
      await tools.sleep(300);
      counts.push(react.live());
      // Unmounted and mounted in one task: nothing has changed.
      const taken = react.taken.length;
      react.render(null);
      await tools.sleep(300);
      counts.push(react.live(), react.taken.length - taken);
      return counts;
    });
    expect(result).toEqual([1, 0, 0]);
  });

  test('another device, and one that is pulled out: the track that goes out stays', async () => {
    const result = await page.evaluate(async () => {
      const assets = await tools.assets();
      react.render({ assets });
      const { track } = await react.until(({ state }) => state === 'running');
      const steps: unknown[] = [];
      react.render({ assets, constraints: { deviceId: 'default' } });
      while (react.taken.length < 2 || react.live() > 1) await tools.sleep(10);
      steps.push(
        react.given.at(-1)?.track === track,
        react.taken.map(({ readyState }) => readyState),
      );
      const last = react.taken[1]!;
      last.stop();
      last.dispatchEvent(new Event('ended'));
      while (react.taken.length < 3) await tools.sleep(10);
      await tools.sleep(100);
      steps.push(
        react.given.at(-1)?.track === track,
        react.taken.map(({ readyState }) => readyState),
      );
      // The last one is gone too, and later there is one again.
      react.answer(async () => {
        throw new DOMException('none', 'NotFoundError');
      });
      react.taken[2]!.stop();
      react.taken[2]!.dispatchEvent(new Event('ended'));
      const { error } = await react.until(({ state }) => state === 'failed');
      steps.push(error?.name, track?.readyState);
      react.answer((constraints, ask) => ask(constraints));
      navigator.mediaDevices.dispatchEvent(new Event('devicechange'));
      await react.until(({ state }) => state === 'running');
      steps.push(react.live());
      return steps;
    });
    expect(result).toEqual([true, ['ended', 'live'], true, ['ended', 'ended', 'live'], 'NotFoundError', 'ended', 1]);
  });

  test('strength and bypass are heard at once; another network is another start', async () => {
    const result = await page.evaluate(async () => {
      const assets = await tools.assets();
      react.render({ assets });
      const first = await react.until(({ state }) => state === 'running');
      react.render({ assets, strength: 0.5, bypass: true });
      await react.until(({ state }) => state === 'bypassed');
      // Some browsers tell of a set value once it has been rendered.
      for (let i = 0; i < 100 && first.node?.strength.value !== 0.5; i++) await tools.sleep(20);
      const strength = first.node?.strength.value;
      react.given.at(-1)?.bypass(false);
      const second = await react.until(({ state }) => state === 'running');
      let refused = '';
      try {
        second.bypass('false' as never);
      } catch (error) {
        refused = (error as Error).message;
      }
      react.render({ assets, strength: 0.5, bypass: false, channels: 'stereo' });
      const third = await react.until(({ state, node }) => state === 'running' && node !== first.node);
      return {
        strength,
        same: first.node === second.node,
        refused,
        channels: third.track?.getSettings().channelCount,
        kept: third.node?.strength.value,
        live: react.live(),
      };
    });
    expect(result).toEqual({
      strength: 0.5,
      same: true,
      refused: "bypass is true or false, not 'false'",
      channels: 2,
      kept: 0.5,
      live: 1,
    });
  });

  test('waits for start() and ends by stop(), again and again; a refusal is told', async () => {
    const result = await page.evaluate(async () => {
      const assets = await tools.assets();
      react.render({ assets, autoStart: false });
      await tools.sleep(50);
      const steps: unknown[] = [react.given.at(-1)?.state, react.taken.length];
      const { start, stop } = react.given.at(-1)!;
      react.answer(async () => {
        throw new DOMException('no', 'NotAllowedError');
      });
      await start();
      const refused = await react.until(({ state }) => state === 'failed');
      steps.push(refused.error?.name);
      react.answer((constraints, ask) => ask(constraints));
      for (let i = 0; i < 2; i++) {
        await start();
        steps.push((await react.until(({ state }) => state === 'running')).error, react.live());
        await stop();
        steps.push((await react.until(({ state }) => state === 'idle')).track, react.live());
      }
      return steps;
    });
    expect(result).toEqual(['idle', 0, 'NotAllowedError', null, 1, null, 0, null, 1, null, 0]);
  });

  test('examples/react/microphone.tsx: on, original sound, off', async () => {
    await page.evaluate(() => {
      react.example((track) => {
        globalThis.document.title = track?.readyState ?? 'none';
      });
    });
    expect(await page.title()).toBe('none');
    await page.getByRole('button', { name: 'On' }).click();
    await page.getByText('running').waitFor();
    expect(await page.title()).toBe('live');
    await page.getByLabel('Original sound').check();
    await page.getByText('bypassed').waitFor();
    await page.getByLabel('Original sound').uncheck();
    await page.getByText('running').waitFor();
    await page.getByRole('button', { name: 'Off' }).click();
    await page.getByText('idle').waitFor();
    expect(await page.title()).toBe('none');
    expect(await page.evaluate(() => [react.taken.length, react.live()])).toEqual([1, 0]);
    await page.evaluate(() => react.unmount());
  });

  test('where suppression cannot start the microphone goes out untouched, unless that is not wished', async () => {
    const result = await page.evaluate(async () => {
      const assets = { ...(await tools.assets()), model: '/none.safetensors' };
      react.render({ assets });
      const untouched = await react.until(({ state }) => state === 'untouched');
      const steps: unknown[] = [untouched.track === react.taken[0], (untouched.error as { code?: string }).code];
      react.render({ assets, fallback: false });
      const failed = await react.until(({ state }) => state === 'failed');
      steps.push(failed.track, (failed.error as { code?: string }).code, react.live());
      react.render({ assets: await tools.assets(), strenght: 1 } as never);
      const wrong = await react.until(({ error }) => /strenght/.test(error?.message ?? ''));
      steps.push(wrong.state, react.live());
      react.render({ assets: await tools.assets() });
      await react.until(({ state }) => state === 'running');
      steps.push(react.live());
      react.render(null);
      return steps;
    });
    expect(result).toEqual([true, 'asset-not-found', null, 'asset-not-found', 0, 'failed', 0, 1]);
    // The browser tells of the file that is not there.
    expect(errors.splice(0).every((text) => /404/.test(text))).toBe(true);
  });
});
