/** Each recipe of examples/recipes is a module an app can bundle; `npm run check` holds it against the types of its SDK. */
import { readdirSync } from 'node:fs';
import { build } from 'esbuild';
import { expect, test } from 'vitest';

test.each(readdirSync('examples/recipes'))('%s bundles, with the package as its only import', async (name) => {
  const { outputFiles, metafile } = await build({
    entryPoints: [`examples/recipes/${name}`],
    bundle: true,
    format: 'esm',
    external: ['percepnet-wasm'],
    write: false,
    metafile: true,
  });
  const [output] = Object.values(metafile.outputs);
  expect(output?.imports.map(({ path }) => path)).toEqual(['percepnet-wasm']);
  expect(output?.exports.length).toBeGreaterThan(0);
  expect(outputFiles[0]?.text).toContain('suppressNoise');
});
