/** The demo and bench pages as npm start serves them, under the policy it sends, in Chromium with a microphone of ours. */
import { type ChildProcess, spawn } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync } from 'node:fs';
import type { Browser, Page } from 'playwright-core';
import { expect } from 'vitest';
import { launchChromium } from '../helpers/browser';
import { makeMicrophone, microphoneSwitches } from './microphone';

/** For one step: machines that run tests may have much else to do. */
const PATIENCE_MS = 90_000;

/** Each page of the site. */
export const PAGES = [
  '/',
  '/microphone/',
  '/call/',
  '/file/',
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

/** Runs npm start's script on a free port; with the small network of the unit tests when none is trained. */
function start(out: string): Promise<{ server: ChildProcess; origin: string }> {
  const args = ['scripts/start.mjs', `--out=${out}`];
  if (!existsSync('models/lite/model.safetensors')) {
    mkdirSync('test-results/models/lite', { recursive: true });
    copyFileSync('test/golden/tiny.safetensors', 'test-results/models/lite/model.safetensors');
    args.push('--models=test-results/models');
  }
  const server = spawn(process.execPath, args, {
    env: { ...process.env, PORT: '0' },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  return new Promise((resolve, reject) => {
    let said = '';
    server.stdout?.setEncoding('utf8').on('data', (text: string) => {
      said += text;
      const [origin] = said.match(/http:\/\/localhost:\d+/) ?? [];
      if (origin && said.includes('Ctrl+C')) resolve({ server, origin });
    });
    server.once('exit', (code) => reject(new Error(`npm start ended with ${code}: ${said}`)));
  });
}

export async function openPages(out = 'test-results/site', switches: string[] = []): Promise<Pages> {
  const { path: recording } = makeMicrophone();
  const { server, origin } = await start(out);
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
      server.removeAllListeners('exit');
      server.kill();
    },
  };
}
