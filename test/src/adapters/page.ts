/** The test page with an adapter's bundle on it, beside a microphone that speaks. */
import { build } from 'esbuild';
import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach } from 'vitest';
import { makeMicrophone, microphoneSwitches } from '../../browser/microphone';
import { BUILD, launchChromium, openPage, type Site, serve } from '../../helpers/browser';

/** Of the running test, in a file that has called `openedWith`. */
export let page: Page;

/** Opens a page with the adapter for each test. */
export function openedWith(name: string): void {
  let browser: Browser;
  let site: Site;
  beforeAll(async () => {
    await bundle(name);
    site = await serve();
    browser = await launchChromium(microphoneSwitches(makeMicrophone().path));
  });
  afterAll(async () => {
    await browser?.close();
    await site?.close();
  });
  beforeEach(async () => {
    page = await openPage(browser, site);
    await page.addScriptTag({ url: `/dist/${name}-page.js`, type: 'module' });
    await page.waitForFunction((name) => name in globalThis, name);
  });
  afterEach(() => page.close());
}

/** Bundles test/src/adapters/NAME-page.ts with its SDK for the test server. */
async function bundle(name: string): Promise<void> {
  await build({
    entryPoints: [`test/src/adapters/${name}-page.ts`],
    bundle: true,
    format: 'esm',
    target: 'es2022',
    external: ['/dist/*'],
    // Some SDKs are written for bundlers that have this name of Node's.
    define: { global: 'globalThis' },
    outfile: `${BUILD}/${name}-page.js`,
    logLevel: 'error',
  });
}
