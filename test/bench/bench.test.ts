/** The bench page: what it says beforehand, while it runs and after it; and that it can be ended. */
import { readFileSync } from 'node:fs';
import type { Page } from 'playwright-core';
import { expect, test } from 'vitest';
import { pages, usePages } from '../browser/pages';

/** A cancelled run ends, on a busy machine. Whole steps take longer than that. */
const WITHIN_MS = 3000;

usePages();

/** What is copied, or shown where the clipboard is refused. */
async function copied(page: Page, button: string): Promise<string> {
  await page.evaluate(() => {
    navigator.clipboard.writeText = async (text) => {
      document.body.dataset.copied = text;
    };
  });
  await page.click(button);
  return page.evaluate(() => document.body.dataset.copied ?? '');
}

test('a short bench run fills table, chart and JSON', async () => {
  const { page, complaints } = await pages.open('/bench/');
  await page.selectOption('#seconds', '2');
  await page.selectOption('#rounds', '1');
  await page.waitForSelector('#time:text("Takes about")');
  await page.click('#run');
  await page.waitForSelector('#time:text("left")');
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
  const { rows } = JSON.parse(await copied(page, '#copy'));
  for (const row of rows) {
    expect(row.usPer10ms).toBeGreaterThan(0);
    // A callback of the pass-through is shorter than the clock's step.
    if (row.name === 'pass-through') expect(row.peakCallbackUs).toBeGreaterThanOrEqual(0);
    else expect(row.peakCallbackUs).toBeGreaterThan(0);
  }
  const [download] = await Promise.all([page.waitForEvent('download'), page.click('#save')]);
  expect(download.suggestedFilename()).toBe('percepnet-bench.json');
  expect(JSON.parse(readFileSync(await download.path(), 'utf8')).rows).toEqual(rows);
  const text = await copied(page, '#copy-text');
  for (const { usPer10ms } of rows) expect(text).toContain(` ${usPer10ms.toFixed(0)} µs`);
  expect(text).toMatch(/\n2 s of audio, \d{4}-\d\d-\d\d, \d+ cores, Mozilla/);
  await page.close();
});

test('says beforehand how long it takes, by what is chosen', async () => {
  const { page } = await pages.open('/bench/');
  const told = async (): Promise<number> => {
    await page.waitForSelector('#time:text("Takes about")');
    const [, minutes = 0, seconds = 0] =
      /about (?:(\d+) min)? ?(?:(\d+) s)?/.exec((await page.textContent('#time')) ?? '') ?? [];
    return Number(minutes) * 60 + Number(seconds);
  };
  const usual = await told();
  expect(usual).toBeGreaterThan(45);
  await page.selectOption('#rounds', '5');
  expect(await told()).toBeGreaterThan(usual);
  await page.uncheck('#peers');
  expect(await told()).toBeLessThan(usual);
  await page.check('#live');
  await page.selectOption('#seconds', '2');
  await page.selectOption('#rounds', '1');
  expect(await told()).toBeGreaterThan(40);
});

test.each([
  ['callbacks', 'callbacks'],
  ['a round', 'Round 1 of 3'],
])('is cancelled at once during %s, keeps what it has, and runs again', async (_, during) => {
  const { page, complaints } = await pages.open('/bench/');
  // Of the longest: a minute of audio, which takes seconds of each subject.
  await page.selectOption('#seconds', during === 'callbacks' ? '60' : '2');
  await page.click('#run');
  await page.waitForSelector(`#state:text("${during}")`);
  if (during !== 'callbacks') await page.waitForSelector('#chart li');
  expect(await page.isDisabled('#copy-text')).toBe(true);
  const began = Date.now();
  await page.click('#cancel');
  await page.waitForSelector('#state:text("Cancelled")');
  expect(Date.now() - began).toBeLessThan(WITHIN_MS);
  if (during === 'callbacks') {
    expect(await page.isDisabled('#copy-text')).toBe(true);
  } else {
    expect(await copied(page, '#copy-text')).toContain('(run cancelled)');
    expect(JSON.parse(await copied(page, '#copy'))).toMatchObject({ complete: false, seconds: 2 });
  }
  await page.uncheck('#peers');
  await page.selectOption('#seconds', '2');
  await page.selectOption('#rounds', '1');
  await page.click('#run');
  await page.waitForSelector('#state:text("Done")');
  expect(await page.locator('#chart li').count()).toBe(5);
  expect(complaints).toEqual([]);
});
