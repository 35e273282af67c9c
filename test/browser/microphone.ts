/** A microphone for the browser tests: clean speech and noise with pauses, as a WAV file that Chromium plays in a loop. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import wavefile from 'wavefile';

const RATE = 48000;
const SPEECH = 'test/fixtures/speech.wav';
const NOISE = 'test/fixtures/noise.wav';
/** Seconds of noise alone before and after the speech. */
const PAUSE = 2;
/** Speech above noise in decibels, over the speech's active parts. */
const SNR_DB = 12;
/** Level of the speech, dBFS. */
const SPEECH_DB = -26;
/** Envelopes have one value per this many seconds. */
const ENVELOPE_STEP = 0.01;

export interface Microphone {
  /** Absolute path of the WAV file. */
  readonly path: string;
  /** Seconds of one loop. */
  readonly length: number;
  /** Mean power of the clean speech alone, per ENVELOPE_STEP of the loop. */
  readonly speech: Float64Array;
  /** The same of what the file holds, speech and noise. */
  readonly mixed: Float64Array;
}

/** Chromium's switches that make the file the microphone and grant access to it. */
export function microphoneSwitches(path: string): string[] {
  return [
    '--use-fake-device-for-media-stream',
    '--use-fake-ui-for-media-stream',
    `--use-file-for-fake-audio-capture=${path}`,
  ];
}

export function makeMicrophone(): Microphone {
  const clean = existsSync(SPEECH) ? readWav(SPEECH) : vowels(6);
  const noise = existsSync(NOISE) ? readWav(NOISE) : hum(6);
  const pause = PAUSE * RATE;
  const length = Math.round((clean.length + 2 * pause) / (ENVELOPE_STEP * RATE)) * ENVELOPE_STEP * RATE;
  const speech = new Float64Array(length);
  speech.set(clean, pause);
  const active = [...envelope(speech)].sort((a, b) => b - a).slice(0, Math.floor((0.4 * clean.length) / 480));
  const speechPower = mean(active);
  const speechGain = Math.sqrt(10 ** (SPEECH_DB / 10) / speechPower);
  const noiseGain = Math.sqrt(10 ** ((SPEECH_DB - SNR_DB) / 10) / mean(noise.map((x) => x * x)));
  const mixed = speech.map((x, n) => speechGain * x + noiseGain * noise[n % noise.length]);
  const path = resolve('test-results/microphone.wav');
  mkdirSync('test-results', { recursive: true });
  const wav = new wavefile.WaveFile();
  wav.fromScratch(
    1,
    RATE,
    '16',
    mixed.map((x) => Math.round(Math.max(-1, Math.min(1, x)) * 32767)),
  );
  writeFileSync(path, wav.toBuffer());
  return {
    path,
    length: length / RATE,
    speech: envelope(speech.map((x) => speechGain * x)),
    mixed: envelope(mixed),
  };
}

function readWav(path: string): Float64Array {
  const wav = new wavefile.WaveFile(readFileSync(path));
  wav.toBitDepth('32f');
  const samples = wav.getSamples(false, Float64Array) as unknown as Float64Array | Float64Array[];
  return Array.isArray(samples) ? samples[0] : samples;
}

export function envelope(samples: ArrayLike<number>, rate = RATE): Float64Array {
  const step = Math.round(ENVELOPE_STEP * rate);
  return Float64Array.from({ length: Math.floor(samples.length / step) }, (_, k) => {
    let sum = 0;
    for (let n = k * step; n < (k + 1) * step; n++) sum += samples[n] ** 2;
    return sum / step;
  });
}

function mean(values: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i];
  return sum / values.length;
}

/** Stand-in for speech: gliding vowels in syllables. */
function vowels(seconds: number): Float64Array {
  let phase = 0;
  return Float64Array.from({ length: seconds * RATE }, (_, n) => {
    const t = n / RATE;
    const pitch = 130 + 30 * Math.sin(2 * Math.PI * 0.7 * t);
    phase += (2 * Math.PI * pitch) / RATE;
    let x = 0;
    for (let h = 1; h < 30; h++) {
      const f = h * pitch;
      const formants = [500 + 200 * Math.sin(5 * t), 1500 + 500 * Math.sin(3 * t), 2600];
      x += Math.sin(h * phase) * formants.reduce((sum, centre) => sum + Math.exp(-(((f - centre) / 150) ** 2)), 0.01);
    }
    return x * Math.max(0, Math.sin(2 * Math.PI * 2 * t)) ** 0.5;
  });
}

/** Stand-in for a fan: noise with less at high frequencies. */
function hum(seconds: number): Float64Array {
  let state = 1;
  let low = 0;
  return Float64Array.from({ length: seconds * RATE }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    low = 0.9 * low + (state / 2 ** 32 - 0.5);
    return low;
  });
}
