/** Finding, fetching and checking the core and the network. Runs in pages, workers and Node. */
import { CORE_EXPORTS } from './core';
import { NoiseSuppressorError } from './errors';
import { type Model, parseModel } from './model';
import { hasRelaxedSimd } from './support';
import { VERSION } from './version';

export interface AssetOptions {
  /** Worklet module. Default: the file next to this module. */
  worklet?: string | URL;
  /** Core, as a URL or as bytes (bytes are copied, never detached). Default: the file next to this module. */
  wasm?: string | URL | BufferSource;
  /** Network weights, as a URL or as bytes (copied). Default: the `lite` network next to this module. */
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
  /** Whether the default choice was the relaxed SIMD core. */
  readonly relaxedSimd: boolean;
}

// Literal `new URL(…, import.meta.url)`: the form bundlers know as a reference to a file.
function defaultWorklet(): URL {
  return new URL('./worklet.js', import.meta.url);
}

function defaultWasm(relaxed: boolean): URL {
  return relaxed ? new URL('./core-relaxed.wasm', import.meta.url) : new URL('./core.wasm', import.meta.url);
}

function defaultModel(): URL {
  return new URL('./model.safetensors', import.meta.url);
}

/** URL of the worklet module. */
export function workletUrl(options?: AssetOptions): string {
  return String(options?.worklet ?? defaultWorklet());
}

const fetched = new Map<string, Promise<ArrayBuffer>>();
const loaded = new Map<string, Promise<LoadedAssets>>();

/**
 * Loads and checks core and network. Files are fetched once per page; a failed fetch is forgotten, so a later call tries
 * again.
 * @throws {NoiseSuppressorError} 'asset-not-found', 'wasm-rejected', 'blocked-by-csp', 'invalid-model', 'version-mismatch'
 */
export async function loadAssets(options: AssetOptions = {}): Promise<LoadedAssets> {
  const relaxedSimd = options.wasm === undefined && hasRelaxedSimd();
  const wasmSource = options.wasm ?? defaultWasm(relaxedSimd);
  const modelSource = options.model ?? defaultModel();
  if (isBytes(wasmSource) || isBytes(modelSource)) return load(wasmSource, modelSource, relaxedSimd, options.fetchInit);
  return once(loaded, `${wasmSource}\n${modelSource}`, () =>
    load(wasmSource, modelSource, relaxedSimd, options.fetchInit),
  );
}

type Source = string | URL | BufferSource;

async function load(
  wasmSource: Source,
  modelSource: Source,
  relaxedSimd: boolean,
  init?: RequestInit,
): Promise<LoadedAssets> {
  const [wasm, modelBytes] = await Promise.all([bytesOf(wasmSource, init), bytesOf(modelSource, init)]);
  checkCore(wasm);
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
    throw new NoiseSuppressorError(
      'asset-not-found',
      `${url} could not be fetched: check the network, CORS, and connect-src of the content security policy`,
      { cause },
    );
  }
  if (!response.ok) throw notFound(url, `HTTP ${response.status}`);
  // A single-page app answers a missing file with its start page.
  if (response.headers.get('content-type')?.startsWith('text/html')) throw notFound(url, 'an HTML page came instead');
  return response.arrayBuffer();
}

async function readFile(url: string): Promise<ArrayBuffer> {
  // Not a literal, so bundlers for the browser do not look for it.
  const name = 'node:fs/promises';
  const fs: typeof import('node:fs/promises') = await import(/* @vite-ignore */ /* webpackIgnore: true */ name);
  try {
    return new Uint8Array(await fs.readFile(new URL(url))).buffer;
  } catch (cause) {
    throw notFound(url, 'no such file', cause);
  }
}

function notFound(url: string, why: string, cause?: unknown): NoiseSuppressorError {
  return new NoiseSuppressorError(
    'asset-not-found',
    `${url} not found (${why}): copy the package's files next to your bundle or name them in the assets option`,
    { cause },
  );
}

function checkCore(wasm: ArrayBuffer): void {
  if (!WebAssembly.validate(wasm)) {
    throw new NoiseSuppressorError('wasm-rejected', 'the core is no WebAssembly module this engine accepts');
  }
  const module = compile(wasm);
  const names = new Set(WebAssembly.Module.exports(module).map((entry) => entry.name));
  const missing = CORE_EXPORTS.filter((name) => !names.has(name));
  if (missing.length > 0) {
    throw new NoiseSuppressorError('wasm-rejected', `the wasm file is not this library's core: no ${missing[0]}`);
  }
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
