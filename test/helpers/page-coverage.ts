/** What the pages of a browser test run of the library, for `npm run coverage`: V8's counts, one file per page. */
import { mkdirSync, writeFileSync } from 'node:fs';
import type { Browser, Page } from 'playwright-core';

/** Folder for the counts. */
const FOLDER: string | undefined = process.env.PAGE_COVERAGE;
let files = 0;

/** The browser, whose pages leave their counts when they are closed. */
export function counted(browser: Browser): Browser {
  if (!FOLDER) return browser;
  mkdirSync(FOLDER, { recursive: true });
  const open = new Set<Page>();
  const finish = async (page: Page): Promise<void> => {
    if (!open.delete(page)) return;
    const scripts = await page.coverage.stopJSCoverage().catch(() => []);
    const ours = scripts.filter(({ url }) => /\/dist\/[^/]+\.js$/.test(url) && !url.endsWith('page.js'));
    writeFileSync(`${FOLDER}/${process.pid}-${files++}.json`, JSON.stringify(ours));
  };
  const newPage = browser.newPage.bind(browser);
  browser.newPage = async (options) => {
    const page = await newPage(options);
    await page.coverage.startJSCoverage({ resetOnNavigation: false });
    open.add(page);
    const close = page.close.bind(page);
    page.close = async (how) => {
      await finish(page);
      await close(how);
    };
    return page;
  };
  const close = browser.close.bind(browser);
  browser.close = async (how) => {
    await Promise.all([...open].map(finish));
    await close(how);
  };
  return browser;
}
