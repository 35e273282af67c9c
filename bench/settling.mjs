/**
 * How soon a recording that is entered in its middle sounds as if it had been heard from its start: node bench/settling.mjs
 * Wants a build (npm run build). Of the difference to the whole: decibels against it, in seconds 5 to 25 of the piece, by the seconds heard before.
 * It is what one recording in pieces on several cores would be off by.
 */
import { fixture } from '../scripts/fixture.mjs';

const RATE = 48_000;
const [FROM, LENGTH, BEFORE] = [50, 30, [0, 2, 5, 10, 20, 40]];
/** What is compared of the piece. */
const [FIRST, END] = [5 * RATE, 25 * RATE];

const { denoise } = await import('../dist/offline.js');
await import('../dist/full.js');

const [voice, noise] = ['speech', 'noise'].map(fixture);
let seed = 1;
/** Voice and noise each rise and fall, so that no second is the one before. */
const sound = Float32Array.from({ length: (FROM + LENGTH) * RATE }, (_, n) => {
  seed = (Math.imul(seed, 1664525) + 1013904223) | 0;
  const level = 10 ** ((-20 + 14 * Math.sin(n / RATE / 9)) / 20);
  const near = 0.4 + 0.5 * Math.sin(n / RATE / 7) ** 2;
  return voice[n % voice.length] * near + noise[n % noise.length] * level + (0.004 * seed) / 2 ** 31;
});

console.log(`seconds before ${BEFORE.map((seconds) => String(seconds).padStart(8)).join('')}`);
for (const network of ['lite', 'full']) {
  const whole = (await denoise(sound, { sampleRate: RATE, network })).subarray(FROM * RATE);
  const decibels = [];
  for (const seconds of BEFORE) {
    const piece = await denoise(sound.subarray((FROM - seconds) * RATE), { sampleRate: RATE, network });
    const heard = piece.subarray(seconds * RATE);
    let [error, energy] = [0, 0];
    for (let n = FIRST; n < END; n++) {
      error += (heard[n] - whole[n]) ** 2;
      energy += whole[n] ** 2;
    }
    decibels.push((10 * Math.log10(error / energy)).toFixed(1));
  }
  console.log(`${network.padEnd(15)}${decibels.map((text) => text.padStart(8)).join('')}`);
}
