import { execFile } from 'node:child_process';
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import wavefile from 'wavefile';
import { snr } from '../helpers/signals';

/** Two seconds. */
const SAMPLES = 96000;
const fixture = (name: string): string => `test/fixtures/${name}.wav`;

/** Samples of a file of 32-bit floats, or of 16-bit integers at full scale 1. */
async function samples(path: string): Promise<Float64Array> {
  const file = new wavefile.WaveFile(await readFile(path));
  const scale = (file.fmt as { bitsPerSample: number }).bitsPerSample === 16 ? 32768 : 1;
  return (file.getSamples(false) as unknown as Float64Array).map((x) => x / scale);
}

it('npm run ladder writes the sound of every step and has it drawn and scored', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'ladder-'));
  try {
    // Stands for Python: has every module, and notes what it is asked for.
    const python = join(folder, 'python');
    const notes = join(folder, 'notes');
    await writeFile(python, `#!/bin/sh\n[ "$1" = -c ] || echo "$1 $2 $3" >> '${notes}'\n`);
    await chmod(python, 0o755);
    const speech = (await samples(fixture('speech'))).slice(0, SAMPLES);
    const noise = await samples(fixture('noise'));
    const write = async (name: string, from: ArrayLike<number>): Promise<string> => {
      const file = new wavefile.WaveFile();
      file.fromScratch(1, 48000, '32f', Float32Array.from(from) as never);
      await writeFile(join(folder, name), file.toBuffer());
      return join(folder, name);
    };
    const clean = await write('clean.wav', speech);
    const noisy = await write(
      'noisy.wav',
      speech.map((x, i) => x + noise[i]!),
    );
    await promisify(execFile)(
      process.execPath,
      ['node_modules/tsx/dist/cli.mjs', 'evaluation/ladder.mjs', '--out', folder, clean, noisy],
      {
        env: { ...process.env, PYTHON: python },
      },
    );

    expect((await readFile(notes, 'utf8')).trim().split('\n')).toEqual([
      '-m evaluation spectrogram',
      '-m evaluation score',
    ]);
    const heard = async (step: string): Promise<number> => {
      const x = await samples(join(folder, `${step}.wav`));
      expect(x).toHaveLength(speech.length);
      return snr(speech, x);
    };
    const untouched = await heard('0-noisy');
    for (const step of ['1-bins', '2-bands', '3-comb', '4-postfilter', '5-network'])
      expect(await heard(step)).toBeGreaterThan(untouched + 1);
  } finally {
    await rm(folder, { recursive: true });
  }
}, 180_000);
