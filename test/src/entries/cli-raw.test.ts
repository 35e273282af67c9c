/** Samples without a header, in files and live in pipes; and, where ffmpeg is found, whatever it can read. */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { RAW_FORMATS } from '../../../src/files/raw';
import { at, denoise, err, folder, program, start, useCommandLine } from '../../helpers/command-line';
import { chunk, pcm16, ramp, riff } from '../../helpers/wav';

useCommandLine({ asProgram: true });

/** Bytes of a sample, by the format's name. */
const width = (format: string): number => Number(/\d+/.exec(format)?.[0] ?? 8) / 8;

describe('samples without a header', () => {
  it.each(RAW_FORMATS)(
    '%s comes back byte for byte at strength 0, the part of a frame at its end too',
    async (format) => {
      // Any bytes are samples, but for floats, which must be numbers in range.
      const float = format.startsWith('f');
      const bytes = Buffer.alloc(4801 * width(format) * 2 + 1, 0);
      for (let i = 0; i < bytes.length - 1; i++) bytes[i] = float ? 0 : (i * 31) & 0xff;
      // The core's floats hold 24 bits.
      if (format.startsWith('s32')) for (let i = format === 's32le' ? 0 : 3; i < bytes.length - 1; i += 4) bytes[i] = 0;
      // A-law and mu-law have a second zero, which comes back as the first.
      if (format === 'mulaw') for (let i = 0; i < bytes.length; i++) if (bytes[i] === 0x7f) bytes[i] = 0xff;
      await writeFile(at('in.raw'), bytes);
      const args = ['--strength', '0', '--format', format, '--rate', '48000', '--channels', '2'];
      expect(await denoise(...args, at('in.raw'), at('out.raw')), err).toBe(0);
      expect((await readFile(at('out.raw'))).equals(bytes)).toBe(true);
    },
  );

  it('gives the samples of the same sound in a WAV file', async () => {
    const samples = ramp(48000);
    await writeFile(at('in.wav'), riff(pcm16, chunk('data', samples)));
    await writeFile(at('in.raw'), samples);
    await denoise(at('in.wav'), at('out.wav'));
    expect(await denoise('--format', 's16le', '--rate', '48000', at('in.raw'), at('out.raw'))).toBe(0);
    expect((await readFile(at('out.wav'))).subarray(44).equals(await readFile(at('out.raw')))).toBe(true);
  });

  it('takes .raw of folders', async () => {
    await mkdir(at('in', 'deep'), { recursive: true });
    await writeFile(at('in', 'deep', 'a.raw'), ramp(480));
    await writeFile(at('in', 'a.wav'), 'no sound');
    expect(await denoise('--format', 's16le', '--rate', '8000', at('in'), at('out')), err).toBe(0);
    expect((await readFile(at('out', 'deep', 'a.raw'))).length).toBe(960);
  });

  it('are known as such in every thread', async () => {
    for (const name of ['a', 'b']) await writeFile(at(`${name}.raw`), ramp(4800));
    const child = start(['--strength', '0', '--jobs', '2', '--format', 's16le', '--rate', '48000', '*.raw', 'out'], {
      cwd: folder,
    });
    expect(await new Promise((resolve) => child.once('close', resolve))).toBe(0);
    for (const name of ['a', 'b']) expect((await readFile(at('out', `${name}.raw`))).equals(ramp(4800))).toBe(true);
  });

  it.each<[args: string[], message: string]>([
    [['--format', 's16le'], '--format needs --rate'],
    [['--rate', '16000'], '--rate is for raw samples, with --format'],
    [['--channels', '2'], '--channels is for raw samples, with --format'],
    [['--format', 's16', '--rate', '16000'], '--format is one of u8, s16le, '],
    [['--format', 'toString', '--rate', '16000'], '--format is one of u8, s16le, '],
    [['--format', 's16le', '--rate', '4000'], '--rate is a whole number from 8000 to 192000, not 4000'],
    [['--format', 's16le', '--rate', '16k'], '--rate is a whole number from 8000 to 192000, not 16k'],
    [['--format', 's16le', '--rate', '16000', '--channels', '0'], '--channels is a whole number from 1 to 64, not 0'],
    [['--format', 's16le', '--rate', '16000', '-', 'x.wav'], 'x.wav: with --format files are raw samples'],
  ])('%j is refused', async (args, message) => {
    const paths = args.includes('-') ? [] : ['in.raw', 'out.raw'];
    expect(await denoise(...args, ...paths)).toBe(2);
    expect(err).toContain(message);
  });

  it('empty ones are an error', async () => {
    await writeFile(at('in.raw'), '');
    expect(await denoise('--format', 's16le', '--rate', '16000', at('in.raw'), at('out.raw'))).toBe(1);
    expect(err).toContain('in.raw: holds no samples');
  });

  it('in a pipe come out as they go in, cut anywhere', async () => {
    const child = start(['--strength', '0', '--format', 's16le', '--rate', '16000', '-', '-']);
    const samples = ramp(16000);
    const parts: Buffer[] = [];
    const got = (): number => parts.reduce((sum, part) => sum + part.length, 0);
    child.stdout!.on('data', (part) => parts.push(part));
    const closed = new Promise((resolve) => child.once('close', resolve));
    // Half a second goes in and stays open: all of it but the delay comes out.
    for (let i = 0; i < 16000; i += 1001) child.stdin!.write(samples.subarray(i, Math.min(i + 1001, 16000)));
    const since = performance.now();
    while (got() < 2 * (8000 - 1000) && performance.now() - since < 50_000) await new Promise((r) => setTimeout(r, 20));
    expect(got()).toBeGreaterThan(2 * (8000 - 1000));
    child.stdin!.end(samples.subarray(16000));
    expect(await closed).toBe(0);
    const out = Buffer.concat(parts);
    // As from a file.
    await writeFile(at('in.raw'), samples);
    await denoise('--strength', '0', '--format', 's16le', '--rate', '16000', at('in.raw'), at('out.raw'));
    expect(out.equals(await readFile(at('out.raw')))).toBe(true);
  });
});

