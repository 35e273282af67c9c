/** A vowel that is held for four seconds stays a voice: docs/limits.md. */
import { expect, test } from 'vitest';
import { denoise } from '../../src/entries/offline';
import { coreBytes, fixture, shippedModel } from '../helpers/kit';
import { uniform } from '../helpers/signals';

const RATE = 48_000;
const SECONDS = 4;

/** Resonances of a vowel: hertz, bandwidth (Peterson and Barney 1952; Klatt 1980). */
const VOWELS: Record<string, readonly (readonly [number, number])[]> = {
  a: [
    [730, 90],
    [1090, 110],
    [2440, 170],
    [3500, 250],
  ],
  i: [
    [270, 60],
    [2290, 100],
    [3010, 170],
    [3700, 250],
  ],
  o: [
    [570, 80],
    [840, 90],
    [2410, 170],
    [3400, 250],
  ],
};

/** Pulses of the vocal folds, 1 % of tremble and jitter, -12 dB an octave, through the vowel's resonances; 50 ms of fade at either end. */
function vowel(pitch: number, resonances: readonly (readonly [number, number])[]): Float32Array {
  const random = uniform(3);
  const out = new Float32Array(SECONDS * RATE);
  let phase = 0;
  let jitter = 1;
  for (let n = 0; n < out.length; n++) {
    phase += (pitch * jitter * (1 + 0.01 * Math.sin((2 * Math.PI * 5 * n) / RATE))) / RATE;
    if (phase < 1) continue;
    phase -= 1;
    jitter = 1 + 0.01 * (2 * random() - 1);
    out[n] = 1;
  }
  for (const pole of [0.985, 0.985]) for (let n = 1, y = 0; n < out.length; n++) out[n] = y = out[n]! + pole * y;
  for (const [frequency, width] of resonances) {
    const r = Math.exp((-Math.PI * width) / RATE);
    const c = 2 * r * Math.cos((2 * Math.PI * frequency) / RATE);
    for (let n = 0, y1 = 0, y2 = 0; n < out.length; n++) {
      const y = (1 - c + r * r) * out[n]! + c * y1 - r * r * y2;
      [y2, y1] = [y1, y];
      out[n] = y;
    }
  }
  // What lips radiate is the derivative, and the pulses' mean is no sound.
  for (let n = out.length - 1; n > 0; n--) out[n]! -= out[n - 1]!;
  const loud = Math.sqrt(out.reduce((sum, v) => sum + v * v, 0) / out.length);
  return out.map((v, n) => (v / loud) * 0.05 * Math.min(1, n / 2400, (out.length - 1 - n) / 2400));
}

/** Two seconds of speech, the vowel, half a second of rest. */
function said(held: Float32Array): Float32Array<ArrayBuffer> {
  const speech = fixture('speech').subarray(0, 2 * RATE);
  const whole = new Float32Array(speech.length + held.length + RATE / 2);
  whole.set(speech);
  whole.set(held, speech.length);
  return whole;
}

test.each(
  (['lite', 'full'] as const).flatMap((name) =>
    Object.keys(VOWELS).flatMap((sound) => [110, 200].map((pitch) => ({ name, sound, pitch }))),
  ),
)('$name: $sound at $pitch Hz', async ({ name, sound, pitch }) => {
  const input = said(vowel(pitch, VOWELS[sound]!));
  const assets = { wasm: await coreBytes(), model: shippedModel(name) as Uint8Array<ArrayBuffer> };
  const output = await denoise(input, { sampleRate: RATE, assets });
  const last = [(2 + 0.8 * SECONDS) * RATE, (2 + SECONDS) * RATE - 2400] as const;
  const energy = (x: Float32Array): number => x.subarray(...last).reduce((sum, v) => sum + v * v, 1e-12);
  const change = 10 * Math.log10(energy(output) / energy(input));
  if (process.env.SHOW) console.log(`${name} ${sound} ${pitch} ${change.toFixed(1)}`);
  expect(Math.abs(change)).toBeLessThan(2);
});
