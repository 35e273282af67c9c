/** examples/file/clean.ts: whatever pieces a recording comes in, what comes out is what denoise() makes of the whole. */
import { expect, test, vi } from 'vitest';
import { clean } from '../../../examples/file/clean';
import { denoise } from '../../../src/entries/offline';
import { testAssets } from '../../helpers/assets';
import { noise } from '../../helpers/signals';

vi.mock('percepnet-wasm/offline', async () => {
  const { Denoiser } = await import('../../../src/entries/offline');
  // Called later, when this file's own imports are there.
  const create = async (options: object) => Denoiser.create({ ...options, network: undefined, assets: await assets });
  return { Denoiser: { create } };
});

const assets = testAssets();

type Channels = Float32Array<ArrayBuffer>[];

async function* pieces(sound: Channels): AsyncGenerator<Channels> {
  for (let at = 0, count = 1; at < sound[0]!.length; at += count, count = (3 * count) % 5003)
    yield sound.map((channel) => channel.slice(at, at + count));
}

const HOW = { strength: 0.9, network: 'lite' } as const;

test.each([
  [1, 48000],
  [2, 44100],
  [3, 16000],
  [6, 48000],
])('%i channels at %i Hz, in pieces of 1 to 5002 samples', async (channels, sampleRate) => {
  const sound = Array.from({ length: channels }, (_, c) => noise(sampleRate * 2 + 7, c + 1) as Channels[number]);
  const whole = await denoise(sound, { sampleRate, strength: HOW.strength, assets: await assets });
  const out = whole.map(({ length }) => new Float32Array(length));
  let done = 0;
  for await (const piece of clean({ sampleRate, channels }, pieces(sound), HOW, new AbortController().signal)) {
    for (const [c, samples] of piece.entries()) out[c]!.set(samples, done);
    done += piece[0]!.length;
  }
  expect(done).toBe(sound[0]!.length);
  for (const [c, channel] of out.entries()) expect(channel.findIndex((x, n) => x !== whole[c]![n])).toBe(-1);
});

test('a cancel is heard while samples come without a pause', async () => {
  const abort = new AbortController();
  const second = [noise(48000, 1) as Channels[number]];
  async function* minutes(): AsyncGenerator<Channels> {
    for (let n = 0; n < 300; n++) yield second;
  }
  setTimeout(() => abort.abort(), 100);
  const all = async () => {
    for await (const _ of clean({ sampleRate: 48000, channels: 1 }, minutes(), HOW, abort.signal));
  };
  await expect(all()).rejects.toThrow(/abort/i);
});
