#!/usr/bin/env node
/** percepnet-wasm: noise suppression for WAV files (also as percepnet-denoise), and copy-assets for web apps. */
import { realpathSync } from 'node:fs';
import { resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { CORE_CHANNELS } from '../core/exports';
import { copyAssets } from '../files/copy-assets';
import { denoiseFile, type FileResult, planFiles } from '../files/denoise-files';
import { descriptorOf } from '../files/paths';
import type { NetworkName } from '../loading/networks';
import { acquireCore } from '../offline/cores';
import { checkStrength } from '../offline/options';
import { NoiseSuppressorError } from '../shared/errors';
import { VERSION } from '../shared/version';
import { full } from './full';

const HELP = `Removes noise from speech in WAV files.

  percepnet-wasm denoise [options] <in.wav> <out.wav>
  percepnet-wasm denoise [options] <folder> <out folder>

The output has the length, sample rate (8 to 192 kHz), channels and sample format of the input. Either may be a pipe or a device, and
- is standard input or output. In a folder every .wav is taken, at any depth; a file that cannot be read is reported, the others are
written, and the exit status is 1.

  --strength S   0 leaves the sound as it is, 1 removes as much as possible (default 1)
  --model NAME   lite (default), full (3.5 MB, twice the work), or a file of your own (.safetensors)
  --progress     show progress even where standard error is no terminal
  --quiet        print errors only
  --version
  --help

For web apps:

  percepnet-wasm copy-assets [--full] <folder>

copies worklet, cores and network to a folder that the app serves, and prints the assets option to paste. --full takes the larger
network too.
`;

/** A file of such a name is ./lite, ./full. */
const NETWORKS: readonly NetworkName[] = ['lite', full];
const BAR_WIDTH = 30;

/** Where text goes; tests put their own here. */
export interface Terminal {
  out(text: string): void;
  err(text: string): void;
  isTerminal: boolean;
}

const terminal: Terminal = {
  out: (text) => process.stdout.write(text),
  err: (text) => process.stderr.write(text),
  isTerminal: process.stderr.isTTY === true,
};

/** @returns the exit status: 0 all done, 1 something failed, 2 wrong usage */
export async function run(args: readonly string[], io: Terminal = terminal, wasm?: BufferSource): Promise<number> {
  const usage = (reason: string): number => {
    io.err(`${reason}\nTry --help.\n`);
    return 2;
  };
  let parsed: ReturnType<typeof parse>;
  try {
    parsed = parse(args);
  } catch (error) {
    return usage((error as Error).message);
  }
  const { values, positionals } = parsed;
  if (values.help) {
    io.out(HELP);
    return 0;
  }
  if (values.version) {
    io.out(`${VERSION}\n`);
    return 0;
  }
  const [input, output] = positionals;
  if (positionals.length !== 2 || !input || !output) return usage('An input and an output are needed.');
  const strength = values.strength?.trim() === '' ? Number.NaN : Number(values.strength ?? 1);
  try {
    checkStrength(strength);
  } catch {
    return usage(`--strength is a number from 0 to 1, not ${values.strength}`);
  }

  let failed = 0;
  const failure = (error: unknown): void => {
    failed++;
    io.err(`error: ${error instanceof Error ? error.message : error}\n`);
  };
  const { model = 'lite' } = values;
  const named = NETWORKS.find((name) => name === model);
  const assets = named ? { network: named } : { model: pathToFileURL(resolve(model)) };
  const results: FileResult[] = [];
  let core: Awaited<ReturnType<typeof acquireCore>>;
  let tasks: Awaited<ReturnType<typeof planFiles>>;
  try {
    tasks = await planFiles(input, output, named ? [] : [model]);
    core = await acquireCore({ ...assets, ...(wasm && { wasm }) }, CORE_CHANNELS);
  } catch (error) {
    failure(error);
    return 1;
  }
  for (const task of tasks) {
    const bar = new Bar(io, values.progress || (io.isTerminal && !values.quiet), task.input);
    try {
      const result = await denoiseFile(core, task, strength, (fraction) => bar.show(fraction));
      results.push(result);
      bar.clear();
      if (result.warning) io.err(`warning: ${result.warning}\n`);
      // What is written to standard output must be sound alone.
      const tell = (await descriptorOf(task.output, 1)) === 1 ? io.err : io.out;
      if (!values.quiet) tell(`${task.output}  ${describe(result)}\n`);
    } catch (error) {
      bar.clear();
      failure(error instanceof NoiseSuppressorError ? error : about(task.input, error));
      if (core.broken) core = core.renew();
    }
  }
  core.release();
  if (tasks.length > 1 && !values.quiet) {
    const seconds = results.reduce((sum, result) => sum + result.seconds, 0);
    const spent = results.reduce((sum, result) => sum + result.spent, 0);
    io.out(`${results.length} of ${tasks.length} files  ${pace(seconds, spent)}\n`);
  }
  return failed > 0 ? 1 : 0;
}

function parse(args: readonly string[]) {
  return parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      strength: { type: 'string' },
      model: { type: 'string' },
      progress: { type: 'boolean', default: false },
      quiet: { type: 'boolean', default: false },
      version: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
}

function about(path: string, error: unknown): Error {
  return new Error(`${path}: ${error instanceof Error ? error.message : error}`);
}

function describe({ format, seconds, spent }: FileResult): string {
  const channels = format.channels === 1 ? 'mono' : format.channels === 2 ? 'stereo' : `${format.channels} channels`;
  return `${format.sampleRate / 1000} kHz ${channels} ${format.bits}-bit${format.encoding === 'integer' ? '' : ` ${format.encoding}`}  ${pace(seconds, spent)}`;
}

function pace(seconds: number, spent: number): string {
  return `${duration(seconds)} in ${duration(spent)}, ${Math.round(seconds / Math.max(spent, 1e-3))} x real time`;
}

function duration(seconds: number): string {
  if (seconds < 60) return `${seconds.toFixed(seconds < 10 ? 2 : 1)} s`;
  const whole = Math.round(seconds);
  const parts = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  if (parts[0] === 0) parts.shift();
  return parts.map((part, i) => (i === 0 ? String(part) : String(part).padStart(2, '0'))).join(':');
}

/** A line on standard error, redrawn ten times a second at most. */
class Bar {
  private readonly started = performance.now();
  private drawn = 0;

  constructor(
    private readonly io: Terminal,
    private readonly wanted: boolean,
    private readonly name: string,
  ) {}

  show(fraction: number): void {
    const now = performance.now();
    if (!this.wanted || now - this.drawn < 100) return;
    const left = ((now - this.started) / 1000) * (1 / fraction - 1);
    const full = Math.round(fraction * BAR_WIDTH);
    const bar = '#'.repeat(full) + '.'.repeat(BAR_WIDTH - full);
    this.io.err(`\r${this.name}  [${bar}] ${Math.floor(fraction * 100)} %, ${duration(left)} left\x1b[K`);
    this.drawn = now;
  }

  clear(): void {
    if (this.drawn > 0) this.io.err('\r\x1b[K');
  }
}

/** @returns the exit status: 0 done, 1 failed, 2 wrong usage */
export function copy(args: readonly string[], io: Terminal = terminal, source?: URL): number {
  let folder: string | undefined;
  let full = false;
  try {
    const { values, positionals } = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: { full: { type: 'boolean', default: false } },
    });
    full = values.full;
    if (positionals.length === 1) [folder] = positionals;
  } catch (error) {
    io.err(`${(error as Error).message}\n`);
  }
  if (!folder) {
    io.err('copy-assets needs one folder, for example public/percepnet.\nTry --help.\n');
    return 2;
  }
  try {
    const { files, option } = copyAssets(folder, full, source);
    for (const { path, bytes } of files) io.out(`${path}  ${bytes} bytes\n`);
    io.out(`\nServe that folder as it is and pass, with its address if it is another:\n\n  ${option}\n\n`);
    io.out('Copy again after each update of the package: files that do not belong together are refused at start.\n');
    return 0;
  } catch (error) {
    io.err(`error: ${error instanceof Error ? error.message : error}\n`);
    return 1;
  }
}

/** The command line of this process. */
export async function main(args: readonly string[], wasm?: BufferSource): Promise<void> {
  // A reader that goes away: writes of sound hear of it themselves, and lost messages are no reason to lose files.
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {});
  const [command, ...rest] = args;
  if (command === 'copy-assets') process.exitCode = copy(rest);
  else process.exitCode = await run(command === 'denoise' ? rest : args, terminal, wasm);
}

const started = process.argv[1];
if (started && realpathSync(started) === fileURLToPath(import.meta.url)) {
  await main(process.argv.slice(2));
}
