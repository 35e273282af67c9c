import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';

/** A built script and the chunks it imports, chunks of chunks included. */
function withChunks(script, found = new Set()) {
  if (found.has(script)) return found;
  found.add(script);
  for (const [, chunk] of readFileSync(script, 'utf8').matchAll(/(?:from|import) ?"\.\/(chunk-[^"]+)"/g)) {
    withChunks(join(dirname(script), chunk), found);
  }
  return found;
}

/** Bytes, gzipped one by one, of all that a page loads of the library in `dist` before the first sample. */
export function firstUseBytes(dist, core = 'core-relaxed.wasm', model = `${dist}/model.safetensors`) {
  const files = [...withChunks(`${dist}/index.js`), `${dist}/worklet.js`, `${dist}/${core}`, model];
  return files.reduce((sum, file) => sum + gzipSync(readFileSync(file)).length, 0);
}
