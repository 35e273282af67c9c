/** --split: one long file in several threads. */
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { setTimeout } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { denoiseInParts, partsOf } from '../../../src/files/denoise-files';
import { cut } from '../../../src/offline/parts';
import { at, folder, start, useCommandLine } from '../../helpers/command-line';
import { chunk, format, ramp, riff } from '../../helpers/wav';

const RATE = 8000;
const LENGTH = 200 * RATE;
const HEADER = 44;
/** With a chunk behind the samples. */
const long = riff(format(1, 1, RATE, 16), chunk('data', ramp(LENGTH)), chunk('LIST', Buffer.from('INFOabcd')));

useCommandLine({ asProgram: true });

const run = async (...args: string[]): Promise<{ code: number | null; out: string; err: string }> => {
  const child = start(args, { cwd: folder });
  const texts = { out: '', err: '' };
  child.stdout!.on('data', (data) => {
    texts.out += data;
  });
  child.stderr!.on('data', (data) => {
    texts.err += data;
  });
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
  return { code, ...texts };
};

it('gives at strength 0 the bytes of the uncut file, chunks behind the sound too, and the same summary', async () => {
  await writeFile(at('in.wav'), long);
  const args = ['--strength', '0', '--json', '--jobs', '3', 'in.wav'];
  const [uncut, parts] = [await run(...args, 'uncut.wav'), await run('--split', ...args, 'parts.wav')];
  expect(parts).toMatchObject({ code: 0, err: '' });
  expect((await readFile(at('parts.wav'))).equals(await readFile(at('uncut.wav')))).toBe(true);
  const summary = ({ out }: { out: string }) =>
    JSON.parse(out, (key, value) => (['spent', 'output'].includes(key) ? null : value));
  expect(summary(parts)).toEqual(summary(uncut));
});

it('is in as many parts as there are threads, short files beside it whole, one after a mistake as well', async () => {
  await mkdir(at('in'));
  await writeFile(at('in/long.wav'), long);
  for (const name of ['a', 'b'])
    await writeFile(at(`in/${name}.wav`), riff(format(1, 1, RATE, 16), chunk('data', ramp(RATE))));
  await writeFile(at('in/bad.wav'), 'no sound');
  const told = await run('--split', '--jobs', '2', 'in', 'parts');
  expect(told.code).toBe(1);
  expect(told.err).toMatch(/^error: .*bad\.wav: is not a WAV file[^\n]*\n$/);
  await run('in', 'uncut');
  expect(await readdir(at('parts'))).toEqual(['a.wav', 'b.wav', 'long.wav']);
  for (const name of ['a.wav', 'b.wav'])
    expect((await readFile(at('parts', name))).equals(await readFile(at('uncut', name)))).toBe(true);
  const [parts, uncut] = [await readFile(at('parts/long.wav')), await readFile(at('uncut/long.wav'))];
  expect(parts).toHaveLength(uncut.length);
  const seam = HEADER + 2 * cut(LENGTH, RATE, 2)[1]!.first;
  expect(parts.subarray(0, seam).equals(uncut.subarray(0, seam))).toBe(true);
  // Another noise learnt than by the whole.
  expect(parts.equals(uncut)).toBe(false);
});

it('takes pipes as they come', async () => {
  const child = start(['--split', '--jobs', '2', '--strength', '0', '-', 'out.wav'], { cwd: folder });
  child.stdin!.end(long);
  expect(await new Promise((resolve) => child.once('close', resolve))).toBe(0);
  await writeFile(at('in.wav'), long);
  await run('--strength', '0', 'in.wav', 'uncut.wav');
  const samples = async (name: string): Promise<Buffer> =>
    (await readFile(at(name))).subarray(HEADER, HEADER + 2 * LENGTH);
  expect((await samples('out.wav')).equals(await samples('uncut.wav'))).toBe(true);
});

it('leaves no half file when a part fails, and waits for the others', async () => {
  await writeFile(at('in.wav'), long);
  const task = { input: at('in.wav'), output: at('out.wav') };
  expect(await partsOf(task, 2)).toBe(2);
  let ended = false;
  const slow = async (): Promise<void> => {
    await setTimeout(50);
    ended = true;
  };
  const fails = async (): Promise<void> => {
    throw new Error('no room');
  };
  await expect(denoiseInParts([fails, slow], task)).rejects.toThrow('no room');
  expect(ended).toBe(true);
  expect(await readdir(folder)).toEqual(['in.wav']);
});
