/**
 * Where a result goes. A file appears whole or not at all: it is written beside its place under a name nobody can guess, and moved
 * there at the end. Pipes and devices are written straight through. Node only.
 */
import { randomBytes } from 'node:crypto';
import { rmSync, type Stats, write as writeDescriptor } from 'node:fs';
import { access, constants, type FileHandle, mkdir, open, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { NoiseSuppressorError } from '../shared/errors';
import { followed, givenDescriptor, isDescriptorFolder } from './paths';

const PERMISSIONS = 0o777;
const NEW_FILE = 0o666;

/** All that end a process which does not listen, but crashes; a system without one of them never sends it. */
const SIGNALS = ['SIGALRM', 'SIGBREAK', 'SIGHUP', 'SIGINT', 'SIGQUIT', 'SIGTERM', 'SIGUSR2', 'SIGXCPU'] as const;

/** Files that are not complete yet, and what removes them if the process ends first. */
const partials = new Set<string>();

/** Who writes in other threads, which hear no signal: they stop before their files are removed. */
const writers = new Set<() => Promise<unknown>>();

/** What a worker thread tells the main one of its partial files. */
export interface PartialNote {
  readonly partial: string;
  readonly begun: boolean;
}

/** In a worker thread: where its notes go. */
let tell: ((note: PartialNote) => void) | null = null;

/** Leaves the removal of this thread's partial files to who gets the notes. */
export function tellPartials(to: (note: PartialNote) => void): void {
  tell = to;
}

/**
 * Removes another thread's partial files as well if the process ends first.
 * @param stop ends the thread; its last notes have come when it resolves
 * @returns what to call with each note, and at the end
 */
export function keepFor(stop: () => Promise<unknown>): { note(note: PartialNote): void; done(): void } {
  writers.add(stop);
  return {
    note: ({ partial, begun: is }) => (is ? begun(partial) : ended(partial)),
    done: () => writers.delete(stop),
  };
}

function removePartials(): void {
  for (const path of partials) rmSync(path, { force: true });
}

/** By the first signal: impatient people, and shells beside npx, send several. */
let ending = false;

/** Ends by the signal itself: process.exit() waits for a read of standard input that may never return. */
async function atSignal(signal: NodeJS.Signals): Promise<void> {
  if (ending) return;
  ending = true;
  await Promise.all([...writers].map((stop) => stop()));
  removePartials();
  for (const name of SIGNALS) process.off(name, atSignal);
  process.kill(process.pid, signal);
}

function begun(partial: string): void {
  if (tell) {
    tell({ partial, begun: true });
    return;
  }
  if (partials.size === 0) {
    process.on('exit', removePartials);
    for (const signal of SIGNALS) process.on(signal, atSignal);
  }
  partials.add(partial);
}

function ended(partial: string): void {
  tell?.({ partial, begun: false });
  if (!partials.delete(partial) || partials.size > 0) return;
  process.off('exit', removePartials);
  for (const signal of SIGNALS) process.off(signal, atSignal);
}

/** Writes all of it; where a file is written whole or in parts, at a place of it. */
type Write = (bytes: Uint8Array, position: number) => Promise<void>;

export class Output {
  /** Bytes of a file before what is written next. */
  private position = 0;

  private constructor(
    private readonly put: Write,
    private readonly file?: FileHandle,
    /** Where a file is written, and where it will be; a pipe or a device has neither. */
    private readonly place?: { readonly partial: string; readonly target: string },
  ) {}

  /**
   * Links are followed to the file they lead to, which keeps its permissions and, if the system lets us, its owner.
   * @param path a file that need not exist, in a folder that need not either; a FIFO or a device; `-` is standard output
   * @throws {NoiseSuppressorError} 'invalid-input' for a folder, a loop of links or a descriptor of Node.js itself; the file system's own errors. Nothing is left behind then
   */
  static async open(path: string): Promise<Output> {
    const descriptor = await givenDescriptor(path, 1);
    if (descriptor !== null) return new Output(toDescriptor(descriptor));
    await mkdir(dirname(path), { recursive: true });
    const target = await followed(path);
    const old = await stat(target).catch(() => null);
    if (old?.isDirectory()) throw new NoiseSuppressorError('invalid-input', `${path}: is a folder, name a file in it`);
    if (old && (!old.isFile() || isDescriptorFolder(dirname(target)))) {
      const file = await open(target, constants.O_WRONLY);
      return new Output(toFile(file), file);
    }
    // Moving a file over another asks only for rights in the folder.
    if (old) await access(target, constants.W_OK);
    const partial = join(dirname(target), `.percepnet-${randomBytes(12).toString('hex')}.part`);
    begun(partial);
    try {
      // 'wx' follows no link and opens nothing that is there already.
      const file = await open(partial, 'wx', old ? old.mode & PERMISSIONS : NEW_FILE);
      const output = new Output((bytes, position) => toPlace(file, bytes, position), file, { partial, target });
      if (old) await keepRights(file, old);
      return output;
    } catch (error) {
      await removed(partial);
      // Nobody has heard of the other name.
      if (error instanceof Error) error.message = error.message.replace(partial, path);
      throw error;
    }
  }

  /**
   * A part of a file that is there, from `position` on; who began the file ends it.
   * @throws the file system's own errors
   */
  static async within(path: string, position: number): Promise<Output> {
    const file = await open(path, constants.O_WRONLY);
    const output = new Output((bytes, at) => toPlace(file, bytes, at), file);
    output.position = position;
    return output;
  }

  /** Where others may write parts of it meanwhile, and writeAt() can go back; null of a pipe or a device. */
  get partial(): string | null {
    return this.place?.partial ?? null;
  }

  async write(bytes: Uint8Array): Promise<void> {
    await this.put(bytes, this.position);
    this.position += bytes.length;
  }

  /** Leaves out what others write. */
  skip(bytes: number): void {
    this.position += bytes;
  }

  /** In a file alone. */
  async writeAt(position: number, bytes: Uint8Array): Promise<void> {
    if (this.place) await this.put(bytes, position);
  }

  /** Moves the file to its place. */
  async finish(): Promise<void> {
    await this.file?.close();
    if (!this.place) return;
    await rename(this.place.partial, this.place.target);
    ended(this.place.partial);
  }

  /** Removes what was written. What a pipe or a device has got stays there. */
  async discard(): Promise<void> {
    await this.file?.close().catch(() => {});
    if (this.place) await removed(this.place.partial);
  }
}

async function removed(partial: string): Promise<void> {
  await rm(partial, { force: true });
  ended(partial);
}

/** The mode goes last: a change of owner takes bits from it. Only root may give files away; else they stay ours. */
async function keepRights(file: FileHandle, { mode, uid, gid }: Stats): Promise<void> {
  const now = await file.stat();
  if (now.uid !== uid || now.gid !== gid) await file.chown(uid, gid).catch(() => {});
  await file.chmod(mode & PERMISSIONS);
}

function toFile(file: FileHandle): Write {
  // At the file's own position, in as many steps as it takes.
  return (bytes) => file.writeFile(bytes);
}

async function toPlace(file: FileHandle, bytes: Uint8Array, position: number): Promise<void> {
  for (let at = 0; at < bytes.length; ) {
    at += (await file.write(bytes, at, bytes.length - at, position + at)).bytesWritten;
  }
}

function toDescriptor(descriptor: number): Write {
  const stream = descriptor === 1 ? process.stdout : descriptor === 2 ? process.stderr : null;
  if (stream) {
    return (bytes) =>
      new Promise((done, failed) => {
        stream.write(bytes, (error) => (error ? failed(error) : done()));
      });
  }
  const write = promisify(writeDescriptor);
  return async (bytes) => {
    for (let at = 0; at < bytes.length; ) {
      at += (await write(descriptor, bytes, at, bytes.length - at, null)).bytesWritten;
    }
  };
}
