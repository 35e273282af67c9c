/** Everything the library asks the network for, from loading to the end of a call, under the strictest policy it allows. */

import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { launchChromium, openPage, type Site, serve } from '../../helpers/browser';
import { record } from '../../helpers/kit';

let browser: Browser;
let site: Site;

beforeAll(async () => {
  site = await serve(
    {},
    {
      'content-security-policy':
        "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; connect-src 'self'; base-uri 'none'; form-action 'none'",
    },
  );
  browser = await launchChromium(['--use-fake-device-for-media-stream', '--use-fake-ui-for-media-stream']);
});

afterAll(async () => {
  await browser?.close();
  await site?.close();
});

describe('security', () => {
  test('a call asks for the package files, once, with GET, from their own origin, and leaves nothing behind', async (context) => {
    const requests: string[] = [];
    const page = await openPage(browser, site);
    page.on('request', (request) => requests.push(`${request.method()} ${request.url()}`));
    page.on('websocket', (socket) => requests.push(`WebSocket ${socket.url()}`));
    const left = await page.evaluate(async () => {
      const violations: string[] = [];
      document.addEventListener('securitypolicyviolation', (event) => violations.push(event.violatedDirective));
      const { suppressNoise, NoiseSuppressorNode, recommendedConstraints } = percepnet;
      // The default assets: what an app gets that names none.
      await NoiseSuppressorNode.preload();
      await NoiseSuppressorNode.checkSupport({ measure: true });
      for (let i = 0; i < 2; i++) {
        const stream = await navigator.mediaDevices.getUserMedia({ audio: recommendedConstraints() });
        const handle = await suppressNoise(stream.getAudioTracks()[0] as MediaStreamTrack, {
          fallback: false,
          timeoutMs: 60_000,
        });
        await new Promise((resolve) => setTimeout(resolve, 1000));
        await handle.node?.getStats();
        await handle.destroy();
        for (const track of stream.getTracks()) track.stop();
      }
      return {
        violations,
        storage: localStorage.length + sessionStorage.length,
        cookies: document.cookie,
        databases: (await indexedDB.databases()).length,
        caches: (await caches.keys()).length,
      };
    });
    await page.close();
    const foreign = requests.filter((request) => !request.startsWith(`GET ${site.origin}/dist/`));
    expect(foreign).toEqual([]);
    expect(left).toEqual({ violations: [], storage: 0, cookies: '', databases: 0, caches: 0 });
    const files = requests.map((request) => request.replace(`GET ${site.origin}/dist/`, ''));
    // Contexts load the worklet each for itself; the large files come once.
    const large = files.filter((name) => name !== 'worklet.js');
    expect(new Set(large).size).toBe(large.length);
    expect(large.some((name) => name.endsWith('.safetensors'))).toBe(true);
    record(
      context,
      `${files.length} requests, all GET of own files (${[...new Set(files)].join(', ')}); no storage, no cookie, no policy violation`,
    );
  });
});
