/** The networks that come with the package. */

import { NoiseSuppressorError } from '../shared/errors';
import { beside } from './beside';

/**
 * A network that comes with the package: 'lite' (1.0 MB) is small and quick; 'full' (1.1 MB) has a finer stage behind it, takes 1.6 times the CPU, and needs
 * `import 'percepnet-wasm/full'` or a folder in `assets.base`, but in Node.
 */
export type NetworkName = 'lite' | 'full';

/** Their names in a folder of assets. */
export const NETWORK_FILES: Readonly<Record<NetworkName, string>> = {
  lite: 'model.safetensors',
  full: 'model-full.safetensors',
};

/** Where the files of this bundle are. 'full' is not among them until its entry is imported, so that others need not carry it. */
const addresses = new Map<NetworkName, () => string>([
  ['lite', () => beside(() => new URL('./model.safetensors', import.meta.url))],
]);

/** Makes a network known; `address` is asked when it is loaded. */
export function offer(name: NetworkName, address: () => string): void {
  addresses.set(name, address);
}

/** Where no bundler was, all files of the package lie beside this module. The name is no literal: bundlers would carry the file. */
function onDisk(name: NetworkName): string | undefined {
  const module: string = import.meta.url;
  if (typeof process !== 'object' || !module?.startsWith('file:')) return undefined;
  const file = new URL(NETWORK_FILES[name], module);
  return process.getBuiltinModule?.('node:fs').existsSync(file) ? file.href : undefined;
}

/** @throws {NoiseSuppressorError} 'asset-not-found' for a network that this bundle does not carry */
export function networkAddress(name: NetworkName): string {
  const address = addresses.get(name);
  if (address) return address();
  const file = onDisk(name);
  if (file) return file;
  throw new NoiseSuppressorError(
    'asset-not-found',
    `the '${name}' network is not part of this bundle: add import 'percepnet-wasm/${name}', or name a folder that has its file in assets.base`,
  );
}
