/**
 * How soon a recording that is entered in its middle sounds as if it had been heard from its start: node bench/settling.mjs [--clips=FOLDER]
 * Wants a build (npm run build). Of the difference to the whole: decibels against it, by the seconds heard before. It is what one recording in parts on
 * several cores is off by.
 *
 * Without --clips: voice in changing noise, entered once, seconds 5 to 25 from there. With a folder of noisy clips (48 kHz, mono, 16-bit WAV; `python -m
 * evaluation outside` makes one): every other one in a row, entered at seven places, the worst of them in the first 5 s and the first 40 s.
 */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { coreSizes } from '../scripts/core-shape.mjs';
import { fixture, samplesOf } from '../scripts/fixture.mjs';

const { SAMPLE_RATE: RATE, FRAME } = coreSizes();

const { values } = parseArgs({ options: { clips: { type: 'string' } } });
const { denoise } = await import('../dist/offline.js');
await import('../dist/full.js');

let seed = 1;
const random = () => {
  seed = (Math.imul(seed, 1664525) + 1013904223) | 0;
  return seed / 2 ** 31;
};

/** Voice and noise each rise and fall, so that no second is the one before. */
function changing(seconds) {
  const [voice, noise] = ['speech', 'noise'].map(fixture);
  return Float32Array.from({ length: seconds * RATE }, (_, n) => {
    const level = 10 ** ((-20 + 14 * Math.sin(n / RATE / 9)) / 20);
    const near = 0.4 + 0.5 * Math.sin(n / RATE / 7) ** 2;
    return voice[n % voice.length] * near + noise[n % noise.length] * level + 0.002 * random();
  });
}

/** All sorts of noise and levels one after the other. */
function inARow(folder) {
  const names = readdirSync(folder).filter((name) => name.endsWith('.wav'));
  const some = names.sort().filter((_, i) => i % 2 === 0);
  const order = new Map(some.map((name) => [name, random()]));
  const clips = some.sort((a, b) => order.get(a) - order.get(b)).map((name) => samplesOf(join(folder, name)));
  const sound = new Float32Array(clips.reduce((sum, clip) => sum + clip.length, 0));
  let at = 0;
  for (const clip of clips) {
    sound.set(clip, at);
    at += clip.length;
  }
  return sound;
}

function decibels(heard, whole, first, end) {
  let [error, energy] = [0, 0];
  for (let n = first * RATE; n < end * RATE; n++) {
    error += (heard[n] - whole[n]) ** 2;
    energy += whole[n] ** 2;
  }
  return 10 * Math.log10(error / energy);
}

const sound = values.clips ? inARow(values.clips) : changing(80);
const eighths = [1, 2, 3, 4, 5, 6, 7].map((k) => Math.floor((k * sound.length) / 8 / FRAME) * FRAME);
const places = values.clips ? eighths : [50 * RATE];
const before = values.clips ? [0, 2, 5, 10, 15, 20, 30] : [0, 2, 5, 10, 20, 40];
/** Seconds of what is compared. */
const spans = values.clips
  ? [
      [0, 5],
      [0, 40],
    ]
  : [[5, 25]];

console.log(`seconds before ${before.map((seconds) => String(seconds).padStart(8)).join('')}`);
for (const network of ['lite', 'full']) {
  const whole = await denoise(sound, { sampleRate: RATE, network });
  const found = spans.map(() => before.map(() => Number.NEGATIVE_INFINITY));
  for (const [column, seconds] of before.entries()) {
    for (const place of places) {
      const end = place + (spans.at(-1)[1] + 1) * RATE;
      const piece = await denoise(sound.subarray(place - seconds * RATE, end), { sampleRate: RATE, network });
      for (const [row, [first, last]] of spans.entries()) {
        const off = decibels(piece.subarray(seconds * RATE), whole.subarray(place), first, last);
        found[row][column] = Math.max(found[row][column], off);
      }
    }
  }
  for (const [row, [first, last]] of spans.entries())
    console.log(
      `${`${network} ${first}-${last} s`.padEnd(15)}${found[row].map((off) => off.toFixed(1).padStart(8)).join('')}`,
    );
}
