/** The browsers the bench runs in: each opens a page, calls its functions, and reads the CPU time of its audio threads. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { chromium as playwright } from 'playwright-core';
import puppeteer from 'puppeteer-core';

export const CHROMIUM = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];
const FIREFOX = ['firefox-esr', 'firefox'];
export const PLACES = [
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
  'C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe',
];
/** Names of the threads that run the worklets of offline contexts; Linux cuts names at 15 characters. */
const AUDIO_THREADS = ['Offline AudioWo', 'OfflineAudioRen', 'WebAudioWorklet', 'OfflineAudioWor', 'AudioWorklet'];
/** A round with a large network may take longer than the drivers' default. */
const TIMEOUT_MS = 600_000;

export function find(variable, names, places = []) {
  const named = process.env[variable];
  if (named) {
    if (existsSync(named)) return named;
    throw new Error(`${variable} names ${named}, which is not there`);
  }
  const inPath = (process.env.PATH ?? '').split(delimiter).flatMap((folder) => names.map((name) => join(folder, name)));
  return [...inPath, ...places].find((path) => existsSync(path));
}

/** CPU nanoseconds by thread of the audio threads of these processes, or null where it cannot be had. */
function audioThreads(processes) {
  const times = new Map();
  for (const id of processes) {
    let tasks;
    try {
      tasks = readdirSync(`/proc/${id}/task`);
    } catch {
      continue;
    }
    for (const task of tasks) {
      try {
        const folder = `/proc/${id}/task/${task}`;
        const name = readFileSync(`${folder}/comm`, 'utf8');
        if (!AUDIO_THREADS.some((start) => name.startsWith(start))) continue;
        times.set(`${id}/${task}`, Number(readFileSync(`${folder}/schedstat`, 'utf8').split(' ')[0]));
      } catch {
        // A thread that has just ended.
      }
    }
  }
  return times.size > 0 ? times : null;
}

/** Ids of a process and all its descendants, where there is /proc. */
export function family(root) {
  const children = new Map();
  let entries;
  try {
    entries = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  } catch {
    return [];
  }
  for (const id of entries) {
    try {
      const parent = Number(
        readFileSync(`/proc/${id}/stat`, 'utf8')
          .replace(/^.*\) \S+ /, '')
          .split(' ')[0],
      );
      children.set(parent, [...(children.get(parent) ?? []), Number(id)]);
    } catch {
      // A process that has just ended.
    }
  }
  const found = [root];
  for (const id of found) found.push(...(children.get(id) ?? []));
  return found;
}

/**
 * @typedef {object} Engine
 * @property {string} name as in the reports: chromium or firefox
 * @property {string} version
 * @property {(name: string, ...args: unknown[]) => Promise<any>} call a function of the page's `bench`
 * @property {() => Promise<Map<string, number> | null>} threads CPU nanoseconds of the audio threads
 * @property {() => Promise<void>} close
 */

/** @returns {Promise<Engine | string>} the engine, or why there is none */
export async function openChromium(url, log) {
  const executablePath = find('CHROME_PATH', CHROMIUM, PLACES);
  if (!executablePath) return 'no Chromium found: install it (apt-get install chromium) or set CHROME_PATH';
  const browser = await playwright.launch({
    executablePath,
    args: ['--headless=new', '--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-background-networking'],
  });
  const session = await browser.newBrowserCDPSession();
  const page = await browser.newPage();
  page.setDefaultTimeout(TIMEOUT_MS);
  page.on('pageerror', (error) => log(String(error)));
  await page.goto(url);
  await page.waitForFunction(() => 'bench' in globalThis);
  return {
    name: 'chromium',
    version: browser.version(),
    call: (name, ...args) => page.evaluate(([name, args]) => globalThis.bench[name](...args), [name, args]),
    async threads() {
      const { processInfo } = await session.send('SystemInfo.getProcessInfo');
      return audioThreads(processInfo.filter(({ type }) => type === 'renderer').map(({ id }) => id));
    },
    close: () => browser.close(),
  };
}

/** @returns {Promise<Engine | string>} the engine, or why there is none */
export async function openFirefox(url, log) {
  const executablePath = find('FIREFOX_PATH', FIREFOX);
  if (!executablePath) return 'no Firefox found: install it (apt-get install firefox-esr) or set FIREFOX_PATH';
  const browser = await puppeteer.launch({
    browser: 'firefox',
    executablePath,
    headless: true,
    protocolTimeout: TIMEOUT_MS,
  });
  const page = await browser.newPage();
  page.on('pageerror', (error) => log(String(error)));
  await page.goto(url);
  await page.waitForFunction(() => 'bench' in globalThis);
  return {
    name: 'firefox',
    version: (await browser.version()).replace(/^\D*/, ''),
    call: (name, ...args) => page.evaluate((name, args) => globalThis.bench[name](...args), name, args),
    threads: async () => audioThreads(family(browser.process()?.pid ?? -1)),
    close: () => browser.close(),
  };
}
