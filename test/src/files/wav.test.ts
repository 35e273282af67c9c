import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import wavefile from 'wavefile';
import { WavReader, WavWriter } from '../../../src/files/wav';
import { noise } from '../../helpers/signals';
import { chunk, extension, format, pcm16, riff } from '../../helpers/wav';

const { WaveFile } = wavefile;

const text = (content: string) => Buffer.from(content, 'latin1');

describe('WAV files', () => {
  let folder: string;
  const at = (name: string) => join(folder, name);
  const put = async (name: string, content: Uint8Array): Promise<string> => {
    await writeFile(at(name), content);
    return at(name);
  };

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'wav-'));
  });
  afterAll(() => rm(folder, { recursive: true }));

  const formats: [string, number, boolean][] = [
    ['8', 8, false],
    ['16', 16, false],
    ['24', 24, false],
    ['32', 32, false],
    ['32f', 32, true],
    ['64', 64, true],
  ];
  const cases = formats.flatMap(([code, bits, float]) =>
    [1, 2, 3].map((channels) => ({ code, bits, float, channels, rate: [8000, 44100, 192000][channels - 1]! })),
  );

  it.each(cases)('are read and written back byte for byte: $code-bit, $channels channels, $rate Hz', async (c) => {
    const signals = Array.from({ length: c.channels }, (_, i) => noise(1001, i + 1));
    const scale = c.float ? 1 : 2 ** (c.bits - 1) - 1;
    const samples = signals.map((s) =>
      Array.from(s, (x) => (c.float ? x : Math.round(x * scale) + (c.bits === 8 ? 128 : 0))),
    );
    const wav = new WaveFile();
    wav.fromScratch(c.channels, c.rate, c.code, samples as never);
    const path = await put('in.wav', wav.toBuffer());
    const reader = await WavReader.open(path);
    expect(reader.format).toMatchObject({ sampleRate: c.rate, channels: c.channels, bits: c.bits });
    expect(reader.format.encoding).toBe(c.float ? 'float' : 'integer');
    expect(reader.length).toBe(1001);
    const writer = await WavWriter.create(at('out.wav'), reader);
    for (const [first, count] of [
      [0, 1],
      [1, 999],
      [1000, 1],
    ] as const) {
      const block = (await reader.read(count))!;
      for (const [i, channel] of block.entries()) {
        const worst = Math.max(...channel.map((x, n) => Math.abs(x - signals[i]![first + n]!)));
        expect(worst).toBeLessThan(c.float ? 1e-7 : 2 ** (1 - Math.min(c.bits, 24)) * 1.6);
      }
      await writer.write(block);
    }
    await writer.finish();
    await reader.close();
    // Integers of 32 bits pass through the 24 bits of f32 samples.
    if (c.code === '32') return;
    expect(await readFile(at('out.wav'))).toEqual(await readFile(path));
  });

  it('may be extensible, and keep all their other chunks, odd ones too', async () => {
    for (const [code, bits] of [
      [1, 16],
      [1, 24],
      [3, 32],
    ] as const) {
      const data = Buffer.alloc(2 * (bits / 8) * 10, 0);
      const file = riff(
        chunk('JUNK', text('odd')),
        format(0xfffe, 2, 96000, bits, extension(code, bits, 2)),
        chunk('LIST', text('INFOISFT\x05\0\0\0made\0\0')),
        chunk('data', data),
        chunk('bext', text('after')),
      );
      const reader = await WavReader.open(await put('in.wav', file));
      expect(reader.format).toMatchObject({ sampleRate: 96000, channels: 2, bits });
      expect(reader.format.encoding).toBe(code === 3 ? 'float' : 'integer');
      expect(reader.length).toBe(10);
      const writer = await WavWriter.create(at('out.wav'), reader);
      await writer.write((await reader.read(10))!);
      await writer.finish();
      await reader.close();
      expect(await readFile(at('out.wav'))).toEqual(file);
    }
  });

  it('clip what does not fit', async () => {
    const reader = await WavReader.open(await put('in.wav', riff(pcm16, chunk('data', Buffer.alloc(6)))));
    const writer = await WavWriter.create(at('out.wav'), reader);
    await writer.write([Float32Array.of(2, -2, 0.5)]);
    await writer.finish();
    await reader.close();
    expect((await readFile(at('out.wav'))).subarray(44)).toEqual(Buffer.from('ff7f00800040', 'hex'));
  });

  it('of recorders that were cut off are read to their end', async () => {
    for (const size of [0, 0xffffffff]) {
      const file = riff(pcm16, chunk('data', Buffer.alloc(20)));
      file.writeUInt32LE(size, 4);
      file.writeUInt32LE(size, 40);
      const reader = await WavReader.open(await put('in.wav', file));
      expect(reader.length).toBe(10);
      await reader.close();
    }
  });

  const good = riff(pcm16, chunk('data', Buffer.alloc(20)));
  const broken: [string, Uint8Array, RegExp][] = [
    ['nothing', Buffer.alloc(0), /is empty/],
    ['text', text('these are the notes of the meeting'), /not a WAV file/],
    ['a few bytes', text('RIF'), /not a WAV file/],
    ['an AVI file', text('RIFF\x10\0\0\0AVI LIST'), /not a WAV file/],
    ['a FLAC file', text('fLaC\0\0\0\x22'), /not a WAV file/],
    ['a header alone', good.subarray(0, 12), /without a data chunk/],
    ['half a format', good.subarray(0, 30), /format is incomplete|without a data chunk/],
    ['no format', riff(chunk('data', Buffer.alloc(20))), /before a format/],
    ['no samples', riff(pcm16, chunk('data', Buffer.alloc(0))), /holds no samples/],
    ['less than a sample', riff(format(1, 2, 48000, 32), chunk('data', Buffer.alloc(7))), /holds no samples/],
    ['a short format chunk', riff(chunk('fmt ', Buffer.alloc(10)), chunk('data', Buffer.alloc(20))), /incomplete/],
    ['no channels', riff(format(1, 0, 48000, 16), chunk('data', Buffer.alloc(20))), /0 channels/],
    ['40 bits', riff(format(1, 1, 48000, 40), chunk('data', Buffer.alloc(20))), /40 bits/],
    ['a rate of 0', riff(format(1, 1, 0, 16), chunk('data', Buffer.alloc(20))), /0 Hz/],
    ['a chunk past the end', riff(pcm16, chunk('LIST', Buffer.alloc(4))).fill(0xff, 40, 44), /without a data chunk/],
  ];

  it.each(broken)('that hold %s are refused with a reason', async (_, content, reason) => {
    const path = await put('bad.wav', content);
    const error = await WavReader.open(path).catch((e: unknown) => e);
    expect(error).toMatchObject({ name: 'NoiseSuppressorError', code: 'invalid-audio' });
    expect((error as Error).message).toMatch(reason);
    expect((error as Error).message).toContain('bad.wav');
  });

  it('never crash the reader, whatever is in their headers', async () => {
    const file = riff(format(0xfffe, 2, 96000, 24, extension(1, 24, 2)), chunk('data', Buffer.alloc(60)));
    let state = 7;
    for (let round = 0; round < 500; round++) {
      const mutant = Buffer.from(file);
      for (let i = 0; i < 3; i++) {
        state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
        mutant[state % 72] = state >>> 24;
      }
      const path = await put('mutant.wav', mutant);
      try {
        const reader = await WavReader.open(path);
        await reader.read(reader.length);
        await reader.close();
      } catch (error) {
        expect(error, `round ${round}`).toMatchObject({ name: 'NoiseSuppressorError' });
      }
    }
  });

  it('leave nothing behind when writing is given up', async () => {
    const reader = await WavReader.open(await put('in.wav', good));
    const writer = await WavWriter.create(at('given-up.wav'), reader);
    await writer.discard();
    await reader.close();
    expect((await readdir(folder)).filter((name) => name.startsWith('given-up'))).toEqual([]);
  });
});
