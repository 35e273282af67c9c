import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import wavefile from 'wavefile';
import { run } from '../../../src/entries/cli';
import {
  at,
  call,
  denoise,
  err,
  folder,
  forget,
  io,
  model,
  out,
  useCommandLine,
  wasm,
} from '../../helpers/command-line';
import { noise } from '../../helpers/signals';

const { WaveFile } = wavefile;

function wav(seconds: number, channels = 1, rate = 48000, seed = 1): Uint8Array {
  const file = new WaveFile();
  const samples = Array.from({ length: channels }, (_, i) =>
    Array.from(noise(Math.round(seconds * rate), seed + i), (x) => Math.round(x * 20000)),
  );
  file.fromScratch(channels, rate, '16', samples as never);
  return file.toBuffer();
}

useCommandLine({});

describe('percepnet-denoise', () => {
  it.each([
    [0.01, 1, 8000],
    [1, 1, 16000],
    [2.345, 2, 44100],
    [0.5, 3, 48000],
    [0.7, 2, 192000],
  ])('keeps length, channels and rate: %f s, %i channels, %i Hz', async (seconds, channels, rate) => {
    await writeFile(at('in.wav'), wav(seconds, channels, rate));
    expect(await denoise(at('in.wav'), at('out.wav'))).toBe(0);
    const [before, after] = await Promise.all([readFile(at('in.wav')), readFile(at('out.wav'))]);
    expect(after.length).toBe(before.length);
    expect(after.subarray(0, 44)).toEqual(before.subarray(0, 44));
    expect(out).toMatch(/out\.wav .* x real time\n$/);
    expect(err).toBe('');
  });

  it('gives back every byte at strength 0', async () => {
    await writeFile(at('in.wav'), wav(3.1, 2));
    expect(await denoise('--strength', '0', at('in.wav'), at('new', 'out.wav'))).toBe(0);
    expect((await readFile(at('in.wav'))).equals(await readFile(at('new', 'out.wav')))).toBe(true);
  });

  it('gives the samples that denoise() gives', async () => {
    const { denoise: library } = await import('../../../src/entries/offline');
    const input = wav(2.5);
    await writeFile(at('in.wav'), input);
    await denoise(at('in.wav'), at('out.wav'));
    const samples = (bytes: Uint8Array) => {
      const file = new WaveFile(bytes);
      file.toBitDepth('32f');
      return Float32Array.from(file.getSamples(false, Float32Array as never) as unknown as Float32Array);
    };
    const assets = { wasm, model: Uint8Array.from(await readFile(model)) };
    const expected = await library(
      Float32Array.from(new WaveFile(input).getSamples() as unknown as Float64Array, (x) => x / 32768),
      { sampleRate: 48000, assets },
    );
    const actual = samples(await readFile(at('out.wav')));
    expect(actual.length).toBe(expected.length);
    expect(Math.max(...actual.map((x, i) => Math.abs(x - expected[i]!)))).toBeLessThan(1e-4);
  });

  it('takes folders, keeps names, reports bad files and goes on', async () => {
    await mkdir(at('in', 'deep'), { recursive: true });
    await writeFile(at('in', 'a.wav'), wav(0.2));
    await writeFile(at('in', 'deep', 'B.WAV'), wav(0.2, 2, 44100));
    await writeFile(at('in', 'notes.wav'), 'these are the notes of the meeting');
    await writeFile(at('in', 'readme.txt'), 'no sound');
    expect(await denoise(at('in'), at('in', 'out'))).toBe(1);
    expect((await readdir(at('in', 'out'), { recursive: true })).sort()).toEqual([
      'a.wav',
      'deep',
      join('deep', 'B.WAV'),
    ]);
    expect(err).toMatch(/^error: .*notes\.wav: is not a WAV file.*\n$/);
    expect(out).toContain('2 of 3 files');
    // Its own output is not input when it runs again.
    forget();
    await denoise(at('in'), at('in', 'out'));
    expect(out).toContain('2 of 3 files');
  });

  it('puts a file into an existing folder', async () => {
    await writeFile(at('in.wav'), wav(0.1));
    await mkdir(at('out'));
    expect(await denoise(at('in.wav'), at('out'))).toBe(0);
    expect(await readdir(at('out'))).toEqual(['in.wav']);
  });

  it('shows progress when asked, and only then', async () => {
    await writeFile(at('in.wav'), wav(20));
    await denoise('--progress', at('in.wav'), at('out.wav'));
    expect(err).toMatch(/\[#+\.*\] \d+ %/);
    forget();
    await denoise('--quiet', at('in.wav'), at('out.wav'));
    expect(err + out).toBe('');
  });

  it('refuses to overwrite its input', async () => {
    await writeFile(at('in.wav'), wav(0.1));
    expect(await denoise(at('in.wav'), at('.', 'in.wav'))).toBe(1);
    expect(await denoise(at('in.wav'), folder)).toBe(1);
    expect(await denoise(folder, folder)).toBe(1);
    expect(err.match(/would overwrite the input/g)).toHaveLength(3);
    expect(await readFile(at('in.wav'))).toEqual(Buffer.from(wav(0.1)));
  });

  it('says what is wrong with a call', async () => {
    await writeFile(at('in.wav'), wav(0.1));
    for (const args of [[], ['one'], ['', 'b'], ['--what', 'a', 'b'], ['--strength', 'much', 'a', 'b']]) {
      forget();
      expect(await call(...args)).toBe(2);
      expect(err).toContain('Try --help.');
    }
    for (const strength of ['2', '-1', '', 'NaN']) {
      expect(await denoise(`--strength=${strength}`, at('in.wav'), at('out.wav'))).toBe(2);
    }
    expect(await run(['--help'], io)).toBe(0);
    expect(out).toContain('--strength');
  });

  it('fails plainly when there is no input or no model', async () => {
    expect(await denoise(at('none.wav'), at('out.wav'))).toBe(1);
    expect(err).toContain('none.wav: no such file');
    forget();
    await writeFile(at('in.wav'), wav(0.1));
    expect(await call('--model', at('none'), at('in.wav'), at('out.wav'))).toBe(1);
    expect(err).toMatch(/^error: --model \S+none: no such file; lite, full, or a file$/m);
    await writeFile(at('broken'), 'x'.repeat(1000));
    expect(await call('--model', at('broken'), at('in.wav'), at('out.wav'))).toBe(1);
    expect((await readdir(folder)).sort()).toEqual(['broken', 'in.wav']);
  });
});
