import { expect, test } from 'vitest';
import { type Choices, Plan, spoken, stepsOf } from '../../bench/plan';
import { asText, type Row } from '../../bench/report';
import type { Subject } from '../../bench/subjects';

const subject = (name: string, kind: Subject['kind'] = 'peer'): Subject => ({
  id: name,
  name,
  label: name,
  package: `${name} 1.0.0`,
  build: null,
  kind,
  firstUseGzipBytes: 1000,
  worklet: '',
});
const ours = subject('lite', 'percepnet');
const subjects = [subject('pass-through', 'pass-through'), ours, subject('gtcrn')];
const choices: Choices = { seconds: 10, rounds: 2, live: 10 };

test('subjects take turns in each round; only ours run live', () => {
  const names = stepsOf(subjects, choices).map(({ kind, subject, round }) => `${kind} ${round} ${subject.name}`);
  expect(names).toEqual([
    ...['pass-through', 'lite', 'gtcrn'].map((name) => `callbacks 1 ${name}`),
    ...['pass-through', 'lite', 'gtcrn'].map((name) => `round 1 ${name}`),
    ...['pass-through', 'lite', 'gtcrn'].map((name) => `round 2 ${name}`),
    'live 1 lite',
  ]);
  expect(stepsOf(subjects, { ...choices, live: 0 }).some(({ kind }) => kind === 'live')).toBe(false);
});

test('the guess follows what is to be done, and how slow this computer was the last time', () => {
  const usual = new Plan(subjects, { ...choices, live: 0 }).left();
  expect(new Plan(subjects, { ...choices, live: 0, rounds: 4 }).left()).toBeGreaterThan(1.5 * usual);
  expect(new Plan(subjects, { ...choices, live: 0, seconds: 60 }).left()).toBeGreaterThan(1.5 * usual);
  expect(new Plan(subjects, { ...choices, live: 0 }, 3).left()).toBeCloseTo(3 * usual, 6);
  // Ten seconds are ten seconds on any computer.
  expect(new Plan(subjects, choices, 3).left() - 3 * usual).toBeCloseTo(10.5, 6);
});

test('the time left is right from the second round on, and on the way to it on a computer that is as much slower throughout', () => {
  const plan = new Plan(subjects, { ...choices, live: 0 });
  const whole = plan.left();
  const taken = (index: number): number => [3, 3, 3, 1, 2, 6, 1, 2, 6][index]!;
  for (let i = 0; i < 6; i++) plan.done(taken(i));
  expect(plan.left()).toBeCloseTo(9, 6);
  expect(plan.left(0.4)).toBeCloseTo(8.6, 6);
  // One that hangs longer than it did is nearly over, and never makes the rest negative.
  expect(plan.left(100)).toBeCloseTo(8, 6);
  expect(plan.fraction()).toBeCloseTo(18 / 27, 6);
  for (let i = 6; i < 9; i++) plan.done(taken(i));
  expect(plan.left()).toBe(0);
  expect(plan.fraction()).toBe(1);

  const slow = new Plan(subjects, { ...choices, live: 0 });
  const guessed = whole - slow.left(1e9);
  slow.done(2 * guessed);
  expect(slow.pace).toBeCloseTo(2, 6);
  expect(slow.left()).toBeCloseTo(2 * (whole - guessed), 6);
});

test.each([
  [0.2, '1 s'],
  [7.4, '7 s'],
  [41, '40 s'],
  [60, '1 min'],
  [104, '1 min 45 s'],
  [299, '5 min'],
])('%d s are said as %s', (seconds, text) => expect(spoken(seconds)).toBe(text));

test('the text has its columns under one another, and leaves out what was not measured', () => {
  const driven = {
    usPer10ms: 9,
    peakCallbackUs: 40,
    peakCallbackColdUs: 50,
    wasmMemoryBytes: 2 ** 20,
    firstFrameMs: 1,
  };
  const rows: Row[] = [
    { subject: ours, rounds: [90], worklet: 90, driven },
    { subject: subject('a longer name'), rounds: [1234], worklet: 1234, driven },
    { subject: subject('never'), rounds: [] },
  ];
  const where = { date: '2026-01-02T03:04:05Z', userAgent: 'Browser/1', cores: 2, seconds: 10, complete: false };
  expect(asText(rows, where).split('\n')).toEqual([
    'Noise suppression, CPU time of the whole worklet (run cancelled)',
    '               per 10 ms  of a core  busiest  first use',
    'lite               90 µs     0.90 %    40 µs     1.0 kB',
    'a longer name    1234 µs    12.34 %    40 µs     1.0 kB',
    '10 s of audio, 2026-01-02, 2 cores, Browser/1',
    'lite 1.0.0, a longer name 1.0.0, never 1.0.0',
  ]);
});
