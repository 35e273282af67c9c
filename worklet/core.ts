import { CORE_CHANNELS, CORE_IMPORTS, type CoreExports } from '../src/core/exports';
import { loadNetwork, type Model } from '../src/core/model';
import type { ProcessorCore } from '../src/graph/messages';

/** One instance of the core with its network loaded. */
export interface LoadedCore {
  readonly files: CoreFiles;
  readonly exports: CoreExports;
  readonly network: number;
  /** Frames run on it so far to warm it up. */
  warm: boolean;
  /** Channels given away. */
  taken: number;
  /** A call on it has thrown: its memory cannot be trusted any more, by nobody. */
  broken: boolean;
}

/** What instances are made of, kept as long as the scope: a node that comes later brings only the key. */
interface CoreFiles {
  readonly module: WebAssembly.Module;
  readonly model: Model;
  /** Those in use, and the last one even when it is empty. */
  readonly cores: LoadedCore[];
}

const known = new Map<string, CoreFiles>();

/**
 * Room for `channels` in an instance of these files, which all nodes of the scope share until it is full. Throws when the bytes are no
 * core. Not real-time safe where an instance has to be made.
 */
export function acquireCore(source: ProcessorCore, channels: number): LoadedCore {
  const files = known.get(source.key);
  if (files) return room(files, channels);
  if (!source.wasm || !source.model) throw new Error('the core was not sent to this audio worklet');
  // Synchronous: a scope without timers cannot wait, and a module compiled elsewhere can get lost on the way.
  const fresh = { module: new WebAssembly.Module(source.wasm), model: source.model, cores: [] };
  const core = room(fresh, channels);
  known.set(source.key, fresh);
  return core;
}

/** The same room in a sound instance, for a node whose own was broken. */
export function replaceCore(core: LoadedCore, channels: number): LoadedCore {
  return room(core.files, channels);
}

/** Gives the room back, and an empty instance with it unless it is the only one. */
export function releaseCore(core: LoadedCore, channels: number): void {
  core.taken -= channels;
  if (core.taken === 0 && core.files.cores.length > 1) forget(core);
}

/** Takes an instance that trapped out of use. */
export function discardCore(core: LoadedCore): void {
  core.broken = true;
  forget(core);
}

function forget(core: LoadedCore): void {
  const { cores } = core.files;
  const at = cores.indexOf(core);
  if (at >= 0) cores.splice(at, 1);
}

function room(files: CoreFiles, channels: number): LoadedCore {
  const core = files.cores.find(({ taken }) => taken + channels <= CORE_CHANNELS) ?? instantiate(files);
  core.taken += channels;
  return core;
}

function instantiate(files: CoreFiles): LoadedCore {
  const instance = new WebAssembly.Instance(files.module, CORE_IMPORTS);
  const exports = instance.exports as unknown as CoreExports;
  const network = loadNetwork(exports, files.model);
  if (!(network >= 0)) throw new Error(`the core refused the network (${network})`);
  const core = { files, exports, network, warm: false, taken: 0, broken: false };
  files.cores.push(core);
  return core;
}