const example = fileURLToPath(new URL('../../../examples/command-line/any-format.sh', import.meta.url));
const lacking = spawnSync('ffmpeg', ['-version']).status === 0 ? '' : 'ffmpeg is not installed';

describe.skipIf(lacking)(`examples/command-line/any-format.sh${lacking && ` (skipped: ${lacking})`}`, () => {
  it.each<[extension: string, args: string[]]>([
    ['flac', []],
    ['mp3', []],
    ['opus', ['-c:a', 'libopus']],
    ['m4a', []],
  ])('%s in and out', async (extension, args) => {
    const [input, output] = [at(`in.${extension}`), at(`out.${extension}`)];
    const speech = fileURLToPath(new URL('../../fixtures/speech.wav', import.meta.url));
    execFileSync('ffmpeg', ['-v', 'error', '-i', speech, '-t', '2', ...args, input]);
    // The example calls the package by its name.
    await writeFile(
      at('percepnet-wasm'),
      `#!/bin/sh\nshift\nexec '${process.execPath}' '${program}/run.mjs' --model '${program}/model' "$@"\n`,
      { mode: 0o755 },
    );
    execFileSync('sh', [example, input, output], { env: { ...process.env, PATH: `${folder}:${process.env.PATH}` } });
    const length = (path: string): number =>
      execFileSync('ffmpeg', ['-v', 'error', '-i', path, '-f', 's16le', '-ar', '48000', '-ac', '1', '-']).length /
      96000;
    expect(length(output)).toBeCloseTo(length(input), 1);
    expect(await readFile(output)).not.toEqual(await readFile(input));
  });

  it('fails, and says so, when one of the three does', async () => {
    await writeFile(at('in.mp3'), 'no sound');
    const { status, stderr } = spawnSync('sh', [example, at('in.mp3'), at('out.mp3')], { encoding: 'utf8' });
    expect(status).toBe(1);
    expect(stderr).toContain('no sound read');
  });
});
