/** Whether a file is the one that was meant: hashes as the web's Subresource Integrity writes them. */
import { NoiseSuppressorError } from '../shared/errors';

/**
 * Hashes of the files, each as in an `integrity` attribute: "sha384-" (or sha256, sha512) and base64, several separated by spaces
 * when several files may come, as the two cores. Of several algorithms the strongest counts. A file without a hash is not checked.
 */
export interface AssetIntegrity {
  /** core.wasm and core-relaxed.wasm: which one is loaded is the browser's matter, so name both. */
  readonly core?: string;
  /** Each network that may come. */
  readonly model?: string;
  /** worklet.js. */
  readonly worklet?: string;
}

/** Put in by the bundler. */
declare const __INTEGRITY__: Readonly<AssetIntegrity> | undefined;

/** The hashes of this build's own files, as in dist/integrity.json: `{ assets: { base, integrity } }`. */
export const integrity: AssetIntegrity = typeof __INTEGRITY__ === 'object' ? __INTEGRITY__ : {};

const FILES = ['core', 'model', 'worklet'];
/** Strongest first. */
const ALGORITHMS = ['sha512', 'sha384', 'sha256'];
const HASH = /^(sha256|sha384|sha512)-([A-Za-z0-9+/_-]+={0,2})(\?\S*)?$/;

/** @throws {NoiseSuppressorError} 'invalid-input' for anything that would leave a file unchecked unnoticed */
export function checkHashes(hashes: AssetIntegrity = {}): void {
  const bad = (what: string): never => {
    throw new NoiseSuppressorError('invalid-input', what);
  };
  if (typeof hashes !== 'object' || hashes === null) {
    bad(`assets.integrity is { core, model, worklet }, one text for each file, not ${hashes}`);
  }
  for (const [name, text] of Object.entries(hashes)) {
    if (!FILES.includes(name)) bad(`assets.integrity has core, model and worklet, no ${name}`);
    if (text === undefined) continue;
    if (typeof text !== 'string' || text.trim() === '' || !split(text).every((hash) => HASH.test(hash))) {
      bad(`assets.integrity.${name} is "sha384-" and base64, several separated by spaces, not ${text}`);
    }
  }
}

/**
 * @param name which of the hashes it is, for the text of the error
 * @param source where the bytes came from, likewise
 * @throws {NoiseSuppressorError} 'integrity-mismatch'; 'insecure-context' on a page that may not compute hashes
 */
export async function checkIntegrity(
  bytes: ArrayBuffer,
  text: string | undefined,
  name: keyof AssetIntegrity,
  source: string,
): Promise<void> {
  if (text === undefined) return;
  const hashes = split(text).map((hash) => HASH.exec(hash) as RegExpExecArray);
  const algorithm = ALGORITHMS.find((algorithm) => hashes.some(([, used]) => used === algorithm)) as string;
  const { subtle } = globalThis.crypto ?? {};
  if (!subtle) {
    throw new NoiseSuppressorError(
      'insecure-context',
      'integrity can be checked on a secure page only: use https or localhost',
    );
  }
  const got = base64(new Uint8Array(await subtle.digest(algorithm.replace('sha', 'SHA-'), bytes)));
  const fits = hashes.some(([, used, value = '']) => used === algorithm && plain(value) === plain(got));
  if (fits) return;
  throw new NoiseSuppressorError(
    'integrity-mismatch',
    `${source} is ${algorithm}-${got}, which is not in integrity.${name}: the file was changed or is of another version; ` +
      'copy files and hashes (integrity.json) from one build',
  );
}

function split(text: string): string[] {
  return text.trim().split(/\s+/);
}

function base64(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes));
}

/** Both alphabets of base64 are allowed, with padding or without. */
function plain(value: string): string {
  return value.replace(/-/g, '+').replace(/_/g, '/').replace(/=+$/, '');
}
