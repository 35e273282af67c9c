/** A page that is hidden, and one that is frozen and comes back: the sound of its track goes on, with and without `keepAlive`. */
import puppeteer, { type Browser, type CDPSession, type Page } from 'puppeteer-core';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { findChromium, type Site, serve } from '../helpers/browser';
import { keepElements } from '../helpers/elements';

type Handle = Awaited<ReturnType<typeof percepnet.suppressNoise>>;
interface Kept {
  handle: Handle;
}

let browser: Browser;
let site: Site;
let page: Page;
let session: CDPSession;

beforeAll(async () => {
  site = await serve();
  // Not playwright: each page of its is told that it is in front.
  browser = await puppeteer.launch({
    executablePath: findChromium(),
    args: ['--no-sandbox', '--disable-gpu', '--autoplay-policy=document-user-activation-required'],
    timeout: 120_000,
    protocolTimeout: 120_000,
  });
});

afterAll(async () => {
  await browser?.close();
  await site?.close();
});

beforeEach(async () => {
  page = await browser.newPage();
  session = await page.createCDPSession();
  await page.evaluateOnNewDocument(keepElements);
  await page.goto(site.origin);
  await page.waitForFunction(() => 'tools' in globalThis);
  // A gesture, for the context.
  await page.mouse.click(5, 5);
});

afterEach(async () => {
  await page.close();
});

/** Another tab in front. */
async function hide(): Promise<Page> {
  const front = await browser.newPage();
  await front.bringToFront();
  await page.waitForFunction(() => document.visibilityState === 'hidden', { polling: 100 });
  return front;
}

const start = (keepAlive: boolean): Promise<void> =>
  page.evaluate(async (keepAlive) => {
    const assets = { model: '/test/golden/tiny.safetensors' };
    const handle = await percepnet.suppressNoise(tools.tone(), { assets, keepAlive, fallback: false });
    Object.assign(globalThis, { handle });
  }, keepAlive);

/** Frames and, of the elements, whether they play and the loudest sample in them, during so many milliseconds. */
const measure = (ms: number): Promise<{ frames: number; playing: boolean[]; peak: number }> =>
  page.evaluate(async (ms) => {
    const { handle } = globalThis as unknown as Kept;
    const count = async (): Promise<number> => (await handle.node!.getStats()).framesProcessed;
    const listening = new AudioContext();
    const ear = new AnalyserNode(listening, { fftSize: 8192 });
    for (const { srcObject } of elements) listening.createMediaStreamSource(srcObject as MediaStream).connect(ear);
    const before = await count();
    const times = elements.map(({ currentTime }) => currentTime);
    await tools.sleep(ms);
    const frames = (await count()) - before;
    const samples = new Float32Array(ear.fftSize);
    ear.getFloatTimeDomainData(samples);
    const playing = elements.map((element, i) => !element.paused && element.currentTime > times[i]);
    await listening.close();
    return { frames, playing, peak: Math.max(...samples.map(Math.abs)) };
  }, ms);

test.each([[false], [true]])(
  'keepAlive: %s, hidden: the sound goes on, and what is played is silence',
  async (keepAlive) => {
    await start(keepAlive);
    const front = await hide();
    const hidden = await measure(3000);
    await front.close();
    await page.bringToFront();
    // A busy machine renders late: half of what is due.
    expect(hidden.frames).toBeGreaterThan(150);
    expect(hidden).toMatchObject({ playing: keepAlive ? [true] : [], peak: 0 });
  },
);

test('frozen and back: the sound and the silence go on by themselves', async () => {
  await start(true);
  const front = await hide();
  await session.send('Page.setWebLifecycleState', { state: 'frozen' });
  await new Promise((resolve) => setTimeout(resolve, 1500));
  await session.send('Page.setWebLifecycleState', { state: 'active' });
  const hidden = await measure(2000);
  await front.close();
  expect(hidden.frames).toBeGreaterThan(100);
  expect(hidden.playing).toEqual([true]);
});

test('paused by the system it plays again when the page comes back, and no more once the track is stopped', async () => {
  await start(true);
  const front = await hide();
  await page.evaluate(() => elements[0].pause());
  await front.close();
  await page.bringToFront();
  await page.waitForFunction(() => !elements[0].paused, { polling: 100 });
  const after = await page.evaluate(() => {
    const { handle } = globalThis as unknown as Kept;
    handle.track.stop();
    document.dispatchEvent(new Event('visibilitychange'));
    return elements.map(({ paused, srcObject }) => [paused, srcObject]);
  });
  expect(after).toEqual([[true, null]]);
});
