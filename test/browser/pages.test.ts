/** The demo and bench pages as npm start serves them, under the policy it sends. */
import { type ChildProcess, spawn } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, readFileSync } from 'node:fs';
import { request } from 'node:http';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import wavefile from 'wavefile';
import { launchChromium } from './browser';
import { makeMicrophone, microphoneSwitches } from './microphone';

let server: ChildProcess;
let origin: string;
let browser: Browser;
let recording: string;

/** Runs npm start's script on a free port; with the small network of the unit tests when none is trained. */
async function start(): Promise<string> {
  const args = ['scripts/start.mjs', '--out=test-results/site'];
  if (!existsSync('models/lite/model.safetensors')) {
    mkdirSync('test-results/models/lite', { recursive: true });
    copyFileSync('test/golden/tiny.safetensors', 'test-results/models/lite/model.safetensors');
    args.push('--models=test-results/models');
  }
  server = spawn(process.execPath, args, { env: { ...process.env, PORT: '0' }, stdio: ['ignore', 'pipe', 'inherit'] });
  return new Promise((resolve, reject) => {
    let said = '';
    server.stdout?.setEncoding('utf8').on('data', (text: string) => {
      said += text;
      const [address] = said.match(/http:\/\/localhost:\d+/) ?? [];
      if (address && said.includes('Ctrl+C')) resolve(address);
    });
    server.once('exit', (code) => reject(new Error(`npm start ended with ${code}: ${said}`)));
  });
}

beforeAll(async () => {
  const microphone = makeMicrophone();
  recording = microphone.path;
  origin = await start();
  browser = await launchChromium(microphoneSwitches(microphone.path));
});

afterAll(async () => {
  await browser?.close();
  server?.removeAllListeners('exit');
  server?.kill();
});

/** A page, and what went wrong in it: errors, refused resources, requests to other hosts. */
async function open(path: string): Promise<{ page: Page; complaints: string[] }> {
  const page = await browser.newPage();
  const complaints: string[] = [];
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) complaints.push(message.text());
  });
  page.on('pageerror', (error) => complaints.push(String(error)));
  page.on('requestfailed', (failed) => complaints.push(`${failed.url()} ${failed.failure()?.errorText}`));
  page.on('request', (sent) => {
    if (!sent.url().startsWith(origin) && !sent.url().startsWith('blob:')) complaints.push(`asked for ${sent.url()}`);
  });
  const response = await page.goto(origin + path);
  expect(response?.headers()['content-security-policy']).toContain("script-src 'self' 'wasm-unsafe-eval'");
  return { page, complaints };
}

/** Status of a path sent as it is, without a browser tidying it up. */
function status(path: string, method = 'GET'): Promise<number> {
  return new Promise((resolve, reject) => {
    request(origin, { path, method }, (response) => {
      response.resume();
      resolve(response.statusCode ?? 0);
    })
      .on('error', reject)
      .end();
  });
}

test('the server gives only files of the site', async () => {
  expect(await status('/')).toBe(200);
  expect(await status('/microphone')).toBe(308);
  expect(await status('/nothing')).toBe(404);
  expect(await status('/', 'POST')).toBe(405);
  for (const path of [
    '/../package.json',
    '/..%2f..%2fpackage.json',
    '/%2e%2e/%2e%2e/package.json',
    '/microphone/..%5c..%5c..%5cpackage.json',
    '//etc/passwd',
    '/%00',
    '/%',
  ]) {
    expect(await status(path), path).toBe(404);
  }
});

test.each(['/', '/microphone/', '/bench/', '/bench/headless.html'])('%s loads without a complaint', async (path) => {
  const { page, complaints } = await open(path);
  await page.waitForLoadState('networkidle');
  expect(complaints).toEqual([]);
  expect(await page.locator('[role="alert"]:visible').count()).toBe(0);
  await page.close();
});

