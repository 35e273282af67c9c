/** Finding, fetching and checking the core and the network. Runs in pages, workers and Node. */
import { CORE_EXPORTS } from './core';
import { NoiseSuppressorError } from './errors';
import { type Model, parseModel } from './model';
import { readStamp } from './stamp';
import { hasRelaxedSimd } from './support';
import { VERSION } from './version';

/** A network that comes with the package: 'lite' is small and quick, 'full' larger and better. */
export type NetworkName = 'lite' | 'full';

export interface AssetOptions {
  /** Folder that holds the package's files under their own names, as `npx percepnet-wasm copy-assets` makes it. */
  base?: string | URL;
  /** Worklet module. Default: the file in `base`, or next to this module. */
  worklet?: string | URL;
  /** Core, as a URL or as bytes (bytes are copied, never detached). Default: as for the worklet. */
  wasm?: string | URL | BufferSource;
  /** Which network of the package to load when `model` is not given. Default 'lite'. */
  network?: NetworkName;
  /** Network weights, as a URL or as bytes (copied). Default: the file of `network`, as for the worklet. */
  model?: string | URL | BufferSource;
  /** Passed to each fetch: credentials, integrity, cache. */
  fetchInit?: RequestInit;
}

/** Core and network, ready for any number of instances. Never changed after loading. */
export interface LoadedAssets {
  /** Same for same bytes: instances are shared by it. */
  readonly key: string;
  readonly wasm: ArrayBuffer;
  readonly model: Model;
  /** Whether the core uses relaxed SIMD; false for one without a stamp, built by hand. */
  readonly relaxedSimd: boolean;
}

/** Whether this build came with the weights of 'full'. Put in by the bundler. */
declare const __FULL__: boolean;

// Literal `new URL(…, import.meta.url)`: the form bundlers know as a reference to a file.
function defaultWorklet(): string {
  return original(new URL('./worklet.js', import.meta.url));
}

function defaultWasm(relaxed: boolean): string {
  return original(relaxed ? new URL('./core-relaxed.wasm', import.meta.url) : new URL('./core.wasm', import.meta.url));
}

function defaultModel(network: NetworkName): string {
  if (network === 'lite') return original(new URL('./model.safetensors', import.meta.url));
  // Not there at all in a build without the weights: bundlers stop at a missing file.
  if (typeof __FULL__ === 'boolean' && __FULL__) return original(new URL('./model-full.safetensors', import.meta.url));
  throw new NoiseSuppressorError(
    'asset-not-found',
    "this build of percepnet-wasm has no 'full' network: use 'lite', or name your file in assets.model",
  );
}

/**
 * Vite's dev server serves this module from its cache and leaves the files it refers to where they were
 * (https://github.com/vitejs/vite/issues/8427).
 */
