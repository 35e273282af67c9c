import { NoiseSuppressorError } from '../shared/errors';

/**
 * Address of a file of the package, next to the module that asks. The caller writes `new URL('./name', import.meta.url)` with a literal
 * name: the form bundlers know as a reference to a file, which they then carry.
 * @throws {NoiseSuppressorError} 'asset-not-found' where the module does not know its own address
 */
export function beside(find: () => URL): string {
  try {
    // A string, and the URL left alone: Next.js puts a read-only stand-in with a relative address in its place.
    // Vite's dev server serves this module from its cache and leaves the files it refers to where they were
    // (https://github.com/vitejs/vite/issues/8427).
    return find().href.replace(/\/\.vite\/deps(_\w+)?\//, '/percepnet-wasm/dist/');
  } catch (cause) {
    throw new NoiseSuppressorError(
      'asset-not-found',
      'this bundle is no module (iife, cjs), so it cannot find the files of percepnet-wasm next to itself: run ' +
        '"npx percepnet-wasm copy-assets <public folder>" and pass the assets option it prints, or use percepnet-wasm/inline; on a server leave percepnet-wasm out of the bundle',
      { cause },
    );
  }
}
