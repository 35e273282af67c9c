#!/usr/bin/env node
/** percepnet-wasm: noise suppression for WAV files (also as percepnet-denoise), and copy-assets for web apps. */
import { existsSync, realpathSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { isMainThread } from 'node:worker_threads';
import { CORE_CHANNELS } from '../core/exports';
import { copyAssets } from '../files/copy-assets';
import { type FileResult, partsOf } from '../files/denoise-files';
import { HELP } from '../files/help';
import { descriptorOf } from '../files/paths';
import { type FileTask, planFiles } from '../files/plan';
import { Progress, pace } from '../files/progress';
import { RAW_FORMATS, rawFormat } from '../files/raw';
import { localRunner, partsRunner, type Runner, serve, type Work, workerRunner } from '../files/runners';
import type { WavFormat } from '../files/wav';
import { MAX_FILE_RATE, MIN_FILE_RATE } from '../files/wav-header';
import type { NetworkName } from '../loading/networks';
import { checkStrength } from '../offline/options';
import { NoiseSuppressorError } from '../shared/errors';
import { VERSION } from '../shared/version';
import { full } from './full';

/** A file of such a name is ./lite, ./full. */
const NETWORKS: readonly NetworkName[] = ['lite', full];

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

/** What --json says of a file. */
type Entry =
  | ({ readonly input: string; readonly output: string; readonly warning?: string } & WavFormat &
      Pick<FileResult, 'seconds' | 'spent'>)
  | { readonly input: string; readonly output: string; readonly error: { readonly code?: string; message: string } };

/** A mistake in the call, told with exit status 2. */
class UsageError extends Error {}

/**
 * @param program a module that calls serve() in a worker thread; without it all files go one after another in this thread
 * @returns the exit status: 0 all done, 1 something failed, 2 wrong usage
 */
export async function run(
  args: readonly string[],
  io: Terminal = terminal,
  wasm?: BufferSource,
  program?: URL,
): Promise<number> {
  let call: Call;
  try {
    const { values, positionals } = parse(args);
    if (values.help) {
      io.out(HELP);
      return 0;
    }
    if (values.version) {
      io.out(`${VERSION}\n`);
      return 0;
    }
    call = understood(values, positionals);
  } catch (error) {
    io.err(`${(error as Error).message}\nTry --help.\n`);
    return 2;
  }
  const { model, inputs, output } = call;
  const work: Work = {
    strength: call.strength,
    assets: { ...call.network, ...(wasm && { wasm }) },
    ...(call.raw && { raw: call.raw }),
  };
  const failed = (error: unknown): void => io.err(`error: ${error instanceof Error ? error.message : error}\n`);
  let tasks: FileTask[];
  let local: Runner;
  try {
    if (model !== null && !existsSync(model)) throw new Error(`--model ${model}: no such file; lite, full, or a file`);
    tasks = await planFiles(inputs, output, model ? [model] : [], call.raw ? '.raw' : '.wav');
    // In any case: what is wrong with core or network is told once, before any file.
    local = await localRunner(work);
  } catch (error) {
    failed(error);
    return 1;
  }
  const most = call.jobs ?? availableParallelism();
  const parts = await Promise.all(tasks.map((task) => (call.split ? partsOf(task, most, work.raw) : 1)));
  const jobs = Math.max(Math.min(tasks.length, most), ...parts);
  const threads = program && jobs > 1 ? Array.from({ length: jobs }, () => workerRunner(program, work)) : [];
  const drawn = call.progress || (io.isTerminal && !call.quiet);
  const bar = new Progress(drawn ? io.err : null, tasks[0]?.input ?? '', await Promise.all(tasks.map(weight)));
  // What is written to standard output must be sound alone.
  const sound = (await Promise.all(tasks.map((task) => descriptorOf(task.output, 1)))).includes(1);
  const tell = sound ? io.err : io.out;
  const started = performance.now();
  const entries: Entry[] = [];
  const drain = async (runner: Runner, queue: number[]): Promise<void> => {
    for (let at = queue.shift(); at !== undefined; at = queue.shift()) {
      const task = tasks[at]!;
      try {
        const result = await runner.run(task, (share) => bar.show(at, share));
        bar.end(at);
        entries[at] = { ...task, ...spread(result) };
        if (result.warning) io.err(`warning: ${result.warning}\n`);
        if (!call.quiet && !call.json) tell(`${task.output}  ${describe(result)}\n`);
      } catch (error) {
        bar.end(at);
        const told = error instanceof NoiseSuppressorError ? error : about(task.input, error);
        const code = told instanceof NoiseSuppressorError ? { code: told.code } : {};
        entries[at] = { ...task, error: { ...code, message: told.message } };
        failed(told);
      }
    }
  };
  const whole = [...tasks.keys()];
  if (threads.length > 0) {
    local.close();
    // Those in parts first, one after the other: each has all threads.
    const long = whole.filter((at) => parts[at]! > 1);
    for (const at of long) await drain(partsRunner(threads.slice(0, parts[at]), work.raw), [at]);
    const short = whole.filter((at) => parts[at] === 1);
    await Promise.all(threads.map((runner) => drain(runner, short)));
    for (const runner of threads) runner.close();
  } else {
    await drain(local, whole);
    local.close();
  }
  const spent = (performance.now() - started) / 1000;
  const done = entries.filter((entry) => 'seconds' in entry);
  const seconds = done.reduce((sum, entry) => sum + entry.seconds, 0);
  if (call.json) tell(`${JSON.stringify({ files: entries, seconds, spent, failed: tasks.length - done.length })}\n`);
  else if (tasks.length > 1 && !call.quiet) tell(`${done.length} of ${tasks.length} files  ${pace(seconds, spent)}\n`);
  return done.length < tasks.length ? 1 : 0;
}

function parse(args: readonly string[]) {
  return parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      strength: { type: 'string', default: '1' },
      model: { type: 'string', default: 'lite' },
      jobs: { type: 'string', short: 'j' },
      split: { type: 'boolean', default: false },
      rate: { type: 'string' },
      channels: { type: 'string' },
      format: { type: 'string' },
      json: { type: 'boolean', default: false },
      progress: { type: 'boolean', default: false },
      quiet: { type: 'boolean', default: false },
      version: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
}

type Values = ReturnType<typeof parse>['values'];

/** What was asked for, in order. */
interface Call extends Pick<Values, 'split' | 'json' | 'progress' | 'quiet'> {
  readonly inputs: readonly string[];
  readonly output: string;
  readonly strength: number;
  readonly network: { readonly network: NetworkName } | { readonly model: string };
  /** A network's file. */
  readonly model: string | null;
  readonly jobs: number | null;
  readonly raw: WavFormat | null;
}

/** @throws {UsageError} */
function understood(values: Values, positionals: readonly string[]): Call {
  const inputs = positionals.slice(0, -1);
  const output = positionals.at(-1);
  if (inputs.length === 0 || !output || inputs.includes('')) throw new UsageError('An input and an output are needed.');
  const { split, json, progress, quiet, model } = values;
  const strength = numeral(values.strength);
  try {
    checkStrength(strength);
  } catch {
    throw new UsageError(`--strength is a number from 0 to 1, not ${values.strength}`);
  }
  const jobs = values.jobs === undefined ? null : whole('--jobs', values.jobs, 1, 1024);
  const named = NETWORKS.find((name) => name === model);
  const network = named ? { network: named } : { model: pathToFileURL(resolve(model)).href };
  const raw = rawOf(values, [...inputs, output]);
  return { inputs, output, strength, network, model: named ? null : model, jobs, raw, split, json, progress, quiet };
}

/** @throws {UsageError} */
function rawOf({ format, rate, channels }: Values, paths: readonly string[]): WavFormat | null {
  if (format === undefined) {
    const lone = rate !== undefined ? '--rate' : channels !== undefined ? '--channels' : null;
    if (lone) throw new UsageError(`${lone} is for raw samples, with --format; a WAV file says it itself`);
    return null;
  }
  if (rate === undefined) throw new UsageError('--format needs --rate: raw samples do not say their rate');
  const hertz = whole('--rate', rate, MIN_FILE_RATE, MAX_FILE_RATE);
  const raw = rawFormat(format, hertz, whole('--channels', channels ?? '1', 1, CORE_CHANNELS));
  if (!raw) throw new UsageError(`--format is one of ${RAW_FORMATS.join(', ')}, not ${format}`);
  const wav = paths.find((path) => /\.wav$/i.test(path));
  if (wav) throw new UsageError(`${wav}: with --format files are raw samples, in and out; leave it out for WAV files`);
  return raw;
}

/** @throws {UsageError} */
function whole(name: string, text: string, least: number, most: number): number {
  const value = numeral(text);
  if (Number.isInteger(value) && value >= least && value <= most) return value;
  throw new UsageError(`${name} is a whole number from ${least} to ${most}, not ${text}`);
}

/** Number() takes '' for 0. */
function numeral(text: string): number {
  return text.trim() === '' ? Number.NaN : Number(text);
}

/** Bytes; 1 for what has no size. */
async function weight({ input }: FileTask): Promise<number> {
  const stats = await stat(input).catch(() => null);
  return Math.max(1, stats?.size ?? 1);
}

function spread({ format, ...rest }: FileResult): WavFormat & Omit<FileResult, 'format'> {
  return { ...format, ...rest };
}

function about(path: string, error: unknown): Error {
  return new Error(`${path}: ${error instanceof Error ? error.message : error}`);
}

function describe({ format, seconds, spent }: FileResult): string {
  const channels = format.channels === 1 ? 'mono' : format.channels === 2 ? 'stereo' : `${format.channels} channels`;
  return `${format.sampleRate / 1000} kHz ${channels} ${format.bits}-bit${format.encoding === 'integer' ? '' : ` ${format.encoding}`}  ${pace(seconds, spent)}`;
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
  else process.exitCode = await run(command === 'denoise' ? rest : args, terminal, wasm, new URL(import.meta.url));
}

const started = process.argv[1];
if (!isMainThread) {
  serve();
} else if (started && realpathSync(started) === fileURLToPath(import.meta.url)) {
  await main(process.argv.slice(2));
}
