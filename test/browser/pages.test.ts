/** The demo and bench pages as npm start serves them, under the policy it sends. */
import { cpSync, existsSync, rmSync } from 'node:fs';
import { request } from 'node:http';
import { expect, test } from 'vitest';
import { serve } from '../helpers/browser';
import { npmStart, type Opened, PAGES, pages, painted, usePages } from './pages';

usePages({ site: npmStart });

const open = (path: string): Promise<Opened> => pages.open(path);

/** Status of a path sent as it is, without a browser tidying it up. */
function status(path: string, method = 'GET'): Promise<number> {
  return new Promise((resolve, reject) => {
    request(pages.origin, { path, method }, (response) => {
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

test.each([...PAGES, '/bench/headless.html'])('%s loads without a complaint', async (path) => {
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
  await page.waitForFunction(() => /^[1-9]\d* dB$/.test(document.getElementById('attenuation')?.textContent ?? ''));
  await page.check('#bypass');
  await page.waitForSelector('#state:text("Bypassed")');
  // What goes through untouched is taken down by nothing, and is heard no voice in.
  await page.waitForSelector('#attenuation:text-is("0 dB")', { timeout: 10_000 });
  expect(await page.textContent('#probability-value')).toBe('0 %');
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

test.each(PAGES)('%s fits a phone and is reached by keyboard alone', async (path) => {
  const { page } = await open(path);
  await page.setViewportSize({ width: 360, height: 740 });
  await page.waitForLoadState('networkidle');
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(360);
  // One radio button stands for its group: the arrow keys move inside it.
  const wanted = await page.evaluate(() => {
    const seen = new Set<string>();
    const controls = [...document.querySelectorAll<HTMLElement>('a[href], button, input, select')].filter(
      (control) => control.checkVisibility() && !(control as HTMLInputElement).disabled,
    );
    for (const [i, control] of controls.entries()) {
      control.dataset.tab = String(i);
      const { name, type } = control as HTMLInputElement;
      seen.add(type === 'radio' ? name : String(i));
    }
    return [...seen];
  });
  const reached = new Set<string>();
  for (let k = 0; k < wanted.length + 2; k++) {
    await page.keyboard.press('Tab');
    const at = await page.evaluate(() => {
      const control = document.activeElement as HTMLInputElement;
      // Radio buttons of a choice are drawn by the label beside them.
      const ring = [control, control.nextElementSibling].some((drawn) => {
        if (!drawn) return false;
        const { outlineStyle, outlineWidth } = getComputedStyle(drawn);
        return outlineStyle !== 'none' && Number.parseFloat(outlineWidth) >= 1;
      });
      return { key: control.type === 'radio' ? control.name : control.dataset.tab, ring };
    });
    if (at.key === undefined) continue;
    reached.add(at.key);
    expect(at.ring, at.key).toBe(true);
  }
  expect(wanted.filter((key) => !reached.has(key))).toEqual([]);
  await page.close();
});

test('a call carries the noise to the far end, and the suppressed track carries less; a switch there cleans what arrives', async () => {
  const { page, complaints } = await open('/call/');
  await page.click('#start');
  await page.waitForSelector('#state:text("In a call"), #problem:visible');
  expect(await page.textContent('#problem')).toBe('');
  // Medians over some seconds: words come and go, the noise stays.
  const medians = () =>
    page.evaluate(async () => {
      const levels: number[][] = [[], []];
      for (let k = 0; k < 40; k++) {
        for (const [i, side] of ['without', 'with'].entries()) {
          const text = document.getElementById(`level-${side}-value`)?.textContent ?? '';
          levels[i]!.push(text === 'silent' ? -120 : Number.parseFloat(text));
        }
        await new Promise((resolve) => setTimeout(resolve, 150));
      }
      return levels.map((list) => list.sort((a, b) => a - b)[20]!) as [number, number];
    });
  await page.waitForFunction(() => (document.getElementById('codec')?.textContent ?? '').includes('opus'));
  await page.waitForTimeout(2000);
  const rain = await medians();
  expect(rain[0]).toBeGreaterThan(-60);
  expect(rain[0] - rain[1]).toBeGreaterThan(8);
  expect(await painted(page, 'without')).toBeGreaterThan(0.02);
  expect(await page.textContent('#latency')).toMatch(/^\d\d\.\d ms$/);
  await page.check('input[name="heard"][value="without"]', { force: true });
  await page.fill('#strength', '0');
  await page.waitForTimeout(1500);
  const untouched = await medians();
  expect(Math.abs(untouched[0] - untouched[1])).toBeLessThan(5);
  // The far end's own: of what is sent as it is, too, by a node for each.
  await page.check('#incoming');
  await page.waitForFunction(() => /^2 nodes, \d/.test(document.getElementById('incoming-load')?.textContent ?? ''));
  await page.waitForTimeout(2000);
  const cleaned = await medians();
  expect(untouched[0] - cleaned[0]).toBeGreaterThan(8);
  expect(untouched[1] - cleaned[1]).toBeGreaterThan(8);
  await page.uncheck('#incoming');
  await page.waitForFunction(() => document.getElementById('incoming-load')?.textContent === '-');
  await page.waitForTimeout(2000);
  expect(Math.abs((await medians())[0] - untouched[0])).toBeLessThan(5);
  await page.check('input[name="voice"][value="microphone"]', { force: true });
  expect(await page.isChecked('#hear-nothing')).toBe(true);
  await page.check('input[name="noise"][value="keys"]', { force: true });
  await page.check('input[name="noise"][value="none"]', { force: true });
  await page.click('#start');
  await page.waitForSelector('#state:text("No call")');
  expect(complaints).toEqual([]);
  await page.close();
});

/** What a page does until it has a network running, and where it names it, if it does. */
const NETWORKED = [
  { path: '/microphone/', begin: '#start', done: '#state:text("Running")', named: '#versions' },
  { path: '/call/', begin: '#start', done: '#state:text("In a call")', named: '#network' },
  { path: '/file/', begin: '#example', done: '#state:text("Done")', named: '' },
  { path: '/article/', begin: '', done: '#state:text("Ready")', named: '' },
];

test.runIf(existsSync('models/full/model.safetensors')).each(NETWORKED)(
  '$path takes the other network while it works, and fetches it no sooner',
  async ({ path, begin, done, named }) => {
    const { page, complaints } = await open(path);
    const fetched: string[] = [];
    page.on('request', (request) => {
      const [name] = /model(-full)?\.safetensors$/.exec(request.url()) ?? [];
      if (name) fetched.push(name);
    });
    if (begin) await page.click(begin);
    await page.waitForSelector(done, { timeout: 100_000 });
    expect(fetched).not.toContain('model-full.safetensors');
    const other = page.waitForRequest(/model-full\.safetensors$/);
    await page.check('input[name="network"][value="full"]', { force: true });
    await other;
    await page.waitForSelector(done, { timeout: 100_000 });
    if (named) {
      await page.waitForFunction((id) => /^full \d/.test(document.querySelector(id)?.textContent ?? ''), named);
    }
    expect(complaints).toEqual([]);
    await page.close();
  },
);

test('the article climbs its ladder, and draws what the core says of bands, comb filter and pitch', async () => {
  const { page, complaints } = await open('/article/');
  await page.waitForSelector('#state:text("Ready")', { timeout: 100_000 });
  const score = async (step: string): Promise<number> =>
    Number.parseFloat((await page.textContent(`#score-${step}`)) ?? '');
  const scores = Object.fromEntries(
    await Promise.all(
      ['noisy', 'bins', 'bands', 'comb', 'postfilter', 'network'].map(async (step) => [step, await score(step)]),
    ),
  );
  // What docs/ladder.md found on other recordings.
  expect(scores.bins).toBeGreaterThan(scores.bands);
  expect(scores.comb).toBeGreaterThan(scores.bands);
  for (const step of ['bins', 'bands', 'comb', 'postfilter', 'network']) {
    expect(scores[step]).toBeGreaterThan(scores.noisy + 3);
  }
  for (const step of ['noisy', 'comb', 'network', 'clean'])
    expect(await painted(page, `rung-${step}`)).toBeGreaterThan(0);
  await page.click('#play');
  await page.check('input[value="network"]', { force: true });
  await page.waitForFunction(() => Number((document.getElementById('position') as HTMLInputElement).value) > 0.3);
  await page.click('#play');

  expect(await page.locator('#bands path.curve').count()).toBe(34);
  await page.fill('#band', '34');
  expect(await page.textContent('#band-value')).toContain('strongest at 20000 Hz');
  await page.fill('#band', '2');
  expect(await page.textContent('#band-value')).toBe('2: 0 to 200 Hz, strongest at 100 Hz');

  // Three periods of 160 samples (300 Hz) of past; 960 samples of future hold all three too.
  await page.fill('#pitch', '300');
  await page.waitForSelector('#taps:text("3 and 3")');
  // One of 800 (60 Hz) only.
  await page.fill('#pitch', '60');
  await page.waitForSelector('#taps:text("3 and 1")');
  expect(Number.parseFloat((await page.textContent('#passes')) ?? '')).toBeLessThan(-6);

  const noisy = await painted(page, 'track', 3, 0);
  await page.check('input[name="tracked"][value="clean"]', { force: true });
  expect(noisy).toBeGreaterThan(0);
  expect(await painted(page, 'track', 3, 0)).not.toBe(noisy);
  expect(complaints).toEqual([]);
  await page.close();
});

test.each(PAGES)('%s works at any path of any host', async (path) => {
  rmSync('test-results/host', { recursive: true, force: true });
  cpSync('test-results/site', 'test-results/host/some/where', { recursive: true });
  // A plain host: no headers of ours; the policy comes with each page.
  const host = await serve({}, {}, { some: 'test-results/host/some' });
  const page = await pages.browser.newPage();
  const complaints: string[] = [];
  page.on('console', (message) => message.type() === 'error' && complaints.push(message.text()));
  page.on('pageerror', (error) => complaints.push(String(error)));
  page.on('request', (sent) => {
    if (!sent.url().startsWith(`${host.origin}/some/where/`)) complaints.push(`asked for ${sent.url()}`);
  });
  page.on('response', (got) => got.ok() || complaints.push(`${got.url()} ${got.status()}`));
  await page.goto(`${host.origin}/some/where${path}`);
  await page.waitForLoadState('networkidle');
  expect(complaints, path).toEqual([]);
  const refused = await page.evaluate(
    () =>
      new Promise((resolve) => {
        document.addEventListener('securitypolicyviolation', ({ effectiveDirective }) => resolve(effectiveDirective));
        fetch('http://127.0.0.1:9/').catch(() => setTimeout(resolve, 1000, 'nothing refused'));
      }),
  );
  expect(refused).toBe('connect-src');
  await page.close();
  await host.close();
});

test('the reference leads from a name to what is said of it', async () => {
  const { page, complaints } = await open('/api/');
  await page.click('a:text-is("suppressNoise")');
  await page.waitForURL(/\/api\/percepnet-wasm\.html#suppressnoise$/);
  expect(await page.textContent(':target')).toBe('suppressNoise');
  const dead = await page.$$eval('main a[href]', (links) =>
    (links as HTMLAnchorElement[])
      .filter(({ hash, pathname }) => pathname === location.pathname && hash && !document.getElementById(hash.slice(1)))
      .map(({ href }) => href),
  );
  expect(dead).toEqual([]);
  expect(complaints).toEqual([]);
  await page.close();
});
