/** Where the command line writes: files, links, pipes, devices; and what is left when it cannot go on. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { closeSync, constants, openSync } from 'node:fs';
import {
  chmod,
  chown,
  link,
  lstat,
  mkdir,
  readdir,
  readFile,
  rename,
  stat,
  symlink,
  writeFile,
} from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { Output } from '../../../src/files/output';
import {
  at,
  call,
  denoise,
  err,
  folder,
  forget,
  model,
  program,
  start,
  useCommandLine,
} from '../../helpers/command-line';
import { chunk, pcm16, ramp, riff } from '../../helpers/wav';

const input = riff(pcm16, chunk('data', ramp(4800)));
/** A user without rights. */
const NOBODY = 65534;
const isRoot = process.getuid?.() === 0;

/** Nothing is changed at strength 0, so that what arrives can be told. */
const AS_IT_IS = ['--strength', '0'];
useCommandLine({ options: AS_IT_IS, asProgram: true });
beforeEach(() => writeFile(at('in.wav'), input));

const started = (paths: string[], stdio: ('pipe' | 'ignore' | number)[], user = {}): ChildProcess =>
  start([...AS_IT_IS, ...paths], { stdio, cwd: program, ...user });
const names = async (): Promise<string[]> => (await readdir(folder)).sort();

async function text(stream: NodeJS.ReadableStream | null): Promise<Buffer> {
  const parts: Buffer[] = [];
  for await (const part of stream ?? []) parts.push(part as Buffer);
  return Buffer.concat(parts);
}
const status = (child: ChildProcess): Promise<number | null> =>
  new Promise((resolve) => child.once('exit', (code) => resolve(code)));

/** Names of what descriptors lead to, of a process that runs the command line as a program. */
const descriptors = [3, 4, 5, 6, 8, 10, 12, 14, 16, 18, 20];

describe.runIf(process.platform === 'linux')('descriptors', () => {
  it.each(descriptors)('%i is of Node.js itself or of nobody: no output, no input, no crash', async (descriptor) => {
    for (const paths of [
      [at('in.wav'), `/dev/fd/${descriptor}`],
      [`/dev/fd/${descriptor}`, at('out.wav')],
    ]) {
      const child = started(paths, ['ignore', 'ignore', 'pipe']);
      const said = text(child.stderr);
      expect(await status(child)).toBe(1);
      expect(`${await said}`).toMatch(/of Node.js itself|no such file|EBADF|is empty|EINVAL|EACCES|ENXIO/);
    }
    expect(await names()).not.toContain('out.wav');
  });

  it('that a shell opens are written, to a file and into a pipe, and read', async () => {
    const shell = (line: string): Buffer =>
      execFileSync('bash', ['-c', line, program, process.execPath, at('in.wav'), at('out.wav')], { cwd: program });
    const command = '"$1" run.mjs --model model --strength 0';
    shell(`${command} "$2" /dev/fd/3 3>"$3"`);
    const expected = await readFile(at('out.wav'));
    expect(expected.length).toBeGreaterThan(input.length - 100);
    expect(shell(`${command} "$2" /dev/fd/3 3>&1 >/dev/null | cat`).length).toBe(expected.length);
    expect(shell(`${command} "$2" /dev/fd/3 3>&1 1>&2 2>/dev/null | cat`).length).toBe(expected.length);
    expect(shell(`${command} /dev/fd/7 - 7< <(cat "$2")`).length).toBe(expected.length);
  });
});

