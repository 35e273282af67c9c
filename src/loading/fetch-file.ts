/** One file over the network, or in Node from the disk, with the true reason when it does not come. */
import { NoiseSuppressorError } from '../shared/errors';
import { messageOf } from '../shared/realm';

export interface FetchedFile {
  readonly bytes: ArrayBuffer;
  /** As the server names it; empty when it does not. */
  readonly contentType: string;
}

/**
 * A page resolves addresses; on a server a path is one of a file, from the folder that the program runs in.
 * @throws {NoiseSuppressorError} 'invalid-input' when it is no address
 */
export function absolute(address: string | URL): string {
  const page = globalThis.document?.baseURI ?? globalThis.location?.href;
  try {
    if (page === undefined && typeof address === 'string' && !ADDRESS.test(address)) return pathAddress(address);
    return new URL(address, page).href;
  } catch (cause) {
    throw new NoiseSuppressorError('invalid-input', `${address} is no address of a file`, { cause });
  }
}

/** Begins with a scheme; a single letter is a drive. */
const ADDRESS = /^[a-z][a-z\d+.-]+:/i;

/** Node, Deno and Bun; elsewhere there are no paths, and it throws. Not an import, so that bundlers for the browser see none. */
function pathAddress(path: string): string {
  return globalThis.process.getBuiltinModule('node:url').pathToFileURL(path).href;
}

/**
 * @param url absolute
 * @param init what goes with the fetch; its signal does not count
 * @param again past the browser's cache, which may hold what failed the last time
 * @throws {NoiseSuppressorError} 'asset-not-found', 'invalid-input' for an init that is none, or the signal's reason
 */
export async function fetchFile(
  url: string,
  init: RequestInit | undefined,
  signal: AbortSignal,
  again: boolean,
): Promise<FetchedFile> {
  if (url.startsWith('file:') && typeof process === 'object') return readFile(url, signal);
  let response: Response;
  try {
    response = await fetch(url, { ...(again && { cache: 'reload' }), ...init, signal });
  } catch (cause) {
    if (signal.aborted) throw signal.reason;
    throw unaskable(url, init) ?? unreachable(url, cause);
  }
  if (!response.ok)
    throw notFound(url, response.type === 'opaque' ? 'mode no-cors hides it' : `HTTP ${response.status}`);
  const contentType = response.headers.get('content-type') ?? '';
  // A single-page app answers a missing file with its start page.
  if (contentType.startsWith('text/html')) throw notFound(url, 'an HTML page came instead');
  try {
    return { bytes: await response.arrayBuffer(), contentType };
  } catch (cause) {
    if (signal.aborted) throw signal.reason;
    throw new NoiseSuppressorError('asset-not-found', `${url}: the download broke off, try again`, { cause });
  }
}

/** Not a literal, so that neither bundlers for the browser nor the build's own constant folding see an import. */
const SERVER_ONLY = ['node:fs/promises'] as const;

async function readFile(url: string, signal: AbortSignal): Promise<FetchedFile> {
  const fs: typeof import('node:fs/promises') = await import(
    /* @vite-ignore */ /* webpackIgnore: true */ /* turbopackIgnore: true */ SERVER_ONLY[0]
  );
  try {
    return { bytes: new Uint8Array(await fs.readFile(new URL(url), { signal })).buffer, contentType: '' };
  } catch (cause) {
    if (signal.aborted) throw signal.reason;
    throw unreadable(url, cause);
  }
}

/** A fetch that the browser does not even try; null when it does. */
function unaskable(url: string, init: RequestInit | undefined): NoiseSuppressorError | null {
  try {
    new Request(url, { ...init, signal: null });
    return null;
  } catch (cause) {
    const message = `${url} cannot be fetched with this fetchInit, or has a password in it: ${messageOf(cause)}`;
    return new NoiseSuppressorError('invalid-input', message, { cause });
  }
}

/** Browsers tell a page neither whether it was the network, CORS or a policy. */
function unreachable(url: string, cause: unknown): NoiseSuppressorError {
  return (
    openedAsFile(url, cause) ??
    new NoiseSuppressorError(
      'asset-not-found',
      `${url} could not be fetched: check the network, CORS, and connect-src of the content security policy`,
      { cause },
    )
  );
}

/** The error of a page, or of an address, that browsers let load nothing; null for others. */
export function openedAsFile(url: string, cause: unknown): NoiseSuppressorError | null {
  if (!url.startsWith('file:') && globalThis.location?.protocol !== 'file:') return null;
  return new NoiseSuppressorError(
    'asset-not-found',
    `${url} cannot be loaded by a page opened as a file (file://): serve the page over http, from localhost for one`,
    { cause },
  );
}

function unreadable(url: string, cause: unknown): NoiseSuppressorError {
  const message =
    (cause as NodeJS.ErrnoException).code === 'ENOENT'
      ? `${url} not found (no such file): leave percepnet-wasm out of the bundle ("external"), or run ` +
        '"npx percepnet-wasm copy-assets FOLDER" and pass assets: { base: \'FOLDER\' }'
      : `${url} cannot be read (${cause}): let this program read it`;
  return new NoiseSuppressorError('asset-not-found', message, { cause });
}

function notFound(url: string, why: string): NoiseSuppressorError {
  return new NoiseSuppressorError(
    'asset-not-found',
    `${url} not found (${why}): run "npx percepnet-wasm copy-assets <public folder>" and pass the assets option it prints`,
  );
}
