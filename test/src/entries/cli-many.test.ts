/** Several files at once: which are taken, where they go, in how many threads, and what is said of them. */
import type { ChildProcess } from 'node:child_process';
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { at, denoise, err, folder, out, start, useCommandLine } from '../../helpers/command-line';
import { chunk, pcm16, ramp, riff } from '../../helpers/wav';

/** A tenth of a second. */
const sound = riff(pcm16, chunk('data', ramp(4800)));

useCommandLine({ options: ['--strength', '0'], asProgram: true });

const put = async (...paths: string[]): Promise<void> => {
  for (const path of paths) {
    await mkdir(join(at(path), '..'), { recursive: true });
    await writeFile(at(path), sound);
  }
};
/** Files below a folder, with / between names. */
const files = async (path: string): Promise<string[]> =>
  (await readdir(at(path), { recursive: true, withFileTypes: true }))
    .filter((entry) => entry.isFile())
    .map((entry) => relative(at(path), join(entry.parentPath, entry.name)).replaceAll('\\', '/'))
    .sort();
/** As a process, so that threads can be started. */
const started = (...args: string[]): ChildProcess => start(args, { cwd: folder });
const ended = async (
  child: ChildProcess,
): Promise<{ code: number | null; signal: string | null; out: string; err: string }> => {
  const texts = { out: '', err: '' };
  child.stdout?.on('data', (data) => {
    texts.out += data;
  });
  child.stderr?.on('data', (data) => {
    texts.err += data;
  });
  return new Promise((resolve) => child.once('close', (code, signal) => resolve({ code, signal, ...texts })));
};

describe('what is taken, and where it goes', () => {
  beforeEach(() =>
    put('a.wav', 'b.wav', 'in/c.wav', 'in/deep/d.WAV', 'in/deep/e.txt', 'in/.hidden/f.wav', 'in/g[1].wav'),
  );

  it.each<[what: string, inputs: string[], expected: string[]]>([
    ['files', ['a.wav', 'b.wav'], ['a.wav', 'b.wav']],
    [
      'a file and a folder, which keeps its name',
      ['a.wav', 'in'],
      ['a.wav', 'in/.hidden/f.wav', 'in/c.wav', 'in/deep/d.WAV', 'in/g[1].wav'],
    ],
    ['a pattern', ['?.wav'], ['a.wav', 'b.wav']],
    ['a pattern in a folder', ['in/*.wav'], ['c.wav', 'g[1].wav']],
    ['folders at any depth, what is hidden left out', ['in/**/*'], ['c.wav', 'deep/d.WAV', 'g[1].wav']],
    ['one of several names', ['{a,b,x}.wav'], ['a.wav', 'b.wav']],
    ['a class of letters', ['[!b-z].wav'], ['a.wav']],
    ['a file whose name looks like a pattern', ['in/g[1].wav', 'a.wav'], ['a.wav', 'g[1].wav']],
    ['what is named twice, once', ['a.wav', '*.wav'], ['a.wav', 'b.wav']],
  ])('%s', async (_, inputs, expected) => {
    await rm(at('in/deep/e.txt'));
    expect(await denoise(...inputs.map((input) => at(input)), at('out')), err).toBe(0);
    expect(await files('out')).toEqual(expected);
    for (const name of expected) expect(await readFile(at('out', name))).toEqual(sound);
    expect(out.match(/ real time\n/g)?.length).toBe(expected.length + (expected.length > 1 ? 1 : 0));
  });

  it.each<[inputs: string[], output: string, message: RegExp]>([
    [['a.wav', 'none.wav'], 'out', /none\.wav: no such file or folder/],
    [['*.flac'], 'out', /\*\.flac: no file fits this pattern/],
    [['a.wav', 'b.wav'], 'clean.wav', /clean\.wav: there is no such folder/],
    [['a.wav', 'in'], 'b.wav', /b\.wav is no folder/],
    [['in/c.wav', 'in/deep', 'c.wav'], 'out', /c\.wav: no such file/],
    [['a.wav', '-'], 'out', /- is one input alone/],
    [['a.wav', 'b.wav'], '', /b\.wav: the output would overwrite|would overwrite the input/],
  ])('refuses %j to %s before anything is written', async (inputs, output, message) => {
    const before = await files('');
    const paths = inputs.map((input) => (input === '-' ? input : at(input)));
    expect(await denoise(...paths, at(output))).toBe(1);
    expect(err).toMatch(message);
    expect(await files('')).toEqual(before);
  });

  it('refuses two inputs for one output', async () => {
    await put('other/a.wav');
    expect(await denoise(at('a.wav'), at('other', 'a.wav'), at('out'))).toBe(1);
    expect(err).toMatch(/both .*a\.wav and .*a\.wav would be written there/);
  });
});

