import { CORE_IMPORTS, type CoreExports } from '../src/core';
import { loadNetwork } from '../src/model';
import type { ProcessorCore } from './messages';

/** One instance of the core with its network loaded. */
export interface LoadedCore {
  key: string;
  exports: CoreExports;
  network: number;
  /** Frames run on it so far to warm it up. */
  warm: boolean;
}

/** Instances of this scope by core and model: all nodes of a context share one copy of the weights. */
const loaded = new Map<string, LoadedCore>();

/** The scope's instance for this core and model, made when it is the first. Throws when the bytes are no core. */
export function acquireCore(source: ProcessorCore): LoadedCore {
  const known = loaded.get(source.key);
  if (known) return known;
  if (!source.wasm || !source.model) throw new Error('the core was not sent to this audio worklet');
  // Synchronous: a scope without timers cannot wait, and a module compiled elsewhere can get lost on the way.
  const instance = new WebAssembly.Instance(new WebAssembly.Module(source.wasm), CORE_IMPORTS);
  const exports = instance.exports as unknown as CoreExports;
  const network = loadNetwork(exports, source.model);
  if (!(network >= 0)) throw new Error(`the core refused the network (${network})`);
  const core = { key: source.key, exports, network, warm: false };
  loaded.set(source.key, core);
  return core;
}

/** Forgets an instance that trapped: its memory cannot be trusted any more. Live nodes keep their reference. */
export function discardCore(core: LoadedCore): void {
  if (loaded.get(core.key) === core) loaded.delete(core.key);
}