describe('output to a file', () => {
  it('follows links to what is there, in another folder, and keeps them', async () => {
    await mkdir(at('far', 'deep'), { recursive: true });
    await writeFile(at('far', 'target.wav'), 'old');
    await symlink(join('..', 'target.wav'), at('far', 'deep', 'second.wav'));
    await symlink(join('far', 'deep', 'second.wav'), at('link.wav'));
    expect(await denoise(at('in.wav'), at('link.wav'))).toBe(0);
    expect((await lstat(at('link.wav'))).isSymbolicLink()).toBe(true);
    expect((await lstat(at('far', 'deep', 'second.wav'))).isSymbolicLink()).toBe(true);
    expect(await readFile(at('far', 'target.wav'))).toEqual(input);
    expect(await readdir(at('far'))).toEqual(['deep', 'target.wav']);
  });

  it('makes the file that a broken link names, and refuses a loop of links and a link into no folder', async () => {
    await symlink('new.wav', at('broken.wav'));
    expect(await denoise(at('in.wav'), at('broken.wav'))).toBe(0);
    expect((await lstat(at('broken.wav'))).isSymbolicLink()).toBe(true);
    expect(await readFile(at('new.wav'))).toEqual(input);
    await symlink('b.wav', at('a.wav'));
    await symlink('a.wav', at('b.wav'));
    expect(await denoise(at('in.wav'), at('a.wav'))).toBe(1);
    expect(err).toContain('loop');
    await symlink(join('nowhere', 'new.wav'), at('lost.wav'));
    expect(await denoise(at('in.wav'), at('lost.wav'))).toBe(1);
    expect(err).toContain('ENOENT');
    expect(err).toContain('lost.wav');
    expect(err).not.toContain('.part');
    expect(await names()).toEqual(['a.wav', 'b.wav', 'broken.wav', 'in.wav', 'lost.wav', 'new.wav']);
  });

  it('follows no link planted under the name of a part', async () => {
    await writeFile(at('precious'), 'precious');
    await symlink('precious', at('out.wav.part'));
    expect(await denoise(at('in.wav'), at('out.wav'))).toBe(0);
    expect(await readFile(at('precious'), 'utf8')).toBe('precious');
    expect((await lstat(at('out.wav'))).isFile()).toBe(true);
  });

  it('is written under another name each time, in the same folder, closed to others until it is whole', async () => {
    await writeFile(at('out.wav'), 'old', { mode: 0o600 });
    const seen = new Set<string>();
    for (let i = 0; i < 3; i++) {
      const output = await Output.open(at('out.wav'));
      const [part] = (await names()).filter((name) => name.endsWith('.part'));
      seen.add(part!);
      expect((await stat(at(part!))).mode & 0o777).toBe(0o600);
      expect(await readFile(at('out.wav'), 'utf8')).toBe('old');
      await output.discard();
    }
    expect(seen.size).toBe(3);
    expect(await names()).toEqual(['in.wav', 'out.wav']);
  });

  it('keeps mode and owner of the file that it replaces', async () => {
    await writeFile(at('out.wav'), 'old');
    await chmod(at('out.wav'), 0o640);
    if (isRoot) await chown(at('out.wav'), 12, 34);
    const before = await stat(at('out.wav'));
    expect(await denoise(at('in.wav'), at('out.wav'))).toBe(0);
    const { mode, uid, gid } = await stat(at('out.wav'));
    expect([mode, uid, gid]).toEqual([before.mode, before.uid, before.gid]);
  });

  it('has the mode of any new file, and its missing folders are made', async () => {
    const mask = process.umask();
    expect(await denoise(at('in.wav'), at('new', 'deep', 'out.wav'))).toBe(0);
    expect((await stat(at('new', 'deep', 'out.wav'))).mode & 0o777).toBe(0o666 & ~mask);
  });

  it('goes into no file where a folder is asked for, and replaces no folder', async () => {
    await mkdir(at('tree'));
    await writeFile(at('tree', 'a.wav'), input);
    await mkdir(at('out', 'a.wav'), { recursive: true });
    expect(await denoise(at('tree'), at('out'))).toBe(1);
    expect(err).toMatch(/a\.wav: is a folder/);
    forget();
    expect(await denoise(at('in.wav'), at('in.wav', 'out.wav'))).toBe(1);
    expect(err).toMatch(/ENOTDIR|EEXIST/);
    expect(await readFile(at('in.wav'))).toEqual(input);
  });

  it('is refused where one may not write, and nothing is left', async () => {
    await writeFile(at('out.wav'), 'old', { mode: 0o444 });
    await mkdir(at('closed'), { mode: 0o555 });
    // Root may write anywhere: somebody else tries.
    if (isRoot) for (const path of [folder, at('out.wav'), at('closed')]) await chown(path, NOBODY, NOBODY);
    for (const [path, reason] of [
      [at('out.wav'), 'EACCES'],
      [at('closed', 'out.wav'), 'EACCES'],
    ] as const) {
      const child = started(
        [at('in.wav'), path],
        ['ignore', 'ignore', 'pipe'],
        isRoot ? { uid: NOBODY, gid: NOBODY } : {},
      );
      const [code, messages] = await Promise.all([status(child), text(child.stderr)]);
      expect(messages.toString()).toContain(reason);
      expect(code).toBe(1);
    }
    expect(await names()).toEqual(['closed', 'in.wav', 'out.wav']);
    expect(await readdir(at('closed'))).toEqual([]);
    expect(await readFile(at('out.wav'), 'utf8')).toBe('old');
  });

  it('leaves nothing behind when its input ends early or its place is taken', async () => {
    const output = await Output.open(at('out.wav'));
    await mkdir(at('out.wav', 'taken'), { recursive: true });
    await expect(output.finish()).rejects.toThrow();
    await output.discard();
    expect(await names()).toEqual(['in.wav', 'out.wav']);
    await writeFile(at('bad.wav'), 'no sound');
    expect(await denoise(at('bad.wav'), at('fine.wav'))).toBe(1);
    expect(await names()).toEqual(['bad.wav', 'in.wav', 'out.wav']);
  });

  async function endedBy(signal: NodeJS.Signals): Promise<void> {
    await writeFile(at('out.wav'), 'old');
    // The input is a pipe that goes quiet after a second of sound.
    const child = started(['-', at('out.wav')], ['pipe', 'ignore', 'ignore']);
    const ended = new Promise((resolve) => child.once('exit', (_, by) => resolve(by)));
    child.stdin?.write(riff(pcm16, chunk('data', ramp(96_000))).subarray(0, 150_000));
    await expect.poll(names, { timeout: 30_000 }).toHaveLength(3);
    child.kill(signal);
    expect(await ended).toBe(signal);
    expect(await names()).toEqual(['in.wav', 'out.wav']);
    expect(await readFile(at('out.wav'), 'utf8')).toBe('old');
  }

  // Eight times: process.exit() hung in one of four where standard input was being read.
  it.each(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)('leaves nothing behind after %s', { repeats: 7 }, endedBy);

  it.each(['SIGQUIT', 'SIGALRM', 'SIGUSR2', 'SIGXCPU'] as const)('leaves nothing behind after %s', endedBy);
});

