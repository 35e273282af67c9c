/** Every page, as it is met: by keyboard, by screen reader, dark and light, narrow and wide, on slow lines, in browsers that lack something. */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import axe from 'axe-core';
import type { Browser, Page } from 'playwright-core';
import { expect, test } from 'vitest';
import { launchChromium } from '../helpers/browser';
import { PAGES, pages, usePages } from './pages';

usePages();

/** What is done on a page until it shows all that it has. */
const LIVED: Record<string, (page: Page) => Promise<unknown>> = {
  '/microphone/': async (page) => {
    await page.click('#start');
    await page.waitForSelector('#state:text("Running")');
  },
  '/call/': async (page) => {
    await page.click('#start');
    await page.waitForSelector('#state:text("In a call")');
  },
  '/file/': async (page) => {
    await page.click('#example');
    await page.waitForSelector('#state:text("Done")');
  },
  '/compare/': async (page) => {
    await page.click('#example');
    await page.waitForSelector('#state:text("Ready")');
  },
  '/article/': (page) => page.waitForSelector('#state:text("Ready")'),
  '/bench/': async (page) => {
    await page.selectOption('#seconds', '2');
    await page.selectOption('#rounds', '1');
    await page.uncheck('#peers');
    await page.click('#run');
    await page.waitForSelector('#state:text("Done")');
  },
};

interface Found {
  id: string;
  nodes: string[];
}

async function accessibility(page: Page): Promise<Found[]> {
  await page.evaluate(axe.source);
  return page.evaluate(async () => {
    const { violations } = await (globalThis as unknown as { axe: typeof axe }).axe.run();
    return violations.map(({ id, nodes }) => ({ id, nodes: nodes.map(({ html }) => html.slice(0, 120)) }));
  });
}

/** Elements that reach beyond the right edge, but for what scrolls in a box of its own. */
function outside(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    const wide =
      document.documentElement.scrollWidth > innerWidth ? [`scrolls to ${document.documentElement.scrollWidth}`] : [];
    const beyond = [...document.querySelectorAll<HTMLElement>('main *')].filter(
      (one) =>
        one.checkVisibility() &&
        !one.closest('.scroll, pre, textarea, .skip, .chart-area') &&
        one.getBoundingClientRect().right > innerWidth + 1,
    );
    return [...wide, ...beyond.map(({ outerHTML }) => outerHTML.slice(0, 100))];
  });
}

/** What tells something by its background alone, and has that of the page. */
function hiddenByForcedColors(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    const canvas = getComputedStyle(document.body).backgroundColor;
    const telling = document.querySelectorAll('.choice input:checked + span, .meter i, .chart .track i, .plot .cursor');
    return [...telling]
      .filter((one) => one.checkVisibility())
      .filter((one) => [canvas, 'rgba(0, 0, 0, 0)'].includes(getComputedStyle(one).backgroundColor))
      .map(({ outerHTML }) => outerHTML.slice(0, 100));
  });
}

test.each(PAGES)('%s: names for screen readers, contrast, and nothing sticks out from 360 to 2560 px', async (path) => {
  const { page, complaints } = await pages.open(path, { colorScheme: 'light' });
  await LIVED[path]?.(page);
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme });
    expect(await accessibility(page), colorScheme).toEqual([]);
  }
  await page.emulateMedia({ forcedColors: 'active' });
  expect(await hiddenByForcedColors(page)).toEqual([]);
  await page.emulateMedia({ forcedColors: 'none' });
  for (const width of [360, 600, 900, 1440, 2560]) {
    await page.setViewportSize({ width, height: 900 });
    expect(await outside(page), `${width} px`).toEqual([]);
  }
  expect(complaints).toEqual([]);
});

test('those who want less motion see spectrograms that stand still', async () => {
  const { page } = await pages.open('/microphone/', { reducedMotion: 'reduce' });
  await page.click('#start');
  await page.waitForSelector('#state:text("Running")');
  const column = (x: number) =>
    page.evaluate((x) => {
      const canvas = document.getElementById('before') as HTMLCanvasElement;
      const copy = new OffscreenCanvas(1, canvas.height).getContext('2d') as OffscreenCanvasRenderingContext2D;
      copy.drawImage(canvas, -x, 0);
      return [...copy.getImageData(0, 0, 1, canvas.height).data].join();
    }, x);
  const dark = await column(600);
  await expect.poll(() => column(20), { timeout: 20_000 }).not.toBe(dark);
  const early = await column(20);
  await page.waitForTimeout(1000);
  expect(await column(20)).toBe(early);
  await page.close();
});

