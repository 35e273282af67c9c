/** What is said of how far the work is. */
import { expect, it, test } from 'vitest';
import { duration, Progress, pace } from '../../../src/files/progress';

it('progress weighs files by their bytes and foretells the end', () => {
  let line = '';
  const clock = performance.now;
  let now = 0;
  performance.now = () => now;
  try {
    const progress = new Progress((text) => (line = text), '', [100, 300]);
    now = 10_000;
    progress.show(0, 1);
    expect(line).toContain('0 of 2 files  [########......................] 25 %, 30.0 s left');
    progress.end(0);
    now = 20_000;
    progress.show(1, 1 / 3);
    expect(line).toContain('1 of 2 files  [###############...............] 50 %, 20.0 s left');
  } finally {
    performance.now = clock;
  }
});

it('a line is drawn ten times a second at most, cleared where one was drawn, and not without a place for it', () => {
  const clock = performance.now;
  let now = 1000;
  performance.now = () => now;
  try {
    const lines: string[] = [];
    const progress = new Progress((text) => lines.push(text), 'a.wav', [1]);
    progress.show(0, 0.5);
    now += 99;
    progress.show(0, 0.6);
    now += 1;
    progress.show(0, 0.75);
    expect(lines.map((line) => /\d+ %/.exec(line)?.[0])).toEqual(['50 %', '75 %']);
    expect(lines[0]).toContain('a.wav  [');
    progress.end(0);
    expect(lines.at(-1)).toBe('\r\x1b[K');

    const silent = new Progress(null, 'a.wav', [1]);
    silent.show(0, 0.5);
    silent.end(0);
    expect(lines).toHaveLength(3);
  } finally {
    performance.now = clock;
  }
});

test.each([
  [0, '0.00 s'],
  [9.994, '9.99 s'],
  [10, '10.0 s'],
  [59.9, '59.9 s'],
  [60, '1:00'],
  [61.4, '1:01'],
  [3599.6, '1:00:00'],
  [3661, '1:01:01'],
  [36_000, '10:00:00'],
])('%f seconds are said as %s', (seconds, text) => {
  expect(duration(seconds)).toBe(text);
});

test.each([
  [60, 2, '1:00 in 2.00 s, 30 x real time'],
  [1, 0, '1.00 s in 0.00 s, 1000 x real time'],
])('%f seconds in %f: %s', (seconds, spent, text) => {
  expect(pace(seconds, spent)).toBe(text);
});
