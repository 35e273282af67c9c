/**
 * Builds dist/: the library's entries, the worklet as one import-free file, the cores, the networks, their hashes and the types.
 * Options: --core=DIR takes ready core.wasm and core-relaxed.wasm from DIR, --out=DIR writes elsewhere, --no-types,
 *   --networks=lite leaves the other out.
 */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';
import { carryLicences } from './bundled.mjs';
import { ENTRIES } from './entries.mjs';
import { firstUseBytes } from './first-use.mjs';

const { values: options } = parseArgs({
  options: {
    core: { type: 'string' },
    out: { type: 'string', default: 'dist' },
    'no-types': { type: 'boolean', default: false },
    networks: { type: 'string', default: 'lite,full' },
  },
});
const { out } = options;
const { version, peerDependencies } = JSON.parse(readFileSync('package.json', 'utf8'));
const NETWORKS = { lite: 'model.safetensors', full: 'model-full.safetensors' };

if (!options.core) execFileSync(process.execPath, ['scripts/build-core.mjs'], { stdio: 'inherit' });
const core = options.core ?? 'build';

rmSync(out, { recursive: true, force: true });
mkdirSync(out, { recursive: true });

const networks = options.networks.split(',').filter((name) => existsSync(`models/${name}/model.safetensors`));
for (const name of networks) copyFileSync(`models/${name}/model.safetensors`, `${out}/${NETWORKS[name]}`);
if (!networks.includes('lite')) console.warn('models/lite is missing: dist has no default network');

const common = {
  bundle: true,
  target: 'es2022',
  define: { __VERSION__: JSON.stringify(version) },
  logLevel: 'warning',
  // src/shared/disposable.ts, which is there for the types.
  logOverride: { 'ignored-bare-import': 'silent' },
};
const shipped = { ...common, sourcemap: true, sourcesContent: true, metafile: true };

const worklet = await build({
  ...shipped,
  entryPoints: ['worklet/processor.ts'],
  // Wrapped in a function: a scope is shared by all modules added to it.
  format: 'iife',
  minify: true,
  keepNames: false,
  outfile: `${out}/worklet.js`,
});

const { writeStamp } = await load('src/loading/stamp.ts');
for (const name of ['core', 'core-relaxed']) {
  writeFileSync(`${out}/${name}.wasm`, writeStamp(readFileSync(`${core}/${name}.wasm`), version, name !== 'core'));
}

// Which core, and which network: either will do.
const integrity = {
  core: hashes('core.wasm', 'core-relaxed.wasm'),
  model: hashes(...networks.map((name) => NETWORKS[name])),
  worklet: hashes('worklet.js'),
};
writeFileSync(`${out}/integrity.json`, `${JSON.stringify(integrity, null, 2)}\n`);
common.define.__INTEGRITY__ = JSON.stringify(integrity);

const tool = await build({
  ...shipped,
  entryPoints: ['src/entries/cli.ts'],
  format: 'esm',
  external: ['node:*'],
  outdir: out,
});
const library = await build({
  ...shipped,
  // A bundler stops at a missing file: without the weights the entry is not there either.
  entryPoints: ENTRIES.filter((name) => name !== 'full' || networks.includes('full')).map(
    (name) => `src/entries/${name}.ts`,
  ),
  format: 'esm',
  // One copy of each class for all entries: errors of one are instances in the other.
  splitting: true,
  // Files imported only on a server, and peers that the app brings.
  external: ['node:*', ...Object.keys(peerDependencies)],
  plugins: [builtFiles()],
  outdir: out,
});

const outputs = Object.assign({}, ...[worklet, tool, library].map(({ metafile }) => metafile.outputs));
carryLicences({ outputs }, out);

if (!options['no-types']) {
  const types = `${out}/types`;
  execFileSync('npx', ['tsc', '-p', 'tsconfig.build.json', '--outDir', types], { stdio: 'inherit' });
  // Node's resolution wants the extension that bundlers and this repository do without.
  for (const name of readdirSync(types, { recursive: true }).filter((file) => file.endsWith('.d.ts'))) {
    const text = readFileSync(`${types}/${name}`, 'utf8');
    writeFileSync(
      `${types}/${name}`,
      text.replace(/(from |import |import\()(['"])(\.{1,2}\/[^'"]+)\2/g, '$1$2$3.js$2'),
    );
  }
}

for (const name of ['worklet.js', 'core.wasm', 'core-relaxed.wasm', ...networks.map((network) => NETWORKS[network])]) {
  const bytes = readFileSync(`${out}/${name}`);
  console.log(`${name.padEnd(18)} ${String(bytes.length).padStart(8)} bytes ${gzipSync(bytes).length} gzipped`);
}
if (networks.includes('lite')) console.log(`first use, all files: ${firstUseBytes(out)} bytes gzipped`);

/** As in an `integrity` attribute. */
function hashes(...names) {
  const hash = (name) =>
    createHash('sha384')
      .update(readFileSync(`${out}/${name}`))
      .digest('base64');
  return names.map((name) => `sha384-${hash(name)}`).join(' ') || undefined;
}

/** A module of src/ that the build itself uses. */
async function load(file) {
  const { outputFiles } = await build({ ...common, entryPoints: [file], format: 'esm', write: false });
  return import(`data:text/javascript,${encodeURIComponent(outputFiles[0].text)}`);
}

/** `built:NAME` is a file of dist, for the entry that carries files as strings. */
function builtFiles() {
  return {
    name: 'built-files',
    setup(build) {
      build.onResolve({ filter: /^built:/ }, ({ path }) => ({ path: path.slice('built:'.length), namespace: 'built' }));
      build.onLoad({ filter: /.*/, namespace: 'built' }, ({ path }) => ({
        contents: readFileSync(`${out}/${path}`),
        loader: path.endsWith('.js') ? 'text' : 'base64',
      }));
    },
  };
}