describe('output that would overwrite the input', () => {
  it('is refused under every name, before anything is written', async () => {
    await symlink('in.wav', at('soft.wav'));
    await link(at('in.wav'), at('hard.wav'));
    await symlink(folder, at('here'));
    const before = await names();
    for (const out of [
      'in.wav',
      'soft.wav',
      'hard.wav',
      join('here', 'in.wav'),
      join('here', '..', 'here', 'hard.wav'),
    ]) {
      forget();
      expect(await denoise(at('in.wav'), `${folder}/${out}`), out).toBe(1);
      expect(err, out).toContain('would overwrite the input');
    }
    expect(await denoise(at('soft.wav'), at('in.wav'))).toBe(1);
    expect(await denoise(folder, at('here'))).toBe(1);
    expect(await denoise(at('in.wav'), at('here'))).toBe(1);
    expect(await names()).toEqual(before);
    expect(await readFile(at('in.wav'))).toEqual(input);
  });

  it('is refused in folders as a whole, and so is the network as an output', async () => {
    await mkdir(at('tree'));
    await mkdir(at('out'));
    await writeFile(at('tree', 'a.wav'), input);
    await writeFile(at('tree', 'b.wav'), input);
    await link(at('tree', 'a.wav'), at('out', 'b.wav'));
    expect(await denoise(at('tree'), at('out'))).toBe(1);
    expect(err).toContain('would overwrite the input');
    expect(await readdir(at('out'))).toEqual(['b.wav']);
    await writeFile(at('net'), await readFile(model));
    expect(await call('--model', at('net'), at('in.wav'), at('net'))).toBe(1);
    expect(await readFile(at('net'))).toEqual(await readFile(model));
  });

  it('is refused where standard input or output is led to the same file', async () => {
    const before = await names();
    for (const paths of [
      ['-', at('in.wav')],
      [at('in.wav'), '-'],
      ['-', '-'],
      ['/dev/stdin', '-'],
    ]) {
      const files = [constants.O_RDONLY, constants.O_WRONLY | constants.O_APPEND].map((how) =>
        openSync(at('in.wav'), how),
      );
      const child = started(paths, [...files, 'pipe']);
      const [messages, ended] = await Promise.all([text(child.stderr), status(child)]);
      for (const file of files) closeSync(file);
      expect(messages.toString(), paths.join()).toContain('would overwrite the input');
      expect(ended).toBe(1);
      expect(await readFile(at('in.wav'))).toEqual(input);
    }
    expect(await names()).toEqual(before);
  });

  it('takes one device for both ends', async () => {
    const device = openSync('/dev/null', constants.O_RDWR);
    const child = started(['-', '-'], [device, device, 'pipe']);
    expect((await text(child.stderr)).toString()).toBe('error: -: is empty\n');
    closeSync(device);
  });

  it('is refused for two that links lead to one file', async () => {
    await mkdir(at('tree'));
    await mkdir(at('out'));
    for (const name of ['a.wav', 'b.wav']) {
      await writeFile(at('tree', name), input);
      await symlink(join('..', 'one.wav'), at('out', name));
    }
    expect(await denoise(at('tree'), at('out'))).toBe(1);
    expect(err).toContain('would be written there');
    expect(await names()).toEqual(['in.wav', 'out', 'tree']);
  });

  it('takes no result of an earlier run for input, though the output folder is a link', async () => {
    await mkdir(at('results'));
    await symlink('results', at('out'));
    for (let i = 0; i < 2; i++) expect(await denoise(folder, at('out'))).toBe(0);
    expect(await readdir(at('results'))).toEqual(['in.wav']);
  });
});

