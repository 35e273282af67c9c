import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { compileAssembly } from './assembly';

/** Core and a tiny untrained network, as bytes for the assets option. */
export async function testAssets(): Promise<{ wasm: Uint8Array<ArrayBuffer>; model: Uint8Array<ArrayBuffer> }> {
  const tiny = fileURLToPath(new URL('../golden/tiny.safetensors', import.meta.url));
  return { wasm: await compileAssembly('assembly/entries/index.ts'), model: Uint8Array.from(await readFile(tiny)) };
}
