/** Builds what the browser tests load: the library and its worklet as they ship, and the helpers of the test page. */
import { build } from 'esbuild';
import { BUILD } from '../helpers/browser';
import { buildLibrary } from '../helpers/build';

export default async function setup(): Promise<void> {
  buildLibrary(BUILD, '--no-types');
  await build({
    entryPoints: ['test/browser/page.ts'],
    bundle: true,
    format: 'esm',
    external: ['/dist/*'],
    outfile: `${BUILD}/page.js`,
  });
}
