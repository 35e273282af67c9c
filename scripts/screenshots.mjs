/** npm run screenshots [-- NAME ...]: pictures of the pages for docs/pages.md, made by running them in headless Chromium. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { makeMicrophone, microphoneSwitches } from '../test/browser/microphone';
import { launchChromium } from '../test/helpers/browser';
import { serveFolder } from './serve.mjs';
import { buildSite } from './site.mjs';

const { values: options, positionals: names } = parseArgs({
  allowPositionals: true,
  options: { site: { type: 'string' }, out: { type: 'string', default: 'docs/images' } },
});
const site = options.site ?? 'build/pages';
if (!options.site) await buildSite({ out: site, log: console.log });

/** What to do on each page before its picture is taken, and how it looks. */
const SHOTS = {
  microphone: {
    scheme: 'light',
    height: 1130,
    async prepare(page) {
      await page.click('#start');
      await page.waitForSelector('#state:text("Running")');
      await page.waitForTimeout(15_000);
    },
  },
  call: {
    scheme: 'dark',
    height: 1420,
    async prepare(page) {
      await page.click('#start');
      await page.waitForSelector('#state:text("In a call")');
      await page.waitForTimeout(11_000);
      await page.check('#incoming');
      await page.waitForTimeout(6000);
    },
  },
  file: {
    scheme: 'light',
    height: 1130,
    async prepare(page) {
      await page.click('#example');
      await page.waitForSelector('#result:visible');
      await page.fill('#position', '2.4');
      await page.locator('#queue').scrollIntoViewIfNeeded();
    },
  },
  compare: {
    scheme: 'dark',
    height: 1180,
    async prepare(page) {
      await page.click('#example');
      await page.waitForSelector('#state:text("Ready")');
      await page.fill('#position', '2.4');
      await page.waitForTimeout(3000);
      await page.locator('#result').evaluate((result) => result.scrollIntoView());
    },
  },
  article: {
    scheme: 'dark',
    async prepare(page) {
      await page.waitForSelector('#state:text("Ready")');
      await page.check('input[value="comb"]');
    },
  },
  bench: {
    scheme: 'light',
    async prepare(page) {
      await page.selectOption('#seconds', '10');
      await page.click('#run');
      await page.waitForSelector('#copy:enabled');
    },
  },
};

const server = await serveFolder(site, { port: 0 });
const browser = await launchChromium(microphoneSwitches(makeMicrophone().path));
mkdirSync(options.out, { recursive: true });
for (const [name, { scheme, height = 1060, prepare }] of Object.entries(SHOTS)) {
  if (names.length > 0 && !names.includes(name)) continue;
  const page = await browser.newPage({ viewport: { width: 1040, height }, colorScheme: scheme });
  page.setDefaultTimeout(200_000);
  await page.goto(`${server.origin}/${name}/`);
  await prepare(page);
  const session = await page.context().newCDPSession(page);
  const { data } = await session.send('Page.captureScreenshot', { format: 'webp', quality: 82 });
  const bytes = Buffer.from(data, 'base64');
  writeFileSync(`${options.out}/${name}.webp`, bytes);
  console.log(`${options.out}/${name}.webp ${bytes.length} bytes`);
  await page.close();
}
await browser.close();
await server.close();
