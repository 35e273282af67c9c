/** The table of docs/limits.md: how much of each sound is left. */
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { denoise } from '../../src/entries/offline';
import { coreBytes, fixture, shippedModel } from '../helpers/kit';
import { uniform } from '../helpers/signals';

const RATE = 48_000;
const SECONDS = 8;
/** The first ones, in which the noise is learnt, do not count. */
const FROM = 2 * RATE;
const LENGTH = SECONDS * RATE;

const sound = (at: (t: number, n: number) => number): Float32Array<ArrayBuffer> =>
  Float32Array.from({ length: LENGTH }, (_, n) => at(n / RATE, n));
const sine = (f: number, t: number): number => Math.sin(2 * Math.PI * f * t);
/** A struck string: harmonics that die away, the higher the sooner. */
const string = (f: number, t: number): number =>
  [1, 2, 3, 4, 5, 6].reduce((sum, k) => sum + (sine(k * f, t) * Math.exp(-t * (1.5 + k))) / k, 0);
const LOW = [697, 770, 852, 941];
const HIGH = [1209, 1336, 1477];
const SCALE = [262, 330, 392, 523, 392, 330, 294, 247];

/** By the first cell of its row. */
const SOUNDS: Record<string, Float32Array> = {
  'speech, for comparison': fixture('speech').slice(0, LENGTH),
  'keys of a telephone (DTMF), 0.1 s each': sound((t) => {
    const key = Math.floor(t * 5);
    return (t * 5) % 1 < 0.5 ? 0.15 * (sine(LOW[key % 4]!, t) + sine(HIGH[key % 3]!, t)) : 0;
  }),
  'ringing tone, 425 Hz, 1 s of 5': sound((t) => (t % 5 < 1 || t % 5 > 4 ? 0.2 * sine(425, t) : 0)),
  'siren, 600 to 1200 Hz': sound((t) => 0.2 * Math.sin(2 * Math.PI * 900 * t - 300 * Math.cos(2 * Math.PI * t))),
  'music: a melody of struck strings': sound((t) => 0.2 * string(SCALE[Math.floor(t * 3) % 8]!, ((t * 3) % 1) / 3)),
  'music: held chords': sound((t) => {
    const root = SCALE[Math.floor(t / 2) % 8]!;
    return [1, 1.25, 1.5].reduce(
      (sum, ratio) => sum + 0.06 * (sine(root * ratio, t) + sine(2 * root * ratio, t) / 2),
      0,
    );
  }),
  'claps, two a second': (() => {
    const random = uniform(1);
    return sound((t) => (2 * random() - 1) * Math.exp(-((t * 2) % 1) * 60));
  })(),
  'white noise': (() => {
    const random = uniform(2);
    return sound(() => 0.2 * random() - 0.1);
  })(),
};

const rows = readFileSync('docs/limits.md', 'utf8')
  .split('\n')
  .filter((line) => line.startsWith('| '))
  .map((line) =>
    line
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );
const networks = (['lite', 'full'] as const).map((name) => ({ name, model: shippedModel(name) }));

test.each(Object.entries(SOUNDS))('%s', async (name, input) => {
  const [, ...written] = rows.find(([first]) => first === name) ?? [];
  const wasm = await coreBytes();
  const energy = (x: Float32Array): number => x.subarray(FROM).reduce((sum, v) => sum + v * v, 1e-12);
  const found: number[] = [];
  for (const { model } of networks) {
    const output = await denoise(input, {
      sampleRate: RATE,
      assets: { wasm, model: model as Uint8Array<ArrayBuffer> },
    });
    found.push(10 * Math.log10(energy(output) / energy(input)));
  }
  if (process.env.SHOW) console.log(`| ${name} | ${found.map((x) => `${x.toFixed(0)} dB`).join(' | ')} |`);
  for (const [k, decibels] of found.entries())
    expect(Math.abs(decibels - Number.parseFloat(written[k] ?? '')), `${networks[k]?.name}: ${decibels}`).toBeLessThan(
      3,
    );
});
