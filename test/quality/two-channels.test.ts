/** What two channels may hold, through every door, to two channels and to one, with the network that ships: no voice is lost to the other side. */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, test } from 'vitest';
import { parseModel } from '../../src/core/model';
import { FRAME } from '../../src/core/shape';
import { run } from '../../src/entries/cli';
import { Denoiser, denoise } from '../../src/entries/offline';
import { coreBytes, fixture, shippedModel } from '../helpers/kit';
import { make, openScope, QUANTUM, rewind } from '../helpers/worklet-scope';

const RATE = 48000;
const LITE = fileURLToPath(new URL('../../models/lite/model.safetensors', import.meta.url));

const anna = fixture('speech');
const bob = fixture('fricatives');
const rain = fixture('noise');
const silence = new Float32Array(anna.length);
const half = anna.length >> 1;
const part = (x: Float32Array, from: number, to: number): Float32Array =>
  x.map((v, n) => (n >= from && n < to ? v : 0));
const late = (x: Float32Array, samples: number): Float32Array => x.map((_, n) => x[n - samples] ?? 0);

interface Case {
  what: string;
  input: [Float32Array, Float32Array];
  /** What is said in each channel; null: nothing. */
  voices: [Float32Array | null, Float32Array | null];
  /** dB that each voice may lose in one channel. */
  mono: number;
}
const annaFirst = part(anna, 0, half);
const bobThen = part(bob, half, bob.length);
const CASES: Case[] = [
  { what: 'equal', input: [anna, anna], voices: [anna, anna], mono: 0.01 },
  { what: 'right silent', input: [anna, silence], voices: [anna, null], mono: 0.1 },
  { what: 'left silent', input: [silence, anna], voices: [null, anna], mono: 0.1 },
  { what: 'right noisy', input: [anna, rain], voices: [anna, null], mono: 2.5 },
  { what: 'left noisy', input: [rain, anna], voices: [null, anna], mono: 2.5 },
  { what: 'inverted', input: [anna, anna.map((x) => -x)], voices: [anna, anna], mono: 0.1 },
  { what: 'right late', input: [anna, late(anna, 240)], voices: [anna, anna], mono: 4 },
  { what: 'panned', input: [anna, anna.map((x) => x / 10)], voices: [anna, anna], mono: 0.1 },
  { what: 'two in turn', input: [annaFirst, bobThen], voices: [annaFirst, bobThen], mono: 1.5 },
  { what: 'two at once', input: [anna, bob], voices: [anna, bob], mono: 5 },
];

const HEADER = 44;
/** 32-bit float WAV. */
function floatWav(channels: readonly Float32Array[]): Uint8Array {
  const length = 4 * anna.length * channels.length;
  const file = Buffer.alloc(HEADER);
  file.write('RIFF');
  file.writeUInt32LE(HEADER - 8 + length, 4);
  file.write('WAVEfmt ', 8);
  file.writeUInt32LE(16, 16);
  file.writeUInt16LE(3, 20);
  file.writeUInt16LE(channels.length, 22);
  file.writeUInt32LE(RATE, 24);
  file.writeUInt32LE(4 * RATE * channels.length, 28);
  file.writeUInt16LE(4 * channels.length, 32);
  file.writeUInt16LE(32, 34);
  file.write('data', 36);
  file.writeUInt32LE(length, 40);
  const samples = new Float32Array(anna.length * channels.length);
  for (const [c, x] of channels.entries()) for (const [n, v] of x.entries()) samples[n * channels.length + c] = v;
  return Buffer.concat([file, new Uint8Array(samples.buffer)]);
}

type Door = (input: readonly Float32Array[], channels: 'mono' | 'stereo') => Promise<Float32Array[]>;
let assets: { wasm: Uint8Array<ArrayBuffer>; model: Uint8Array<ArrayBuffer> };

/** Drops the delay; the end is then short of it. */
const inStep = (output: Float32Array[], delay: number) => output.map((x) => x.subarray(delay));

