/** A new user's first minutes: the tarball in an empty project, the first lines of the README, Vite, a microphone. */
import { rmSync } from 'node:fs';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { launchChromium } from '../browser/browser';
import { makeMicrophone, microphoneSwitches } from '../browser/microphone';
import { EXAMPLE, openExample, WORKS, writeExample } from './example';
import { project } from './tarball';

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
  const lines = EXAMPLE.split('\n').filter((line) => /\S/.test(line) && !line.startsWith('//'));
  expect(lines.length).toBeLessThanOrEqual(10);
  expect(EXAMPLE).toContain('suppressNoise');
  writeExample(folder);
  const { createServer } = await import('vite');
  const server = await createServer({ root: folder, configFile: false, logLevel: 'error', server: { port: 0 } });
  try {
    await server.listen();
    expect(await openExample(browser, server.resolvedUrls?.local[0] ?? '')).toEqual(WORKS);
  } finally {
    await server.close();
  }
});
