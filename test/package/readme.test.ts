/** A new user's first minutes: the tarball in an empty project, the first lines of the README, Vite, a microphone. */
import { readFileSync, rmSync } from 'node:fs';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { launchChromium } from '../browser/browser';
import { makeMicrophone, microphoneSwitches } from '../browser/microphone';
import { project, write } from './tarball';

let browser: Browser;
let folder: string;

beforeAll(async () => {
  browser = await launchChromium(microphoneSwitches(makeMicrophone().path));
  folder = project();
});

afterAll(async () => {
  await browser?.close();
  rmSync(folder, { recursive: true, force: true });
});

// Again when the machine was too busy to start within the default time limit.
test('the first example of the README, as it stands, in Vite', { retry: 2 }, async () => {
  const [, example = ''] = /```js\n([\s\S]*?)```/.exec(readFileSync('README.md', 'utf8')) ?? [];
  const lines = example.split('\n').filter((line) => /\S/.test(line) && !line.startsWith('//'));
  expect(lines.length).toBeLessThanOrEqual(10);
  expect(example).toContain('suppressNoise');
  write(folder, {
    'index.html': '<!doctype html><script type="module" src="./main.js"></script>',
    'main.js': `${example}\nglobalThis.clean = clean;`,
  });
  const { createServer } = await import('vite');
  const server = await createServer({ root: folder, configFile: false, logLevel: 'error', server: { port: 0 } });
  try {
    await server.listen();
    const page = await browser.newPage();
    const errors: string[] = [];
    page.on('pageerror', (error) => errors.push(String(error)));
    await page.goto(server.resolvedUrls?.local[0] ?? '');
    await page.waitForFunction(() => 'clean' in globalThis, null, { timeout: 120_000 });
    const result = await page.evaluate(() => {
      const { node, error, track } = (
        globalThis as unknown as { clean: { node: { state: string } | null; error: unknown; track: MediaStreamTrack } }
      ).clean;
      return { state: node?.state, error: String(error), track: track.readyState };
    });
    expect(errors).toEqual([]);
    expect(result).toEqual({ state: 'running', error: 'null', track: 'live' });
  } finally {
    await server.close();
  }
});
