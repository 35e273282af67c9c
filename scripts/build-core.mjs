/**
 * Compiles the core: build/core.wasm (plain SIMD) and build/core-relaxed.wasm (relaxed SIMD), each with its text, and
 * build/recording.wasm, which training, the ladder and the page of the article load.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { compile } from './compile.mjs';

mkdirSync('build', { recursive: true });
for (const [name, entry, relaxed] of [
  ['core', 'index', false],
  ['core-relaxed', 'index', true],
  ['recording', 'recording', false],
]) {
  const { wasm, text } = await compile(`assembly/entries/${entry}.ts`, {
    relaxed,
    options: ['--textFile', 'core.wat'],
  });
  writeFileSync(`build/${name}.wasm`, wasm);
  writeFileSync(`build/${name}.wat`, text);
  console.log(`build/${name}.wasm ${wasm.length} bytes`);
}
