/** Instances of the core, each shared by as many recordings and streams as it has room for. */
import { NoRoom } from '../channel/channels';
import { CORE_CHANNELS, CORE_IMPORTS, type CoreExports } from '../core/exports';
import { loadNetwork, type NetworkInfo } from '../core/model';
import type { AssetOptions } from '../loading/asset-options';
import { type LoadedAssets, loadAssets } from '../loading/assets';
import { NoiseSuppressorError } from '../shared/errors';
import { LOAD_TIMEOUT_MS, type LoadLimits, limited } from '../shared/limited';
import { messageOf } from '../shared/realm';

/** A core with a network and room for the channels asked for. */
export interface SharedCore {
  readonly exports: CoreExports;
  readonly network: number;
  readonly info: NetworkInfo;
  /** True once a call of anybody who shares the instance has thrown: its memory cannot be trusted any more. */
  readonly broken: boolean;
  /** Takes the instance out of use, for all who share it. */
  discard(): void;
  /** The same room in a sound instance of the same files, made if need be; this one is given back. */
  renew(): SharedCore;
  /** Gives the room back; the last release lets the garbage collector have the instance. Call once. */
  release(): void;
}

interface Instance {
  readonly exports: CoreExports;
  readonly network: number;
  /** Channels given away. */
  taken: number;
  broken: boolean;
}

/** Living instances by the files they are made of. */
const instances = new Map<string, Instance[]>();

/**
 * Room for `channels` suppressors in an instance of these files: in a living one, or a new one when they are full.
 * @param limits for the files, default 60 s
 * @throws {NoiseSuppressorError} as loadAssets and loadNetwork do, 'timeout', 'aborted'
 */
export async function acquireCore(
  options: Omit<AssetOptions, 'worklet'> = {},
  channels: number,
  limits: LoadLimits = {},
): Promise<SharedCore> {
  return share(await loadFiles(options, limits), channels);
}

/** The files alone. @throws {NoiseSuppressorError} as loadAssets does, 'timeout', 'aborted' */
export function loadFiles(options: Omit<AssetOptions, 'worklet'>, limits: LoadLimits): Promise<LoadedAssets> {
  const { signal, timeoutMs = LOAD_TIMEOUT_MS } = limits;
  return limited([signal, options.fetchInit?.signal], timeoutMs, 'the files did not come', (wait) =>
    loadAssets(options, wait),
  );
}

/** As acquireCore, of files that are there. @throws {NoiseSuppressorError} as loadNetwork does */
export function share(assets: LoadedAssets, channels: number): SharedCore {
  const others = instances.get(assets.key) ?? [];
  const core = others.find(({ taken }) => taken + channels <= CORE_CHANNELS) ?? instantiate(assets);
  if (core.taken === 0) instances.set(assets.key, [...others, core]);
  core.taken += channels;
  const forget = (): void => {
    const left = (instances.get(assets.key) ?? []).filter((other) => other !== core);
    if (left.length > 0) instances.set(assets.key, left);
    else instances.delete(assets.key);
  };
  const release = (): void => {
    core.taken -= channels;
    if (core.taken === 0) forget();
  };
  return {
    exports: core.exports,
    network: core.network,
    info: { name: assets.model.name, version: assets.model.version },
    get broken() {
      return core.broken;
    },
    discard() {
      core.broken = true;
      forget();
    },
    renew() {
      const fresh = share(assets, channels);
      release();
      return fresh;
    },
    release,
  };
}

/** Synchronous, so that who calls process() can go on after a fault; the core is small. */
function instantiate({ wasm, model }: LoadedAssets): Instance {
  const instance = new WebAssembly.Instance(new WebAssembly.Module(wasm), CORE_IMPORTS);
  const exports = instance.exports as unknown as CoreExports;
  return { exports, network: loadNetwork(exports, model), taken: 0, broken: false };
}

/** Somebody else's call has broken the shared core: the same work succeeds on another. */
export class CoreLost extends NoiseSuppressorError {
  constructor() {
    super('processor-failed', 'another stream broke the core that this one shared: begin anew');
  }
}

/** Ends the use of a core one of whose calls has thrown; gives what to throw instead. */
export function failed(core: SharedCore, cause: unknown): NoiseSuppressorError {
  if (cause instanceof NoiseSuppressorError) return cause;
  if (cause instanceof NoRoom) {
    const message = 'the core has no memory for another channel: destroy some first';
    return new NoiseSuppressorError('wasm-rejected', message, { cause });
  }
  core.discard();
  const message = messageOf(cause);
  return new NoiseSuppressorError('processor-failed', `the core stopped working: ${message}`, { cause });
}
