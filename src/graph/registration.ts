/** The worklet in a context: loaded, checked, and with the true reason when it is not. */
import type { AssetOptions } from '../loading/asset-options';
import { type LoadedAssets, loadAssets, loadKey, workletUrl } from '../loading/assets';
import { fetchFile, openedAsFile } from '../loading/fetch-file';
import { checkIntegrity } from '../loading/integrity';
import { SharedLoads } from '../loading/shared-loads';
import { unsupportedReasons } from '../loading/support';
import { NoiseSuppressorError } from '../shared/errors';
import { orAborted, type Wait } from '../shared/limited';
import { checkOpen } from './closing';

/** What the library knows of a context. */
export interface Registration {
  /** Worklet modules of the context. */
  readonly modules: SharedLoads<void>;
  /** Cores the context's scope holds, so their bytes need not travel again. */
  readonly held: Set<string>;
  /** What the constructor uses: the assets registered last. */
  assets: LoadedAssets | null;
}

const registrations = new WeakMap<BaseAudioContext, Registration>();

export function registrationOf(context: BaseAudioContext): Registration {
  let registration = registrations.get(context);
  if (!registration) {
    registration = { modules: new SharedLoads(), held: new Set(), assets: null };
    registrations.set(context, registration);
  }
  return registration;
}

/**
 * Loads assets and worklet, once per context.
 * @throws {NoiseSuppressorError} 'unsupported', 'insecure-context', 'context-closed', 'worklet-rejected', those of loadAssets, or
 * the reason of the caller's signal
 */
export async function register(context: BaseAudioContext, options: AssetOptions, wait: Wait): Promise<LoadedAssets> {
  checkPlatform();
  checkOpen(context);
  const registration = registrationOf(context);
  const [assets] = await Promise.all([loadAssets(options, wait), addWorklet(context, options, wait)]);
  checkOpen(context);
  registration.assets = assets;
  return assets;
}

function checkPlatform(): void {
  const [reason] = unsupportedReasons();
  if (!reason) return;
  if (reason === 'insecure-context') {
    throw new NoiseSuppressorError('insecure-context', 'audio worklets need a secure page: https or localhost');
  }
  if (reason === 'wasm-blocked-by-csp') {
    throw new NoiseSuppressorError(
      'blocked-by-csp',
      "WebAssembly may not be compiled here: add 'wasm-unsafe-eval' to script-src",
    );
  }
  throw new NoiseSuppressorError('unsupported', `this browser cannot run the suppressor: ${reason}`);
}

async function addWorklet(context: BaseAudioContext, options: AssetOptions, wait: Wait): Promise<void> {
  const { integrity, fetchInit } = options;
  const url = workletUrl(options);
  const hash = integrity?.worklet;
  const { modules } = registrationOf(context);
  return modules.get(loadKey(url, hash, fetchInit), url, wait, async (signal, attempt) => {
    const again = attempt > 0;
    if (hash !== undefined) {
      const { bytes } = await fetchFile(url, fetchInit, signal, again);
      await checkIntegrity(bytes, hash, 'worklet', url);
      if (await addBytes(context, bytes, signal)) return;
      checkSameOrigin(url);
    } else if (again) {
      // A good copy into the browser's cache. When this page may not fetch it, the worklet still may.
      await fetchFile(url, fetchInit, signal, again).catch(() => {});
    }
    await addModule(context, url, fetchInit, signal, attempt);
  });
}

/** The very bytes that were checked. False where the policy of the page has no blob:. */
async function addBytes(context: BaseAudioContext, bytes: ArrayBuffer, signal: AbortSignal): Promise<boolean> {
  const url = URL.createObjectURL(new Blob([bytes], { type: 'text/javascript' }));
  try {
    await orAborted(context.audioWorklet.addModule(url), signal);
    return true;
  } catch (cause) {
    if (signal.aborted) throw signal.reason;
    checkOpen(context, cause);
    if (isSyntaxError(cause)) throw broken(url, cause);
    return false;
  } finally {
    URL.revokeObjectURL(url);
  }
}

/** Loaded by its address a file may be another than the one just checked: allowed where it is as trusted as the page itself. */
function checkSameOrigin(url: string): void {
  if (new URL(url).origin === globalThis.location?.origin) return;
  throw new NoiseSuppressorError(
    'blocked-by-csp',
    'the worklet of another origin is checked and then run from a blob: add blob: to script-src, or host it on your own origin',
  );
}

/**
 * A scope remembers for each address what came of it, failures and endless waits too: each attempt needs an address of its own,
 * which a fragment makes without the server seeing it.
 */
async function addModule(
  context: BaseAudioContext,
  url: string,
  init: RequestInit | undefined,
  signal: AbortSignal,
  attempt: number,
): Promise<void> {
  const options = init?.credentials && { credentials: init.credentials };
  const address = attempt > 0 ? `${url}#attempt-${attempt}` : url;
  try {
    await orAborted(context.audioWorklet.addModule(address, options), signal);
  } catch (cause) {
    if (signal.aborted) throw signal.reason;
    checkOpen(context, cause);
    throw await whyRefused(url, init, signal, cause);
  }
}

/** addModule hardly tells why: ask for the file itself, then ask another scope for the module. */
async function whyRefused(
  url: string,
  init: RequestInit | undefined,
  signal: AbortSignal,
  cause: unknown,
): Promise<NoiseSuppressorError> {
  const file = openedAsFile(url, cause);
  if (file) return file;
  if (isSyntaxError(cause)) return broken(url, cause);
  if (/^(blob|data):/.test(url)) {
    return new NoiseSuppressorError(
      'blocked-by-csp',
      'the inlined worklet was refused: add blob: to script-src, or use the files of the package instead of ./inline',
      { cause },
    );
  }
  const { contentType } = await fetchFile(url, init, signal, true);
  if (!/^\s*(text|application)\/(x-)?(java|ecma)script\b/i.test(contentType)) {
    return new NoiseSuppressorError(
      'worklet-rejected',
      `the worklet ${url} came as ${contentType || 'a file without a type'}: serve it as text/javascript`,
      { cause },
    );
  }
  const elsewhere = new OfflineAudioContext(1, 1, 48000).audioWorklet.addModule(url);
  const recovered = await orAborted(elsewhere, signal).then(
    () => true,
    () => false,
  );
  if (signal.aborted) throw signal.reason;
  if (recovered) {
    return new NoiseSuppressorError(
      'asset-not-found',
      `the worklet ${url} did not come the first time, and does now: call again`,
      { cause },
    );
  }
  return new NoiseSuppressorError(
    'blocked-by-csp',
    `the worklet ${url} was refused: allow its origin in script-src of the content security policy`,
    { cause },
  );
}

function isSyntaxError(cause: unknown): boolean {
  return (cause as Partial<Error> | undefined)?.name === 'SyntaxError';
}

function broken(url: string, cause: unknown): NoiseSuppressorError {
  return new NoiseSuppressorError(
    'worklet-rejected',
    `the worklet ${url} is no script: it was damaged or is another file, copy it again`,
    { cause },
  );
}