describe('output to what is no file', () => {
  it('goes straight through a FIFO, which stays', async () => {
    execFileSync('mkfifo', [at('fifo.wav')]);
    const reading = spawn('cat', [at('fifo.wav')], { stdio: ['ignore', 'pipe', 'ignore'] });
    const heard = text(reading.stdout);
    expect(await denoise(at('in.wav'), at('fifo.wav'))).toBe(0);
    expect(await heard).toEqual(input);
    expect((await lstat(at('fifo.wav'))).isFIFO()).toBe(true);
    expect(await names()).toEqual(['fifo.wav', 'in.wav']);
  });

  it('goes straight to a device behind a link, and a full one is told', async () => {
    await symlink('/dev/full', at('full.wav'));
    expect(await denoise(at('in.wav'), at('full.wav'))).toBe(1);
    expect(err).toContain('ENOSPC');
    expect((await lstat('/dev/full')).isCharacterDevice()).toBe(true);
    expect(await names()).toEqual(['full.wav', 'in.wav']);
  });

  it.each(['-', '/dev/stdout', 'link'])(
    'goes to standard output as %s: sound alone, messages elsewhere',
    async (name) => {
      await symlink('/dev/stdout', at('link'));
      const child = started([at('in.wav'), name === 'link' ? at('link') : name], ['ignore', 'pipe', 'pipe']);
      const [sound, messages] = await Promise.all([text(child.stdout), text(child.stderr)]);
      expect(sound).toEqual(input);
      expect(messages.toString()).toContain('x real time');
      expect((await lstat('/dev/stdout')).isSymbolicLink()).toBe(true);
    },
  );

  it('adds to the file that standard output is led to', async () => {
    await writeFile(at('all'), 'before');
    const file = openSync(at('all'), constants.O_WRONLY | constants.O_APPEND);
    const child = started([at('in.wav'), '/dev/stdout'], ['ignore', file, 'ignore']);
    expect(await status(child)).toBe(0);
    closeSync(file);
    expect(await readFile(at('all'))).toEqual(Buffer.concat([Buffer.from('before'), input]));
  });

  it('is whole though nobody hears the messages', async () => {
    const child = started([at('in.wav'), at('out.wav')], ['ignore', 'pipe', 'pipe']);
    child.stdout?.destroy();
    child.stderr?.destroy();
    expect(await status(child)).toBe(0);
    expect(await readFile(at('out.wav'))).toEqual(input);
  });

  it('fails plainly when the reader goes away', async () => {
    await writeFile(at('long.wav'), riff(pcm16, chunk('data', ramp(960_000))));
    const child = started([at('long.wav'), '-'], ['ignore', 'pipe', 'pipe']);
    const ended = status(child);
    const messages = text(child.stderr);
    child.stdout?.once('data', () => child.stdout?.destroy());
    expect(await ended).toBe(1);
    expect((await messages).toString()).toMatch(/^error: .*EPIPE[^\n]*\n$/);
  });
});

