/** `npx percepnet-wasm copy-assets <folder>`: puts the files a page loads where the app serves them from. */
import { copyFileSync, existsSync, mkdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The hashes too: they are those of the files beside them. */
const FILES = ['worklet.js', 'core.wasm', 'core-relaxed.wasm', 'model.safetensors', 'integrity.json'];
const FULL = 'model-full.safetensors';

/** Folders whose content frameworks serve from the root of the site. */
const ROOTS = ['public', 'static', 'www', 'dist', 'build', 'out', 'htdocs'];

export interface CopiedAssets {
  readonly files: readonly { path: string; bytes: number }[];
  /** What to paste, as source text. */
  readonly option: string;
}

/**
 * Copies the assets; what is there is overwritten.
 * @param folder made when missing
 * @param full whether to copy the larger network as well
 * @param source folder of the built package
 * @throws Error when the folder cannot be written or the package came without the network
 */
export function copyAssets(folder: string, full = false, source = new URL('./', import.meta.url)): CopiedAssets {
  const from = fileURLToPath(source);
  const names = full ? [...FILES, FULL] : FILES;
  const missing = names.find((name) => !existsSync(join(from, name)));
  if (missing) throw new Error(`this build of percepnet-wasm has no ${missing}`);
  mkdirSync(folder, { recursive: true });
  const files = names.map((name) => {
    const path = join(folder, name);
    copyFileSync(join(from, name), path);
    return { path, bytes: statSync(path).size };
  });
  return { files, option: `assets: { base: '${address(folder)}'${full ? ", network: 'full'" : ''} }` };
}

/** Where the folder is served, if it is in one that frameworks serve as the root; otherwise its last name under the root. */
function address(folder: string): string {
  const parts = folder.split(/[\\/]/).filter((part) => part !== '' && part !== '.' && part !== '..');
  const root = parts.findIndex((part) => ROOTS.includes(part));
  const path = root < 0 ? parts.slice(-1) : parts.slice(root + 1);
  return ['', ...path, ''].join('/');
}