describe('threads', () => {
  const names = Array.from({ length: 7 }, (_, i) => `in/${i % 2 ? 'odd/' : ''}${i}.wav`);

  it('give what one thread gives, and report each file', async () => {
    await put(...names);
    await writeFile(at('in/bad.wav'), 'no sound');
    const one = await ended(started('--jobs', '1', '--json', 'in', 'one'));
    const many = await ended(started('--jobs', '3', '--json', 'in', 'many'));
    expect([one.code, many.code]).toEqual([1, 1]);
    expect(many.err).toMatch(/^error: .*bad\.wav: is not a WAV file[^\n]*\n$/);
    const [a, b] = [JSON.parse(one.out), JSON.parse(many.out)];
    expect(b.files.map(({ input }: { input: string }) => input)).toEqual(
      a.files.map(({ input }: { input: string }) => input),
    );
    expect(await files('many')).toEqual(await files('one'));
    expect(await files('many')).toHaveLength(7);
    for (const name of await files('one')) {
      const bytes = await readFile(at('many', name));
      expect(bytes).toEqual(await readFile(at('one', name)));
      expect(bytes).not.toEqual(sound);
    }
  });

  it('say as JSON what was done, and what was not', async () => {
    await put('in/a.wav');
    await writeFile(at('in/b.wav'), 'no sound');
    const { out: text } = await ended(started('--json', 'in', 'out'));
    const summary = JSON.parse(text);
    expect(summary).toEqual({
      files: [
        {
          input: join('in', 'a.wav'),
          output: join('out', 'a.wav'),
          sampleRate: 48000,
          channels: 1,
          encoding: 'integer',
          bits: 16,
          bigEndian: false,
          seconds: 0.1,
          spent: expect.any(Number),
        },
        {
          input: join('in', 'b.wav'),
          output: join('out', 'b.wav'),
          error: { code: 'invalid-audio', message: expect.stringContaining('is not a WAV file') },
        },
      ],
      seconds: 0.1,
      spent: expect.any(Number),
      failed: 1,
    });
  });

  it.each([1, 20])('leave no part behind when %i signals end them all', async (most) => {
    const long = riff(pcm16, chunk('data', ramp(48000 * 400)));
    await mkdir(at('in'));
    for (const name of ['a', 'b', 'c']) await writeFile(at('in', `${name}.wav`), long);
    const child = started('--jobs', '2', 'in', 'out');
    const end = ended(child);
    for (;;) {
      const parts = await files('out').catch(() => []);
      if (parts.filter((name) => name.endsWith('.part')).length === 2) break;
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    // As who presses Ctrl-C until it helps.
    for (let sent = 0; sent < most && child.kill('SIGTERM'); sent++) {
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
    expect((await end).signal).toBe('SIGTERM');
    expect((await files('out')).filter((name) => name.endsWith('.part'))).toEqual([]);
  });
});

describe('options', () => {
  it.each(['0', '1.5', 'all', '', '-1'])('--jobs %j is refused', async (jobs) => {
    expect(await denoise(`--jobs=${jobs}`, 'in', 'out')).toBe(2);
    expect(err).toMatch(/^--jobs is a whole number from 1 to 1024, not .*\nTry --help\.\n$/);
  });
});
