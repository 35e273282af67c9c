/**
 * The packed package in Deno, Bun and the oldest Node it is for, installed from npm where they are not on the path: a stream, PCM of any
 * length, the command line.
 */
import { execFile, spawnSync } from 'node:child_process';
import { cpSync, existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { emptyProject, install, project, write } from './tarball';

const run = promisify(execFile);
const folders: string[] = [];

/** One second of noise three ways, at 16 kHz. */
const STREAMS = `
  import { Denoiser, denoise, denoiseStream } from 'percepnet-wasm/offline';
  const options = { sampleRate: 16000 };
  let state = 1;
  const pcm = Int16Array.from({ length: 16000 }, () => (state = (Math.imul(state, 1664525) + 1013904223) | 0) >> 18);
  const sound = Float32Array.from(pcm, (sample) => sample / 32768);
  const whole = await denoise(sound, options);
  const full = await denoise(sound, { ...options, network: 'full' });
  const ofPath = await denoise(sound, { ...options, assets: { base: 'node_modules/percepnet-wasm/dist' } });
  const denoiser = await Denoiser.create(options);
  const chunks = [];
  for (let at = 0; at < pcm.length; at += 333) chunks.push(...denoiser.process(pcm.slice(at, at + 333)));
  chunks.push(...denoiser.flush());
  const body = new ReadableStream({
    start(controller) {
      for (let at = 0; at < 32000; at += 1001) controller.enqueue(new Uint8Array(pcm.buffer).slice(at, at + 1001));
      controller.close();
    },
  });
  const bytes = [];
  for await (const part of body.pipeThrough(denoiseStream({ ...options, format: 's16le' }))) bytes.push(...new Uint8Array(part));
  const streamed = new Int16Array(Uint8Array.from(bytes).buffer);
  const energy = (samples) => samples.slice(8000).reduce((sum, sample) => sum + sample * sample, 0);
  const wrong = await Denoiser.create({ samplerate: 16000 }).catch((error) => error);
  console.log(JSON.stringify({
    lengths: [whole.length, full.length, ofPath.length, chunks.length, streamed.length],
    less: energy(streamed) < 0.25 * energy(pcm),
    same: streamed.every((sample, n) => sample === chunks[n] && Math.abs(sample - 32768 * whole[n]) <= 1),
    wrong: wrong.code,
  }));`;

let app: string;

beforeAll(() => {
  app = project();
  folders.push(app);
  write(app, { 'streams.mjs': STREAMS });
  cpSync('test/fixtures/noise.wav', join(app, 'in/deep/noise.wav'));
});
afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

/** The program, on the path or installed for the test; @throws with npm's reason. */
function find(name: string, wanted: string, scope: string, path: string): string {
  const runs = (program: string): boolean => spawnSync(program, ['--version']).stdout?.toString().includes(wanted);
  if (runs(name)) return name;
  const folder = emptyProject();
  folders.push(folder);
  install(folder, [`${name}@${wanted || 'latest'}`]);
  // The wrapper works where npm ran its script; the program itself is in a package of its own for each platform, until that script moves it.
  const modules = join(folder, 'node_modules', scope);
  const platforms = existsSync(modules) ? readdirSync(modules).map((platform) => join(scope, platform, path)) : [];
  const programs = [`.bin/${name}`, ...platforms].map((program) => join(folder, 'node_modules', program));
  const found = programs.find((program) => existsSync(program) && runs(program));
  if (!found) throw new Error(`${name} came with no program that runs here: ${programs.join(', ')}`);
  return found;
}

/** The oldest Node of package.json. */
const OLDEST = `${/[\d.]+/.exec(JSON.parse(readFileSync('package.json', 'utf8')).engines.node)?.[0]}.0`;

test.for([
  { name: 'node', wanted: OLDEST, scope: '', path: '', options: [] },
  { name: 'deno', wanted: '', scope: '@deno', path: 'deno', options: ['run', '--no-prompt', '--allow-all'] },
  { name: 'bun', wanted: '', scope: '@oven', path: 'bin/bun', options: [] },
])(
  '$name $wanted: streams and the command line',
  { timeout: 600_000 },
  async ({ name, wanted, scope, path, options }, { skip }) => {
    let program: string;
    try {
      program = find(name, wanted, scope, path);
    } catch (error) {
      return skip(`${name} is not here, and npm could not install it: ${(error as Error).message.split('\n').at(-1)}`);
    }
    const { stdout } = await run(program, [...options, 'streams.mjs'], { cwd: app });
    expect(JSON.parse(stdout)).toEqual({
      lengths: [16000, 16000, 16000, 16000, 16000],
      less: true,
      same: true,
      wrong: 'invalid-input',
    });
    const cli = join(app, 'node_modules/percepnet-wasm/dist/cli.js');
    const denoised = (out: string): Buffer => readFileSync(join(app, out, 'deep/noise.wav'));
    await run(program, [...options, cli, 'denoise', '--jobs', '2', 'in/', name], { cwd: app });
    await run(process.execPath, [resolve(cli), 'denoise', 'in/', 'here'], { cwd: app });
    expect(denoised(name).equals(denoised('here'))).toBe(true);
  },
);