function original({ href }: URL): string {
  // A string, and the URL left alone: Next.js puts a read-only stand-in with a relative address in its place.
  return href.replace(/\/\.vite\/deps(_\w+)?\//, '/percepnet-wasm/dist/');
}

function inBase(base: string | URL, name: string): string {
  return `${base}`.replace(/\/?$/, '/') + name;
}

/** URL of the worklet module. */
export function workletUrl(options: AssetOptions = {}): string {
  const { worklet, base } = options;
  return String(worklet ?? (base === undefined ? defaultWorklet() : inBase(base, 'worklet.js')));
}

function wasmSource({ wasm, base }: AssetOptions): Source {
  if (wasm !== undefined) return wasm;
  const relaxed = hasRelaxedSimd();
  if (base === undefined) return defaultWasm(relaxed);
  return inBase(base, relaxed ? 'core-relaxed.wasm' : 'core.wasm');
}

function modelSource({ model, network = 'lite', base }: AssetOptions): Source {
  if (model !== undefined) return model;
  if (network !== 'lite' && network !== 'full') {
    throw new NoiseSuppressorError('invalid-input', `assets.network is 'lite' or 'full', not ${network}`);
  }
  if (base === undefined) return defaultModel(network);
  return inBase(base, network === 'lite' ? 'model.safetensors' : 'model-full.safetensors');
}

const fetched = new Map<string, Promise<ArrayBuffer>>();
const loaded = new Map<string, Promise<LoadedAssets>>();

/**
 * Loads and checks core and network. Files are fetched once per page; a failed fetch is forgotten, so a later call tries
 * again.
 * @throws {NoiseSuppressorError} 'asset-not-found', 'wasm-rejected', 'blocked-by-csp', 'invalid-model', 'version-mismatch'
 */
export async function loadAssets(options: AssetOptions = {}): Promise<LoadedAssets> {
  const wasm = wasmSource(options);
  const model = modelSource(options);
  if (isBytes(wasm) || isBytes(model)) return load(wasm, model, options.fetchInit);
  return once(loaded, `${wasm}\n${model}`, () => load(wasm, model, options.fetchInit));
}

type Source = string | URL | BufferSource;

async function load(wasmSource: Source, modelSource: Source, init?: RequestInit): Promise<LoadedAssets> {
  const [wasm, modelBytes] = await Promise.all([bytesOf(wasmSource, init), bytesOf(modelSource, init)]);
  const { relaxedSimd } = checkCore(wasm);
  const model = await parseModel(new Uint8Array(modelBytes));
  return { key: `${VERSION}-${digest(wasm)}-${digest(modelBytes)}`, wasm, model, relaxedSimd };
}

function isBytes(source: Source): source is BufferSource {
  return typeof source !== 'string' && !(source instanceof URL);
}

async function bytesOf(source: Source, init?: RequestInit): Promise<ArrayBuffer> {
  if (!isBytes(source)) return once(fetched, String(source), () => fetchBytes(String(source), init));
  const view = ArrayBuffer.isView(source)
    ? new Uint8Array(source.buffer, source.byteOffset, source.byteLength)
    : new Uint8Array(source);
  return view.slice().buffer as ArrayBuffer;
}

/** One promise per key for all callers; a rejected one is forgotten. */
function once<T>(cache: Map<string, Promise<T>>, key: string, make: () => Promise<T>): Promise<T> {
  const known = cache.get(key);
  if (known) return known;
  const promise = make();
  cache.set(key, promise);
  promise.catch(() => cache.delete(key));
  return promise;
}

async function fetchBytes(url: string, init?: RequestInit): Promise<ArrayBuffer> {
  if (url.startsWith('file:') && typeof process === 'object') return readFile(url);
  let response: Response;
  try {
    response = await fetch(url, init);
  } catch (cause) {
    if (init?.signal?.aborted) throw new NoiseSuppressorError('aborted', 'loading was aborted', { cause });
    throw new NoiseSuppressorError(
      'asset-not-found',
      `${url} could not be fetched: check the network, CORS, and connect-src of the content security policy`,
      { cause },
    );
  }
  if (!response.ok) throw notFound(url, `HTTP ${response.status}`);
  // A single-page app answers a missing file with its start page.
  if (response.headers.get('content-type')?.startsWith('text/html')) throw notFound(url, 'an HTML page came instead');
  try {
    return await response.arrayBuffer();
  } catch (cause) {
    throw notFound(url, 'the download broke off', cause);
  }
}

/** Not a literal, so that neither bundlers for the browser nor the build's own constant folding see an import. */
const SERVER_ONLY = ['node:fs/promises'] as const;

async function readFile(url: string): Promise<ArrayBuffer> {
  const fs: typeof import('node:fs/promises') = await import(
    /* @vite-ignore */ /* webpackIgnore: true */ /* turbopackIgnore: true */ SERVER_ONLY[0]
  );
  try {
    return new Uint8Array(await fs.readFile(new URL(url))).buffer;
  } catch (cause) {
    throw notFound(url, 'no such file', cause);
  }
}

function notFound(url: string, why: string, cause?: unknown): NoiseSuppressorError {
  return new NoiseSuppressorError(
    'asset-not-found',
    `${url} not found (${why}): run "npx percepnet-wasm copy-assets <public folder>" and pass the assets option it prints`,
    { cause },
  );
}

function checkCore(wasm: ArrayBuffer): { relaxedSimd: boolean } {
  if (!WebAssembly.validate(wasm)) {
    throw new NoiseSuppressorError('wasm-rejected', 'the core is no WebAssembly module this engine accepts');
  }
  const module = compile(wasm);
  const names = new Set(WebAssembly.Module.exports(module).map((entry) => entry.name));
  const missing = CORE_EXPORTS.filter((name) => !names.has(name));
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
  return { relaxedSimd: stamp?.relaxedSimd ?? false };
}

/** A compiled core; the one error left for a valid module is the content security policy. */
function compile(wasm: ArrayBuffer): WebAssembly.Module {
  try {
    return new WebAssembly.Module(wasm);
  } catch (cause) {
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