test('the microphone runs, is shown, changed and stopped', async () => {
  const { page, complaints } = await open('/microphone/');
  await page.click('#start');
  await page.waitForSelector('#state:text("Running")');
  await page.waitForFunction(() => /%/.test(document.getElementById('load')?.textContent ?? ''));
  // Something was painted: not all columns at the right are background.
  await page.waitForFunction(() => {
    const canvas = document.getElementById('before') as HTMLCanvasElement;
    const { data } = (canvas.getContext('2d') as CanvasRenderingContext2D).getImageData(
      canvas.width - 50,
      0,
      50,
      canvas.height,
    );
    return data.some((value, i) => i % 4 === 0 && value > 100);
  });
  expect(await page.textContent('#latency')).toMatch(/^\d\d\.\d ms$/);
  await page.check('#bypass');
  await page.waitForSelector('#state:text("Bypassed")');
  await page.uncheck('#bypass');
  await page.waitForSelector('#state:text("Running")');
  await page.fill('#strength', '40');
  expect(await page.textContent('#strength-value')).toBe('40 %');
  await page.selectOption('#range', '8000');
  await page.click('#start');
  await page.waitForSelector('#state:text("Stopped")');
  expect(complaints).toEqual([]);
  await page.close();
});

test('a microphone that is refused is explained', async () => {
  const { page } = await open('/microphone/');
  await page.evaluate(() => {
    navigator.mediaDevices.getUserMedia = () => Promise.reject(new DOMException('no', 'NotAllowedError'));
  });
  await page.click('#start');
  await page.waitForSelector('#live-problem:visible');
  expect(await page.textContent('#live-problem')).toContain('not allowed');
  expect(await page.textContent('#state')).toBe('Stopped');
  await page.close();
});

test('a dropped file is denoised, played on both sides and saved as WAV', async () => {
  const { page, complaints } = await open('/microphone/');
  const transfer = await page.evaluateHandle((base64) => {
    const data = new DataTransfer();
    const bytes = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
    data.items.add(new File([bytes], 'call.wav', { type: 'audio/wav' }));
    return data;
  }, readFileSync(recording).toString('base64'));
  await page.dispatchEvent('#drop', 'drop', { dataTransfer: transfer });
  await page.waitForSelector('#result:visible');
  await page.click('#play');
  await page.waitForFunction(() => Number((document.getElementById('position') as HTMLInputElement).value) > 0.3);
  await page.check('input[value="before"]', { force: true });
  await page.check('#loudness');
  await page.click('#play');
  const [download] = await Promise.all([page.waitForEvent('download'), page.click('#download')]);
  expect(download.suggestedFilename()).toBe('call-denoised.wav');
  const result = new wavefile.WaveFile(readFileSync(await download.path()));
  const input = new wavefile.WaveFile(readFileSync(recording));
  const length = (wav: wavefile.WaveFile): number => wav.getSamples(false, Int16Array).length;
  expect(result.fmt).toMatchObject({ sampleRate: 48000, numChannels: 1, bitsPerSample: 16 });
  expect(length(result)).toBe(length(input));
  expect(complaints).toEqual([]);
  await page.close();
});

test('the example is denoised', async () => {
  const { page, complaints } = await open('/microphone/');
  await page.click('#example');
  await page.waitForSelector('#result:visible');
  expect(await page.textContent('#position-value')).toBe('0:00 of 0:06');
  expect(complaints).toEqual([]);
  await page.close();
});

test('a file that is no audio is explained', async () => {
  const { page } = await open('/microphone/');
  await page.setInputFiles('#file', { name: 'notes.txt', mimeType: 'text/plain', buffer: Buffer.from('no audio') });
  await page.waitForSelector('#file-problem:visible');
  expect(await page.textContent('#file-problem')).toContain('cannot be decoded');
  await page.close();
});

test('a short bench run fills table, chart and JSON', async () => {
  const { page, complaints } = await open('/bench/');
  await page.selectOption('#seconds', '2');
  await page.selectOption('#rounds', '1');
  await page.click('#run');
  await page.waitForSelector('#state:text("Done")', { timeout: 100_000 });
  const names = await page.locator('#rows th').allTextContents();
  for (const name of [
    'Pass-through',
    'PercepNet lite, relaxed',
    'PercepNet lite, plain',
    'RNNoise 0.1',
    'RNNoise 0.2',
  ]) {
    expect(names.some((text) => text.startsWith(name))).toBe(true);
  }
  expect(await page.locator('#chart li').count()).toBe(names.length);
  expect(complaints).toEqual([]);
  await page.evaluate(() => {
    navigator.clipboard.writeText = async (text) => {
      document.title = text;
    };
  });
  await page.click('#copy');
  const { rows } = JSON.parse(await page.title());
  for (const row of rows) expect(row.workletUsPer10ms).toBeGreaterThan(0);
  await page.close();
});
