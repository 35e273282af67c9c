/** The demo and bench pages as npm start serves them, under the policy it sends, in Chromium with a microphone of ours. */
import { type ChildProcess, spawn } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync } from 'node:fs';
import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, expect } from 'vitest';
// @ts-expect-error no types
import { serveFolder } from '../../scripts/serve.mjs';
// @ts-expect-error no types
import { buildSite } from '../../scripts/site.mjs';
import { BUILD, launchChromium } from '../helpers/browser';
import { makeMicrophone, microphoneSwitches } from './microphone';

/** For one step: machines that run tests may have much else to do. */
const PATIENCE_MS = 90_000;

/** Each page of the site. */
export const PAGES = [
  '/',
  '/microphone/',
  '/call/',
  '/file/',
  '/compare/',
  '/article/',
  '/bench/',
  '/api/',
  '/api/percepnet-wasm.html',
];

export interface Opened {
  page: Page;
  /** What went wrong in it: errors, warnings, refused resources, requests to other hosts. */
  complaints: string[];
}

export interface Pages {
  readonly origin: string;
  readonly browser: Browser;
  /** The WAV file that the microphone plays. */
  readonly recording: string;
  open(
    path: string,
    options?: Parameters<Browser['newPage']>[0],
    prepare?: (page: Page) => Promise<void>,
  ): Promise<Opened>;
  /** Closes what tests that failed have left. */
  tidy(): Promise<void>;
  close(): Promise<void>;
}

/** The networks, or the small one of the unit tests when none is trained. */
function modelsFolder(): string {
  if (existsSync('models/lite/model.safetensors')) return 'models';
  mkdirSync('test-results/models/lite', { recursive: true });
  copyFileSync('test/golden/tiny.safetensors', 'test-results/models/lite/model.safetensors');
  return 'test-results/models';
}

interface Served {
  readonly origin: string;
  close(): void;
}

/** The pages with the library under test; PAGES_SITE is a folder that has them already. */
async function build(out: string): Promise<Served> {
  const { PAGES_SITE } = process.env;
  if (PAGES_SITE) return serveFolder(PAGES_SITE, { port: 0 });
  await buildSite({ out, library: BUILD, models: modelsFolder() });
  return serveFolder(out, { port: 0 });
}

/** Runs npm start's script on a free port. */
export function npmStart(out: string): Promise<Served> {
  const args = ['scripts/start.mjs', `--out=${out}`, `--models=${modelsFolder()}`];
  const server: ChildProcess = spawn(process.execPath, args, {
    env: { ...process.env, PORT: '0' },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  return new Promise((resolve, reject) => {
    let said = '';
    server.stdout?.setEncoding('utf8').on('data', (text: string) => {
      said += text;
      const [origin] = said.match(/http:\/\/localhost:\d+/) ?? [];
      if (origin && said.includes('Ctrl+C')) {
        const close = (): void => {
          server.removeAllListeners('exit');
          server.kill();
        };
        resolve({ origin, close });
      }
    });
    server.once('exit', (code) => reject(new Error(`npm start ended with ${code}: ${said}`)));
  });
}

/** Building takes its time on a busy machine. */
const BUILDING_MS = 300_000;

/** Those of the running file, which has called usePages() once. */
export let pages: Pages;

export function usePages(options?: Parameters<typeof openPages>[0]): void {
  beforeAll(async () => {
    pages = await openPages(options);
  }, BUILDING_MS);
  afterAll(() => pages?.close());
  // A test that failed leaves its page at work, which those after it would feel.
  afterEach(() => pages.tidy());
}

async function openPages({ site = build, switches = [] as string[], out = 'test-results/site' } = {}): Promise<Pages> {
  const { path: recording } = makeMicrophone();
  const server = await site(out);
  const { origin } = server;
  const browser = await launchChromium([...microphoneSwitches(recording), ...switches]);
  return {
    origin,
    browser,
    recording,
    async open(path, options, prepare) {
      const page = await browser.newPage(options);
      page.setDefaultTimeout(PATIENCE_MS);
      await prepare?.(page);
      const complaints: string[] = [];
      page.on('console', (message) => {
        if (['error', 'warning'].includes(message.type())) complaints.push(message.text());
      });
      page.on('pageerror', (error) => complaints.push(String(error)));
      page.on('requestfailed', (failed) => complaints.push(`${failed.url()} ${failed.failure()?.errorText}`));
      page.on('request', (sent) => {
        if (!sent.url().startsWith(origin) && !sent.url().startsWith('blob:'))
          complaints.push(`asked for ${sent.url()}`);
      });
      const response = await page.goto(origin + path);
      expect(response?.headers()['content-security-policy']).toContain("script-src 'self' 'wasm-unsafe-eval'");
      return { page, complaints };
    },
    async tidy() {
      for (const context of browser.contexts()) await context.close();
    },
    async close() {
      await browser.close();
      server.close();
    },
  };
}

/** Share of the pixels of a canvas in which a channel (0 red .. 3 alpha) is above a value. */
export async function painted(page: Page, id: string, channel = 0, above = 100): Promise<number> {
  return page.evaluate(
    ({ id, channel, above }) => {
      const canvas = document.getElementById(id) as HTMLCanvasElement;
      // A copy: reading the same canvas often makes Chromium warn.
      const copy = new OffscreenCanvas(canvas.width, canvas.height).getContext(
        '2d',
      ) as OffscreenCanvasRenderingContext2D;
      copy.drawImage(canvas, 0, 0);
      const { data } = copy.getImageData(0, 0, canvas.width, canvas.height);
      let count = 0;
      for (let i = channel; i < data.length; i += 4) if (data[i]! > above) count++;
      return count / (data.length / 4);
    },
    { id, channel, above },
  );
}