const MICROPHONES = [
  { path: '/microphone/', begin: '#start', problem: '#live-problem' },
  { path: '/call/', begin: '#start', problem: '#problem' },
  { path: '/compare/', begin: '#microphone', problem: '#problem' },
];

test.each(
  MICROPHONES.flatMap((one) => [
    { ...one, name: 'NotAllowedError', words: 'not allowed' },
    { ...one, name: 'NotFoundError', words: 'No microphone was found' },
    { ...one, name: 'NotReadableError', words: 'cannot be opened' },
  ]),
)('$path explains $name, and can be tried again', async ({ path, begin, problem, name, words }) => {
  const { page, complaints } = await pages.open(path);
  await page.evaluate((name) => {
    navigator.mediaDevices.getUserMedia = () => Promise.reject(new DOMException('no', name));
  }, name);
  if (path === '/call/') await page.check('input[name="voice"][value="microphone"]', { force: true });
  await page.click(begin);
  await page.waitForSelector(`${problem}:visible`);
  expect(await page.textContent(problem)).toContain(words);
  expect(await page.isEnabled(begin)).toBe(true);
  expect(await page.textContent('#state')).not.toMatch(/Running|In a call|Recording/);
  expect(complaints).toEqual([]);
});

test('who could hear themselves is told to use headphones', async () => {
  const { page: microphone } = await pages.open('/microphone/');
  expect(await microphone.isVisible('main :text("Use headphones")')).toBe(true);
  expect(await microphone.isChecked('#listen')).toBe(false);
  const { page: call } = await pages.open('/call/');
  expect(await call.isVisible('#howl')).toBe(false);
  await call.check('input[name="voice"][value="microphone"]', { force: true });
  await call.waitForSelector('#howl:visible');
  // And the far end is silent until asked for.
  expect(await call.isChecked('#hear-nothing')).toBe(true);
});

/** The site on a line of 1.6 Mb/s, as far as networks are concerned. */
async function slowLine(): Promise<{ server: Server; origin: string }> {
  const server = createServer(async (request, response) => {
    const { status, headers, body } = await fetch(pages.origin + request.url);
    response.writeHead(status, Object.fromEntries(headers));
    const slow = request.url?.endsWith('.safetensors');
    for await (const chunk of body ?? []) {
      for (let at = 0; at < chunk.length; at += 20_000) {
        response.write(chunk.subarray(at, at + 20_000));
        if (slow) await new Promise((resolve) => setTimeout(resolve, 100));
      }
    }
    response.end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { server, origin: `http://localhost:${(server.address() as AddressInfo).port}` };
}

test.each(['/microphone/', '/call/', '/file/', '/compare/', '/article/'])(
  '%s on a slow line shows how much of the network has come',
  async (path) => {
    const { server, origin } = await slowLine();
    const page = await pages.browser.newPage();
    page.setDefaultTimeout(60_000);
    try {
      await page.goto(origin + path);
      const lived = LIVED[path]!(page);
      await page.waitForSelector('#loading:visible');
      const shares: number[] = [];
      while (await page.isVisible('#loading')) {
        shares.push(await page.locator('#loading progress').evaluate((bar) => (bar as HTMLProgressElement).position));
        await page.waitForTimeout(200);
      }
      expect(new Set(shares).size).toBeGreaterThan(3);
      expect(shares.every((share) => share > 0 && share <= 1)).toBe(true);
      await lived;
      expect(await page.isVisible('#loading')).toBe(false);
    } finally {
      await page.close();
      server.closeAllConnections();
      server.close();
    }
  },
);

test.each([
  {
    lacks: 'WebAssembly SIMD',
    flags: '--js-flags=--no-enable-sse4-1 --no-enable-ssse3',
    words: 'no WebAssembly SIMD: update',
  },
  { lacks: 'WebAssembly', flags: '--js-flags=--jitless', words: 'WebAssembly is switched off or missing' },
])('a browser without $lacks is told so on each page, in words', async ({ flags, words }) => {
  const browser: Browser = await launchChromium([flags]);
  try {
    for (const path of ['/', ...Object.keys(LIVED)]) {
      const page = await browser.newPage();
      const errors: string[] = [];
      page.on('pageerror', (error) => errors.push(String(error)));
      await page.goto(pages.origin + path);
      await page.waitForSelector('[role="alert"]:visible');
      expect(await page.textContent('[role="alert"]:visible'), path).toContain(words);
      expect(errors, path).toEqual([]);
      await page.close();
    }
  } finally {
    await browser.close();
  }
});
