/** What is written, and out of what: names in the output folder, and what is refused before anything is. */
import { link, mkdir, mkdtemp, realpath, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { planFiles } from '../../../src/files/plan';

let folder: string;
const at = (name: string): string => (name === '-' ? name : join(folder, name) + (name.endsWith('/') ? '/' : ''));
beforeAll(async () => {
  folder = await realpath(await mkdtemp(join(tmpdir(), 'plan-')));
  for (const file of [
    'a.wav',
    'b.wav',
    'in/c.wav',
    'in/deep/d.WAV',
    'in/e.raw',
    'in/out/f.wav',
    'done/a.wav',
    'model',
  ]) {
    await mkdir(join(folder, file, '..'), { recursive: true });
    await writeFile(join(folder, file), file);
  }
  await mkdir(at('empty'));
  await link(at('a.wav'), at('twin.wav'));
  await symlink('new.wav', at('first'));
  await symlink('new.wav', at('second'));
});
afterAll(() => rm(folder, { recursive: true }));

const plan = async (inputs: string[], output: string, kept: string[] = [], extension?: string): Promise<string[]> => {
  const tasks = await planFiles(inputs.map(at), at(output), kept.map(at), extension);
  const short = (path: string): string => (path === '-' ? path : relative(folder, path));
  return tasks.map((task) => `${short(task.input)} > ${short(task.output)}`);
};

describe('what goes where', () => {
  test.each<[what: string, inputs: string[], output: string, tasks: string[]]>([
    ['a file to a file', ['a.wav'], 'x.wav', ['a.wav > x.wav']],
    ['a file into a folder that is there', ['b.wav'], 'done', ['b.wav > done/b.wav']],
    ['a file into one that is not, named as one', ['a.wav'], 'new/', ['a.wav > new/a.wav']],
    ['standard input to a file', ['-'], 'x.wav', ['- > x.wav']],
    ['a file to standard output', ['a.wav'], '-', ['a.wav > -']],
    [
      'a folder into itself keeps names, results of an earlier run left out',
      ['in'],
      'in/out',
      ['in/c.wav > in/out/c.wav', 'in/deep/d.WAV > in/out/deep/d.WAV'],
    ],
    ['a folder and a file', ['in/deep', 'a.wav'], 'new', ['in/deep/d.WAV > new/deep/d.WAV', 'a.wav > new/a.wav']],
    ['a pattern by what is special in it', ['in/d*/*'], 'new', ['in/deep/d.WAV > new/deep/d.WAV']],
    ['one named twice, once', ['a.wav', 'a.wav'], 'new', ['a.wav > new/a.wav']],
  ])('%s', async (_, inputs, output, tasks) => expect(await plan(inputs, output)).toEqual(tasks));

  test('another extension is taken where it is asked for', async () => {
    expect(await plan(['in'], 'new', [], '.raw')).toEqual(['in/e.raw > new/e.raw']);
  });
});

describe('what is refused', () => {
  test.each<[inputs: string[], output: string, message: RegExp]>([
    [['none.wav'], 'x.wav', /no such file or folder/],
    [['-'], 'done', /name a file, not a folder/],
    [['in'], 'a.wav', /a\.wav is a file, and .*in a folder/],
    [['a.wav', 'b.wav'], '-', /- is no folder/],
    [['a.wav', 'b.wav'], 'new.wav', /there is no such folder/],
    [['empty'], 'new', /no \.wav file there/],
    [['*.flac'], 'new', /no file fits this pattern/],
    [['a.wav', '-'], 'new', /- is one input alone/],
    [['in'], 'in', /the output would overwrite the input/],
    [['a.wav'], 'a.wav', /the output would overwrite the input/],
    // By another name of the same file.
    [['a.wav'], 'twin.wav', /twin\.wav, which is the same file as .*a\.wav: the output would overwrite/],
    [['a.wav', 'done/a.wav'], 'new', /both .*a\.wav and .*done\/a\.wav would be written there/],
  ])('%j to %s', async (inputs, output, message) => {
    await expect(plan(inputs, output)).rejects.toMatchObject({
      code: 'invalid-input',
      message: expect.stringMatching(message),
    });
  });

  test('an output in place of a file that is kept, as the network is', async () => {
    await expect(plan(['a.wav'], 'model', ['model'])).rejects.toThrow(/would overwrite/);
  });
});
