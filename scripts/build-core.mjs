/** Compiles the core: build/core.wasm (plain SIMD) and build/core-relaxed.wasm (relaxed SIMD), each with its text. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { compile } from './compile.mjs';

mkdirSync('build', { recursive: true });
for (const [name, relaxed] of [
  ['core', false],
  ['core-relaxed', true],
]) {
  const { wasm, text } = await compile('assembly/entries/index.ts', { relaxed, options: ['--textFile', 'core.wat'] });
  writeFileSync(`build/${name}.wasm`, wasm);
  writeFileSync(`build/${name}.wat`, text);
  console.log(`build/${name}.wasm ${wasm.length} bytes`);
}
