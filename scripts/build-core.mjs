/**
 * Compiles the core: build/core.wasm (plain SIMD) and build/core-relaxed.wasm (relaxed SIMD), each with its text, and
 * build/recording.wasm, the core with recordings, which training loads. What others must know of it is written beside them (shape.mjs).
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { compile } from './compile.mjs';
import { writeShape } from './shape.mjs';

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
  if (name === 'core') await writeShape(wasm);
}
