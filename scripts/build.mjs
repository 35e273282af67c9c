/**
 * Builds dist/: the library's entries, the worklet as one import-free file, the cores, the default network and the types.
 * Options: --core=DIR takes ready core.wasm and core-relaxed.wasm from DIR, --out=DIR writes elsewhere, --no-types.
 */
import { execFileSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';

const { values: options } = parseArgs({
  options: {
    core: { type: 'string' },
    out: { type: 'string', default: 'dist' },
    'no-types': { type: 'boolean', default: false },
  },
});
const { out } = options;
const { version } = JSON.parse(readFileSync('package.json', 'utf8'));
const DEFAULT_MODEL = 'models/lite/model.safetensors';
const ENTRIES = ['index', 'offline', 'cli', 'inline', 'livekit', 'chime'];

if (!options.core) execFileSync(process.execPath, ['scripts/build-core.mjs'], { stdio: 'inherit' });
const core = options.core ?? 'build';

rmSync(out, { recursive: true, force: true });
mkdirSync(out, { recursive: true });

const common = {
  bundle: true,
  target: 'es2022',
  sourcemap: true,
  sourcesContent: true,
  define: { __VERSION__: JSON.stringify(version) },
  logLevel: 'warning',
};
await build({
  ...common,
  entryPoints: ENTRIES.map((name) => `src/${name}.ts`).filter(existsSync),
  format: 'esm',
  // Files imported only on a server, and peers that the app brings.
  external: ['node:*', 'livekit-client', 'amazon-chime-sdk-js'],
  outdir: out,
});
await build({
  ...common,
  entryPoints: ['worklet/processor.ts'],
  // Wrapped in a function: a scope is shared by all modules added to it.
  format: 'iife',
  minify: true,
  keepNames: false,
  outfile: `${out}/worklet.js`,
});

for (const name of ['core.wasm', 'core-relaxed.wasm']) copyFileSync(`${core}/${name}`, `${out}/${name}`);
if (existsSync(DEFAULT_MODEL)) copyFileSync(DEFAULT_MODEL, `${out}/model.safetensors`);
else console.warn(`${DEFAULT_MODEL} is missing: dist has no default network`);

if (!options['no-types']) {
  execFileSync('npx', ['tsc', '-p', 'tsconfig.build.json', '--outDir', `${out}/types`], { stdio: 'inherit' });
}

for (const name of ['index.js', 'worklet.js', 'core.wasm', 'core-relaxed.wasm', 'model.safetensors']) {
  if (!existsSync(`${out}/${name}`)) continue;
  const bytes = readFileSync(`${out}/${name}`);
  console.log(`${name.padEnd(18)} ${String(bytes.length).padStart(8)} bytes ${gzipSync(bytes).length} gzipped`);
}
