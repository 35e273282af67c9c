/** Which files to load, from where, and how. */
import { NoiseSuppressorError } from '../shared/errors';
import { checkOptions, NETWORK, OBJECT, type Rule, type Rules, SIGNAL } from '../shared/options';
import { isObject, kindOf, messageOf, shown } from '../shared/realm';
import { type AssetIntegrity, checkHashes } from './integrity';
import type { NetworkName } from './networks';

/** Which files to load, from where, and how. */
export interface AssetOptions {
  /**
   * Folder that holds the package's files under their own names, as `npx percepnet-wasm copy-assets` makes it: an address, or in Node,
   * Deno and Bun a path.
   * @defaultValue the folder of this module
   * @throws 'asset-not-found' for a file that is not there
   * @example `{ assets: { base: '/percepnet/' } }`
   */
  base?: string | URL;
  /**
   * Worklet module.
   * @defaultValue worklet.js in `base`, or next to this module
   * @throws 'worklet-rejected', 'version-mismatch'
   * @example `{ assets: { worklet: '/static/worklet.js' } }`
   */
  worklet?: string | URL;
  /**
   * Core, as a URL or as bytes (copied, never detached).
   * @defaultValue core.wasm, or core-relaxed.wasm where the browser has relaxed SIMD, as for the worklet
   * @throws 'wasm-rejected', 'version-mismatch'
   * @example `{ assets: { wasm: '/static/core.wasm' } }`
   */
  wasm?: string | URL | BufferSource;
  /**
   * Which network of the package, for calls that take assets alone, as preload() does; elsewhere `network` beside `assets` says it. Not
   * together with `model`.
   * @defaultValue 'lite'
   * @throws 'asset-not-found' as for `network` elsewhere
   * @example `NoiseSuppressorNode.preload({ network: 'full' })`
   */
  network?: NetworkName;
  /**
   * Network weights, as a URL or as bytes (copied).
   * @defaultValue the file of `network`, as for the worklet
   * @throws 'invalid-model', 'version-mismatch'
   * @example `{ assets: { model: '/own.safetensors' } }`
   */
  model?: string | URL | BufferSource;
  /**
   * Hashes that files must have before anything of them runs; those of this build are exported as `integrity`.
   * @defaultValue none: nothing is compared
   * @throws 'integrity-mismatch'
   * @example `{ assets: { base: 'https://cdn.example/percepnet/', integrity } }`
   */
  integrity?: AssetIntegrity;
  /**
   * Passed to each fetch: credentials, cache, headers. Its signal counts for this call alone; it cannot have `integrity`.
   * @defaultValue none
   * @example `{ assets: { fetchInit: { credentials: 'include' } } }`
   */
  fetchInit?: RequestInit;
}

export type Source = string | URL | BufferSource;

const ADDRESS: Rule = ['an address: a text or a URL', isAddress];
const FILE: Rule = ['an address, or bytes', (value) => isAddress(value) || isBytes(value)];
export const ASSET_RULES: Rules<AssetOptions> = {
  base: ADDRESS,
  worklet: ADDRESS,
  wasm: FILE,
  network: NETWORK,
  model: FILE,
  integrity: OBJECT,
  fetchInit: OBJECT,
};

/** Not instanceof: bytes and URLs of another realm are taken too. */
function isAddress(value: unknown): boolean {
  return typeof value === 'string' || (isObject(value) && typeof value.href === 'string');
}

export function isBytes(value: unknown): value is BufferSource {
  return ArrayBuffer.isView(value) || kindOf(value) === 'ArrayBuffer';
}

/** Options that bring files, and may name the network beside them. */
export interface WithAssets {
  assets?: AssetOptions;
  network?: NetworkName;
}

/** The files an options object asks for. */
export function assetsOf({ assets = {}, network }: WithAssets): AssetOptions {
  return network === undefined ? assets : { ...assets, network };
}

/** @throws {NoiseSuppressorError} 'invalid-input' as checkAssets, and where the two do not name one network */
export function checkFiles(options: WithAssets): void {
  checkAssets(options.assets);
  checkAssets(assetsOf(options));
  const inner = options.assets?.network;
  if (options.network === undefined || inner === undefined || inner === options.network) return;
  const text = `network is ${shown(options.network)} and assets.network ${shown(inner)}: say it once`;
  throw new NoiseSuppressorError('invalid-input', text);
}

/** @throws {NoiseSuppressorError} 'invalid-input' for what is no option, or none of its values */
export function checkAssets(options: AssetOptions = {}): void {
  checkOptions(options, ASSET_RULES, 'assets');
  const { integrity, fetchInit = {} } = options;
  checkHashes(integrity);
  const bad = (what: string): never => {
    throw new NoiseSuppressorError('invalid-input', what);
  };
  if (options.network !== undefined && options.model !== undefined) {
    bad(`network (${shown(options.network)}) and assets.model both say which network: leave one out`);
  }
  if (fetchInit.integrity) {
    bad('fetchInit.integrity cannot fit several files: use assets.integrity, which has a hash for each');
  }
  checkOptions({ signal: fetchInit.signal }, { signal: SIGNAL }, 'assets.fetchInit');
  try {
    new Headers(fetchInit.headers);
  } catch (cause) {
    bad(`assets.fetchInit.headers are none: ${messageOf(cause)}`);
  }
}
