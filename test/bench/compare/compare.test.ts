/** The compare page: the versions are there, in step, equally loud and switched in place; the blind test tells what was preferred. */
import type { Page } from 'playwright-core';
import { expect, test } from 'vitest';
import { pages, painted, usePages } from '../../browser/pages';

usePages();

const NAMES = ['input', 'rnnoise-0.1-simd', 'gtcrn', 'lite', 'full'];

async function ready(page: Page): Promise<void> {
  await page.waitForSelector('#state:text("Ready")');
  expect(await page.textContent('#problem')).toBe('');
  const names = await page.$$eval('input[name="version"]', (all) => all.map((one) => (one as HTMLInputElement).value));
  expect(names).toEqual(NAMES);
}

test('the example goes through each, is switched while it plays, and drawn', async () => {
  const { page, complaints } = await pages.open('/compare/');
  await page.click('#example');
  await ready(page);
  await page.waitForFunction(() => (document.getElementById('plot-full') as HTMLCanvasElement).width > 300);
  const [before, ...after] = await Promise.all(NAMES.map((name) => painted(page, `plot-${name}`)));
  for (const share of after) {
    expect(share).toBeGreaterThan(0.005);
    expect(share).toBeLessThan(before! * 0.8);
  }
  await page.click('#play');
  await page.waitForFunction(() => Number((document.getElementById('position') as HTMLInputElement).value) > 0.5);
  await page.focus('input[name="version"]:checked');
  const at = Number(await page.inputValue('#position'));
  for (const name of NAMES.slice(1)) {
    await page.keyboard.press('ArrowDown');
    expect(await page.isChecked(`input[value="${name}"]`)).toBe(true);
  }
  // It has played on.
  expect(Number(await page.inputValue('#position'))).toBeGreaterThanOrEqual(at);
  await page.click('#play');
  expect(complaints).toEqual([]);
});

test('a file of one is taken, and one of silence is refused with words', async () => {
  const { page, complaints } = await pages.open('/compare/');
  await page.setInputFiles('#file', pages.recording);
  await ready(page);
  expect(await page.textContent('#position-value')).toBe('0:00 of 0:10');
  const silence = Buffer.alloc(44 + 96000);
  Buffer.from('524946460000000057415645666d7420100000000100010080bb000000770100020010006461746100770100', 'hex').copy(
    silence,
  );
  await page.setInputFiles('#file', { name: 'silence.wav', mimeType: 'audio/wav', buffer: silence });
  await page.waitForSelector('#problem:has-text("only silence")');
  expect(complaints).toEqual([]);
});

test('the microphone is recorded, and compared', async () => {
  const { page, complaints } = await pages.open('/compare/');
  await page.click('#microphone');
  await page.waitForSelector('#state:text("Recording")');
  await page.waitForTimeout(5000);
  await page.click('#microphone');
  await ready(page);
  expect(complaints).toEqual([]);
});

test('the blind test hides names and pictures, is answered pair by pair, and says what was preferred', async () => {
  const { page, complaints } = await pages.open('/compare/');
  await page.click('#example');
  await ready(page);
  await page.uncheck('#matched');
  await page.click('#begin');
  const rounds = 6;
  for (let round = 1; round <= rounds; round++) {
    await page.waitForSelector(`#round:text-is("Pair ${round} of ${rounds}")`);
    expect(await page.isVisible('#versions')).toBe(false);
    expect(await page.locator('main :text("PercepNet"):visible').count()).toBe(0);
    // Equal loudness is no choice here.
    expect(await page.isDisabled('#matched')).toBe(true);
    await page.check('input[name="side"][value="b"]', { force: true });
    await page.click(round === rounds ? '#prefer-none' : '#prefer-b');
  }
  await page.waitForSelector('#found:visible');
  expect(await page.textContent('#preferred')).toMatch(/^You (preferred .+\.|liked .+ alike\.)$/);
  const standings = await page.locator('#standings li').allTextContents();
  expect(standings).toHaveLength(4);
  const points = standings.map((text) => Number.parseFloat(text.split(': ')[1]!));
  expect(points.reduce((sum, x) => sum + x, 0)).toBe(rounds);
  expect([...points].sort((a, b) => b - a)).toEqual(points);
  expect(await page.isVisible('#versions')).toBe(true);
  // Ended before the first answer, there is nothing to tell.
  await page.click('#begin');
  await page.click('#stop');
  expect(await page.isVisible('#found')).toBe(false);
  expect(complaints).toEqual([]);
});