describe('input that is no file', () => {
  it('is left out of folders and patterns, where it may never end; a link that leads nowhere is told', async () => {
    await mkdir(at('tree'));
    await writeFile(at('tree', 'a.wav'), input);
    await mkdir(at('tree', 'folder.wav'));
    execFileSync('mkfifo', [at('tree', 'fifo.wav')]);
    await symlink('fifo.wav', at('tree', 'link.wav'));
    await symlink('/dev/zero', at('tree', 'zero.wav'));
    for (const from of [at('tree'), at('tree', '*.wav')]) {
      expect(await denoise(from, at('out')), from).toBe(0);
      expect(await readdir(at('out'))).toEqual(['a.wav']);
    }
    await symlink('nowhere', at('tree', 'lost.wav'));
    expect(await denoise(at('tree'), at('out'))).toBe(1);
    expect(err).toContain('lost.wav');
  });

  it('that ends early is told', async () => {
    const child = started(['-', at('out.wav')], ['pipe', 'ignore', 'pipe']);
    const messages = text(child.stderr);
    child.stdin?.end(input.subarray(0, 1045));
    expect(await status(child)).toBe(0);
    expect((await messages).toString()).toBe(
      'warning: -: is cut short: it announces 9600 bytes of samples and holds 1000; those were taken\n',
    );
    expect((await readFile(at('out.wav'))).subarray(44)).toEqual(input.subarray(44, 1044));
  });

  it('comes from standard input, and gets true sizes where that is possible', async () => {
    const unknown = Buffer.from(input);
    unknown.writeUInt32LE(0xffffffff, 4);
    unknown.writeUInt32LE(0xffffffff, 40);
    for (const [sound, name] of [
      [input, '-'],
      [unknown, '/dev/stdin'],
    ] as const) {
      const child = started([name, at('out.wav')], ['pipe', 'ignore', 'ignore']);
      child.stdin?.end(sound);
      expect(await status(child)).toBe(0);
      expect(await readFile(at('out.wav'))).toEqual(input);
    }
    const child = started(['-', '-'], ['pipe', 'pipe', 'ignore']);
    child.stdin?.end(input);
    const streamed = await text(child.stdout);
    expect(streamed.subarray(44)).toEqual(input.subarray(44));
    await writeFile(at('streamed.wav'), streamed);
    await rename(at('out.wav'), at('first.wav'));
    expect(await denoise(at('streamed.wav'), at('out.wav'))).toBe(0);
    expect(await readFile(at('out.wav'))).toEqual(input);
  });
});
