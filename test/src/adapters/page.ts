/** Opens the test page with an adapter's bundle on it. */
import { build } from 'esbuild';
import type { Browser, Page } from 'playwright-core';
import { BUILD, openPage, type Site } from '../../helpers/browser';

/** Bundles test/src/adapters/NAME-page.ts with its SDK for the test server. */
export async function bundle(name: string): Promise<void> {
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

export async function openAdapter(browser: Browser, site: Site, name: string): Promise<Page> {
  const page = await openPage(browser, site);
  await page.addScriptTag({ url: `/dist/${name}-page.js`, type: 'module' });
  await page.waitForFunction((name) => name in globalThis, name);
  return page;
}
