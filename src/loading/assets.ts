/** Finding, loading and checking the core and the network. Runs in pages, workers and Node. */

import { type Model, parseModel } from '../core/model';
import { CORE_FUNCTIONS } from '../core/shape';
import { NoiseSuppressorError } from '../shared/errors';
import type { Wait } from '../shared/limited';
import { isError } from '../shared/realm';
import { VERSION } from '../shared/version';
import { type AssetOptions, isBytes, type Source } from './asset-options';
import { beside } from './beside';
import { absolute, fetchFile } from './fetch-file';
import { checkIntegrity } from './integrity';
import { NETWORK_FILES, networkAddress } from './networks';
import { SharedLoads } from './shared-loads';
import { readStamp } from './stamp';
import { hasRelaxedSimd } from './support';

/** Core and network, ready for any number of instances. Never changed after loading. */
export interface LoadedAssets {
  /** Same for same bytes: instances are shared by it. */
  readonly key: string;
  readonly wasm: ArrayBuffer;
  readonly model: Model;
  /** Whether the core uses relaxed SIMD; false for one without a stamp, built by hand. */
  readonly relaxedSimd: boolean;
}

// Literal `new URL(…, import.meta.url)`: the form bundlers know as a reference to a file.
function defaultWorklet(): string {
  return beside(() => new URL('./worklet.js', import.meta.url));
}

function defaultWasm(relaxed: boolean): string {
  if (relaxed) return beside(() => new URL('./core-relaxed.wasm', import.meta.url));
  return beside(() => new URL('./core.wasm', import.meta.url));
}

function inBase(base: string | URL, name: string): string {
  return `${base}`.replace(/\/?$/, '/') + name;
}

/** URL of the worklet module. */
export function workletUrl({ worklet, base }: AssetOptions): string {
  return absolute(worklet ?? (base === undefined ? defaultWorklet() : inBase(base, 'worklet.js')));
}

function wasmSource({ wasm, base }: AssetOptions): Source {
  if (wasm !== undefined) return wasm;
  const relaxed = hasRelaxedSimd();
  if (base === undefined) return defaultWasm(relaxed);
  return inBase(base, relaxed ? 'core-relaxed.wasm' : 'core.wasm');
}

function modelSource({ model, network = 'lite', base }: AssetOptions): Source {
  if (model !== undefined) return model;
  return base === undefined ? networkAddress(network) : inBase(base, NETWORK_FILES[network]);
}

/** A checked core. */
interface Core {
  readonly wasm: ArrayBuffer;
  readonly relaxedSimd: boolean;
  readonly digest: string;
}

/** A checked network. */
interface Network {
  readonly model: Model;
  readonly digest: string;
}

const cores = new SharedLoads<Core>();
const networks = new SharedLoads<Network>();

/**
 * Loads and checks core and network. What was loaded and found right is kept for the life of the page, by address, hash and
 * fetchInit; what failed is asked for again by the next call.
 * @throws {NoiseSuppressorError} 'asset-not-found', 'wasm-rejected', 'blocked-by-csp', 'invalid-model', 'version-mismatch',
 * 'integrity-mismatch', 'invalid-input', or the reason of the caller's signal
 */
export async function loadAssets(options: AssetOptions, wait: Wait): Promise<LoadedAssets> {
  // Both before either begins: an error here would leave the other load to itself.
  const wasmAt = wasmSource(options);
  const modelAt = modelSource(options);
  const [core, network] = await Promise.all([
    loadFile(cores, 'core', wasmAt, options, wait, checkCore),
    loadFile(networks, 'model', modelAt, options, wait, (bytes) => ({
      model: parseModel(bytes),
      digest: digest(bytes),
    })),
  ]);
  const { wasm, relaxedSimd } = core;
  return { key: `${VERSION}-${core.digest}-${network.digest}`, wasm, model: network.model, relaxedSimd };
}

/** What a load is known by: whoever asks otherwise, or for another hash, asks the server. */
export function loadKey(url: string, hash: string | undefined, init: RequestInit = {}): string {
  const { headers, ...others } = init;
  const plain = Object.entries(others).filter(([, value]) => Object(value) !== value);
  return JSON.stringify([url, hash, plain, [...new Headers(headers)]]);
}

