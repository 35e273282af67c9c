/** Compiles the core: build/core.wasm (plain SIMD) and build/core-relaxed.wasm (relaxed SIMD). */
import { execFileSync } from 'node:child_process';
import { mkdirSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';

const asc = createRequire(import.meta.url).resolve('assemblyscript/bin/asc.js');
mkdirSync('build', { recursive: true });
for (const target of ['simd', 'relaxed']) {
  execFileSync(process.execPath, [asc, '--target', target], { stdio: 'inherit' });
}
for (const file of ['build/core.wasm', 'build/core-relaxed.wasm']) console.log(`${file} ${statSync(file).size} bytes`);
