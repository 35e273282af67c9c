/** The README's first example, as it stands, in a page of a project that has the package. */
import { readFileSync } from 'node:fs';
import type { Browser } from 'playwright-core';
import { write } from './tarball';

export const EXAMPLE = /```js\n([\s\S]*?)```/.exec(readFileSync('README.md', 'utf8'))?.[1] ?? '';

/** What the page shows when all is well. */
export const WORKS = { state: 'running', error: 'null', track: 'live', errors: [] };

/** Writes the page: index.html and main.js. */
export function writeExample(folder: string): void {
  write(folder, {
    'index.html': '<!doctype html><script type="module" src="./main.js"></script>',
    'main.js': `${EXAMPLE}\nglobalThis.clean = clean;`,
  });
}

/** What came of it. The browser must have a microphone. */
export async function openExample(browser: Browser, address: string): Promise<object> {
  const page = await browser.newPage();
  const errors: string[] = [];
  page.on('pageerror', (error) => errors.push(String(error)));
  try {
    await page.goto(address);
    await page.waitForFunction(() => 'clean' in globalThis, null, { timeout: 120_000 });
    const result = await page.evaluate(() => {
      const { node, error, track } = (
        globalThis as unknown as { clean: { node: { state: string } | null; error: unknown; track: MediaStreamTrack } }
      ).clean;
      return { state: node?.state, error: String(error), track: track.readyState };
    });
    return { ...result, errors };
  } finally {
    await page.close();
  }
}