async function loadFile<T>(
  loads: SharedLoads<T>,
  name: 'core' | 'model',
  source: Source,
  { integrity, fetchInit }: AssetOptions,
  wait: Wait,
  check: (bytes: ArrayBuffer) => T,
): Promise<T> {
  const hash = integrity?.[name];
  if (isBytes(source)) {
    const option = name === 'core' ? 'wasm' : name;
    const bytes = copied(source, option);
    await checkIntegrity(bytes, hash, name, `what was given as ${name}`);
    return named(`assets.${option}`, () => check(bytes));
  }
  const url = absolute(source);
  return loads.get(loadKey(url, hash, fetchInit), url, wait, async (signal, attempt) => {
    const { bytes } = await fetchFile(url, fetchInit, signal, attempt > 0);
    await checkIntegrity(bytes, hash, name, url);
    return named(url, () => check(bytes));
  });
}

/** Says of which file it is that the check has something to tell. */
function named<T>(source: string, check: () => T): T {
  try {
    return check();
  } catch (error) {
    if (!(error instanceof NoiseSuppressorError)) throw error;
    throw new NoiseSuppressorError(error.code, `${source}: ${error.message}`, { cause: error.cause });
  }
}

/** @throws {NoiseSuppressorError} 'invalid-input' when the bytes are somebody else's by now */
function copied(source: BufferSource, name: string): ArrayBuffer {
  try {
    const view = ArrayBuffer.isView(source)
      ? new Uint8Array(source.buffer, source.byteOffset, source.byteLength)
      : new Uint8Array(source);
    return view.slice().buffer as ArrayBuffer;
  } catch (cause) {
    const message = `the bytes of assets.${name} have been transferred, for example to a worker: give a copy of them`;
    throw new NoiseSuppressorError('invalid-input', message, { cause });
  }
}

function checkCore(wasm: ArrayBuffer): Core {
  if (!WebAssembly.validate(wasm)) {
    throw new NoiseSuppressorError('wasm-rejected', 'the core is no WebAssembly module this engine accepts');
  }
  const module = compile(wasm);
  const names = new Set(WebAssembly.Module.exports(module).map((entry) => entry.name));
  // The look-up that tells a foreign wasm file from ours.
  const missing = ['memory', ...Object.keys(CORE_FUNCTIONS)].filter((name) => !names.has(name));
  if (missing.length > 0) {
    throw new NoiseSuppressorError('wasm-rejected', `the wasm file is not this library's core: no ${missing[0]}`);
  }
  const stamp = readStamp(module, wasm);
  if (stamp?.intact === false) {
    throw new NoiseSuppressorError('wasm-rejected', 'the core is damaged: fetch or copy it again');
  }
  if (stamp && stamp.version !== VERSION) {
    throw new NoiseSuppressorError(
      'version-mismatch',
      `core ${stamp.version} does not belong to library ${VERSION}: refresh the copied or cached asset files`,
    );
  }
  return { wasm, relaxedSimd: stamp?.relaxedSimd ?? false, digest: digest(wasm) };
}

/** A compiled core; the errors left for a valid module are want of memory and the content security policy. */
function compile(wasm: ArrayBuffer): WebAssembly.Module {
  try {
    return new WebAssembly.Module(wasm);
  } catch (cause) {
    if (isError(cause, 'RangeError')) {
      throw new NoiseSuppressorError('wasm-rejected', 'no memory is left to compile the core', { cause });
    }
    throw new NoiseSuppressorError(
      'blocked-by-csp',
      "WebAssembly may not be compiled here: add 'wasm-unsafe-eval' to script-src",
      { cause },
    );
  }
}

/** 64-bit FNV-1a style digest over 32-bit words in two lanes: tells files apart, protects against nothing. */
function digest(buffer: ArrayBuffer): string {
  const words = new Uint32Array(buffer, 0, buffer.byteLength >>> 2);
  const rest = new Uint8Array(buffer, words.byteLength);
  let a = 0x811c9dc5;
  let b = 0x01000193 ^ buffer.byteLength;
  const mix = (value: number): void => {
    a = Math.imul(a ^ value, 0x01000193);
    b = Math.imul(b ^ (value + (a >>> 15)), 0x85ebca6b);
  };
  for (const word of words) mix(word);
  for (const byte of rest) mix(byte);
  return (a >>> 0).toString(16).padStart(8, '0') + (b >>> 0).toString(16).padStart(8, '0');
}
