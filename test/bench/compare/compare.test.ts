/** The compare page: the versions are there, in step, equally loud and switched in place; the blind test tells what was preferred. */
import { mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { afterAll, expect, test } from 'vitest';
import { pages, painted, usePages } from '../../browser/pages';
import { chunk, format, riff } from '../../helpers/wav';

usePages();

const folder = mkdtempSync(join(tmpdir(), 'compare-'));
afterAll(() => rmSync(folder, { recursive: true }));

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

/** Samples of 16 bits; the voice is in the last channel alone. As a file, for what is longer than it holds is not written. */
function recordingOf(name: string, rate: number, channels: number, seconds: number): string {
  const bytes = seconds * rate * channels * 2;
  const samples = Buffer.alloc(Math.min(bytes, 10 * rate * channels * 2));
  for (let n = channels - 1; n < samples.length / 2; n += channels)
    samples.writeInt16LE(Math.round(4000 * Math.sin(n / 40) * Math.sin(n / 20_000)), 2 * n);
  const head = riff(format(1, channels, rate, 16), chunk('data', Buffer.alloc(0)));
  head.writeUInt32LE(head.length - 8 + bytes, 4);
  head.writeUInt32LE(bytes, head.length - 4);
  const path = join(folder, name);
  writeFileSync(path, Buffer.concat([head, samples]));
  truncateSync(path, head.length + bytes);
  return path;
}

test.each([
  { what: 'a second', rate: 48000, channels: 1, seconds: 1, shown: '0:01' },
  { what: 'a tenth of a second', rate: 16000, channels: 1, seconds: 0.1, shown: '0:00' },
  { what: 'stereo at 44.1 kHz, the voice on the right', rate: 44100, channels: 2, seconds: 5, shown: '0:05' },
  { what: 'half an hour of that', rate: 44100, channels: 2, seconds: 1800, shown: '0:30' },
])('a file of $what is compared, and judged', async ({ what, rate, channels, seconds, shown }) => {
  const { page, complaints } = await pages.open('/compare/');
  await page.setInputFiles('#file', recordingOf(`${what}.wav`, rate, channels, seconds));
  await ready(page);
  expect(await page.textContent('#position-value')).toBe(`0:00 of ${shown}`);
  await page.click('#begin');
  await page.click('#prefer-a');
  await page.click('#stop');
  await page.waitForSelector('#found:visible');
  expect(complaints).toEqual([]);
});

test('silence is refused with words', async () => {
  const { page, complaints } = await pages.open('/compare/');
  await page.setInputFiles('#file', {
    name: 'silence.wav',
    mimeType: 'audio/wav',
    buffer: riff(format(1, 1, 48000, 16), chunk('data', Buffer.alloc(96000))),
  });
  await page.waitForSelector('#problem strong:has-text("only silence")');
  expect(await page.textContent('#state')).toBe('Failed');
  expect(await page.isVisible('#progress')).toBe(false);
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