const DOORS: Record<string, Door> = {
  'denoise()': (input, channels) => denoise(input, { sampleRate: RATE, channels, assets }),
  // One channel in for mono: whoever has two uses denoise().
  Denoiser: async (input, channels) => {
    using denoiser = await Denoiser.create({ channels, assets });
    const output = input.map((x) => new Float32Array(x.length));
    const block = new Float32Array(FRAME * input.length);
    for (let at = 0; at < anna.length; at += FRAME) {
      for (const [c, x] of input.entries()) block.set(x.subarray(at, at + FRAME), c * FRAME);
      denoiser.process(block, block);
      for (const [c, x] of output.entries()) x.set(block.subarray(c * FRAME, (c + 1) * FRAME), at);
    }
    return inStep(output, denoiser.delay);
  },
  'the command line': async (input) => {
    const folder = await mkdtemp(join(tmpdir(), 'channels-'));
    try {
      await writeFile(join(folder, 'in.wav'), floatWav(input));
      const io = { out() {}, err() {}, isTerminal: false };
      expect(await run(['--model', LITE, join(folder, 'in.wav'), join(folder, 'out.wav')], io, assets.wasm)).toBe(0);
      const result = Uint8Array.from(await readFile(join(folder, 'out.wav'))).buffer;
      const samples = new Float32Array(result, HEADER);
      return input.map((x, c) => x.map((_, n) => samples[n * input.length + c] as number));
    } finally {
      await rm(folder, { recursive: true });
    }
  },
  'the worklet': async (input, channels) => {
    rewind();
    const core = { key: 'two channels', wasm: assets.wasm.slice().buffer, model: parseModel(assets.model) };
    const sides = channels === 'mono' ? 1 : 2;
    const processor = make({ core, channels: sides, realtime: false });
    const output = Array.from({ length: sides }, () => new Float32Array(anna.length));
    const strength = Float32Array.of(1);
    for (let at = 0; at < anna.length; at += QUANTUM) {
      const out = output.map((x) => x.subarray(at, at + QUANTUM));
      processor.process([input.map((x) => x.subarray(at, at + QUANTUM))], [out], { strength });
    }
    processor.port.onmessage?.({ data: { type: 'destroy' } });
    // 1440 of the core, 352 to make frames of quanta.
    return inStep(output, 1792);
  },
};

beforeAll(async () => {
  await openScope();
  assets = { wasm: await coreBytes(), model: shippedModel('lite') as Uint8Array<ArrayBuffer> };
});

const energies = (x: Float32Array): Float64Array =>
  Float64Array.from({ length: Math.floor(x.length / FRAME) }, (_, k) =>
    x.subarray(k * FRAME, (k + 1) * FRAME).reduce((sum, v) => sum + v * v, 1e-12),
  );

/** dB of `output` over `alone` in the frames of `voice` that are within 30 dB of its loudest. */
function change(voice: Float32Array, alone: Float32Array, output: Float32Array): number {
  const loud = energies(voice);
  const least = Math.max(...loud) / 1000;
  const [before, after] = [alone, output].map((x) =>
    energies(x).reduce((sum, e, k) => ((loud[k] as number) > least ? sum + e : sum), 0),
  ) as [number, number];
  return 10 * Math.log10(after / before);
}

/** What the door makes of one channel alone. */
const known = new Map<Door, Map<Float32Array, Promise<Float32Array>>>();
function alone(door: Door, x: Float32Array): Promise<Float32Array> {
  const results = known.get(door) ?? new Map<Float32Array, Promise<Float32Array>>();
  known.set(door, results);
  const result = results.get(x) ?? door([x], 'mono').then(([y]) => y as Float32Array);
  results.set(x, result);
  return result;
}

const differing = (a: Float32Array, b: Float32Array): number => a.reduce((sum, x, n) => sum + Number(x !== b[n]), 0);

describe.each(Object.entries(DOORS))('%s', (name, door) => {
  test.each(CASES)('to two channels: $what', async ({ what, input, voices }) => {
    const output = await door(input, 'stereo');
    expect(output).toHaveLength(2);
    for (const [c, voice] of voices.entries()) {
      const out = output[c] as Float32Array;
      const single = await alone(door, input[c] as Float32Array);
      if (voice) expect(Math.abs(change(voice, single, out))).toBeLessThan(1);
      // Where nobody speaks it is as quiet as if the other side were not there.
      else expect(change(input[c] as Float32Array, single, out)).toBeLessThan(1);
    }
    if (what === 'equal') {
      const [left, right] = output as [Float32Array, Float32Array];
      expect([differing(left, right), differing(left, await alone(door, anna))]).toEqual([0, 0]);
    }
  });

  if (name === 'Denoiser' || name === 'the command line') return;

  test.each(CASES)('to one: $what', async ({ what, input, voices, mono }) => {
    const output = await door(input, 'mono');
    expect(output).toHaveLength(1);
    const [out] = output as [Float32Array];
    for (const [c, voice] of voices.entries()) {
      if (!voice || (what === 'panned' && c === 1)) continue;
      const single = await alone(door, voice);
      expect(change(voice, single, out)).toBeGreaterThan(-mono);
      if (what === 'equal') expect(differing(out, single)).toBe(0);
    }
  });
});
