/**
 * npm run build:pages: builds the demo and bench pages into one static folder that any web server can host, at any path.
 *   node scripts/site.mjs [--out=build/pages] [--models=DIR]
 */
import { spawnSync } from 'node:child_process';
import {
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { parseArgs } from 'node:util';
import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';
import { compile } from './compile.mjs';
import { firstUseBytes } from './first-use.mjs';
import { htmlOf } from './markdown.mjs';
import { CONTENT_SECURITY_POLICY, started } from './serve.mjs';

const CORES = ['build/core.wasm', 'build/core-relaxed.wasm'];
const PEERS = 'node_modules';
const SAPPHI = '@sapphi-red/web-noise-suppressor';
const JITSI = '@jitsi/rnnoise-wasm';
const TIMEPHY = '@timephy/rnnoise-wasm';
const SHIGUREDO = '@shiguredo/rnnoise-wasm';

/** Folders of the site with what the menu calls them, in its order. */
export const PAGES = [
  ['microphone', 'Microphone'],
  ['call', 'Call'],
  ['file', 'File'],
  ['compare', 'Compare'],
  ['article', 'Article'],
  ['bench', 'Bench'],
  ['api', 'API'],
];

/** Where they come from, but for those of examples/. */
const SOURCES = { bench: 'bench', compare: 'bench/compare' };

/**
 * @param {object} [options]
 * @param {string} [options.out] folder to make; what is there is removed
 * @param {string} [options.library] a library that is built already, instead of building one
 * @param {string} [options.models] folder with one folder per network
 * @param {(message: string) => void} [options.log]
 * @returns {Promise<{ models: string[] }>} names of the networks found
 */
export async function buildSite({ out = 'build/site', library, models = 'models', log = () => {} } = {}) {
  rmSync(out, { recursive: true, force: true });
  mkdirSync(out, { recursive: true });

  if (library) {
    cpSync(library, `${out}/dist`, { recursive: true });
  } else {
    const fresh = CORES.every((file) => existsSync(file) && statSync(file).mtimeMs > newest('assembly'));
    if (!fresh) {
      log('1/3 Compiling the core from AssemblyScript to WebAssembly, which takes up to a minute ...');
      node('scripts/build-core.mjs');
    } else {
      log('1/3 The core is compiled already.');
    }
    log('2/3 Bundling the library and its audio worklet ...');
    node('scripts/build.mjs', '--core=build', '--no-types', `--out=${out}/dist`);
  }

  log('3/3 Bundling the pages ...');
  const found = copyModels(models, out);
  mkdirSync(`${out}/article`, { recursive: true });
  writeFileSync(`${out}/article/core.wasm`, (await compile('assembly/entries/article.ts')).wasm);
  await bundlePages(out);
  copyPages(out, networkChoice(`${out}/dist`));
  await copyPeers(out);
  writeFileSync(`${out}/bench/subjects.json`, JSON.stringify(subjects(out, found), null, 2));
  return { models: found };
}

/** Runs a script of this folder; what it prints is shown only when it fails. */
function node(...args) {
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' });
  if (status === 0) return;
  process.stderr.write(stdout + stderr);
  throw new Error(`${args[0]} failed: see the messages above`);
}

function newest(folder) {
  return Math.max(
    ...readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
      .map((entry) => statSync(join(entry.parentPath ?? entry.path, entry.name)).mtimeMs),
  );
}

function copyModels(models, out) {
  if (!existsSync(models)) return [];
  const names = readdirSync(models).filter((name) => existsSync(`${models}/${name}/model.safetensors`));
  // The default network first.
  names.sort((a, b) => Number(b === 'lite') - Number(a === 'lite') || a.localeCompare(b));
  for (const name of names) copy(`${models}/${name}/model.safetensors`, `${out}/models/${name}/model.safetensors`);
  if (names.length > 0) copy(`${models}/${names[0]}/model.safetensors`, `${out}/dist/model.safetensors`);
  return names;
}

/** In pages `percepnet-wasm` is what it is in an app, but stays the file that ships. */
const shippedLibrary = {
  name: 'shipped-library',
  setup(build) {
    build.onResolve({ filter: /^percepnet-wasm(\/\w+)?$/ }, ({ path }) => ({
      path: `../dist/${path.split('/')[1] ?? 'index'}.js`,
      external: true,
    }));
  },
};

async function bundlePages(out) {
  const common = { bundle: true, format: 'esm', target: 'es2022', sourcemap: true, logLevel: 'warning' };
  await build({
    ...common,
    entryPoints: {
      'start/start': 'examples/start.ts',
      'microphone/microphone': 'examples/microphone/microphone.ts',
      'call/call': 'examples/call/call.ts',
      'file/file': 'examples/file/file.ts',
      'file/file-worker': 'examples/file/file-worker.ts',
      'article/article': 'examples/article/article.ts',
      'article/core-worker': 'examples/article/core-worker.ts',
      'compare/compare': 'bench/compare/compare.ts',
      'bench/bench': 'bench/bench.ts',
      'bench/drive-worker': 'bench/drive-worker.ts',
      'bench/drive': 'bench/drive.ts',
      'bench/headless-page': 'bench/headless-page.ts',
    },
    outdir: out,
    plugins: [shippedLibrary],
  });
}

function copyPages(out, network) {
  writePage(readFileSync('examples/index.html', 'utf8'), `${out}/index.html`, '', network);
  for (const [folder] of PAGES.filter(([name]) => name !== 'api')) {
    writePage(
      readFileSync(`${SOURCES[folder] ?? `examples/${folder}`}/index.html`, 'utf8'),
      `${out}/${folder}/index.html`,
      folder,
      network,
    );
  }
  copyReference(out);
  copy('examples/style.css', `${out}/style.css`);
  copy('examples/icon.svg', `${out}/icon.svg`);
  for (const name of ['speech.wav', 'noise.wav']) copy(`test/fixtures/${name}`, `${out}/samples/${name}`);
  copy('bench/headless.html', `${out}/bench/headless.html`);
  copy('bench/worklets/pass-through.js', `${out}/bench/worklets/pass-through.js`);
}

/** docs/api as pages. */
function copyReference(out) {
  for (const name of readdirSync('docs/api')) {
    const markdown = readFileSync(`docs/api/${name}`, 'utf8');
    const [, title] = /^# (.*)$/m.exec(markdown);
    const to = `${out}/api/${name === 'README.md' ? 'index' : name.replace('.md', '')}.html`;
    const body = htmlOf(markdown, (target) =>
      // Other documents are no pages of the site.
      target.startsWith('../') ? '' : target.replace(/^README\.md/, './').replace(/\.md(?=#|$)/, '.html'),
    );
    const html = readFileSync('examples/api.html', 'utf8')
      .replace('<!-- title -->', title)
      .replace('<!-- reference -->', () => body);
    writePage(html, to, 'api');
  }
}

/** Which network a page uses, with what each costs; nothing to choose where the build has one only. */
function networkChoice(dist) {
  if (!existsSync(`${dist}/full.js`)) return '';
  const size = (name) => `${(statSync(`${dist}/${name}`).size / 1e6).toFixed(1)} MB`;
  return `<div class="field">
            <span class="label">Network</span>
            <fieldset class="choice">
              <legend class="skip">Network</legend>
              <label><input type="radio" name="network" value="lite" checked /><span>lite</span></label>
              <label><input type="radio" name="network" value="full" /><span>full</span></label>
            </fieldset>
            <span class="hint">lite: ${size('model.safetensors')}; full: ${size('model-full.safetensors')}, 1.6 times the CPU</span>
          </div>`;
}

/** How far up a page's spectrograms go, in hertz, at first and by choice. */
function rangeChoice(first) {
  const options = [2000, 4000, 8000, 20000].map(
    (hertz) => `<option value="${hertz}"${hertz === Number(first) ? ' selected' : ''}>${hertz / 1000} kHz</option>`,
  );
  return `<select id="range">${options.join('')}</select>`;
}

/** A page with the head and the menu that all share; `folder` is its own, '' the start page's. */
function writePage(source, to, folder, network = '') {
  const up = folder ? '../' : './';
  const links = PAGES.map(([path, name]) =>
    path === folder ? `<a href="./" aria-current="page">${name}</a>` : `<a href="${up}${path}/">${name}</a>`,
  );
  const header = `<a class="skip" href="#main">Skip to content</a>
    <header class="top">
      <a class="brand" href="${up}"${folder ? '' : ' aria-current="page"'}><img src="${up}icon.svg" width="28" height="28" alt="" />percepnet-wasm</a>
      <nav aria-label="Pages">
        ${links.join('\n        ')}
      </nav>
    </header>`;
  // Hosts that send no headers get the same policy, but for what only a header may say.
  const policy = CONTENT_SECURITY_POLICY.replace(/; frame-ancestors [^;]*/, '');
  const html = source
    .replace('<!-- header -->', header)
    .replace('<!-- network -->', network)
    .replace(/<!-- range (\d+) -->/, (_, first) => rangeChoice(first))
    .replace(
      '<meta charset="utf-8" />',
      `<meta charset="utf-8" />\n    <meta http-equiv="Content-Security-Policy" content="${policy}" />`,
    );
  mkdirSync(dirname(to), { recursive: true });
  writeFileSync(to, html);
}

async function copyPeers(out) {
  const peers = `${out}/bench/peers`;
  for (const name of ['rnnoise', 'gtcrn', 'speex'])
    copy(`${PEERS}/${SAPPHI}/dist/${name}/workletProcessor.js`, `${peers}/sapphi-${name}.js`);
  for (const name of ['rnnoise_simd', 'gtcrn', 'speex'])
    copy(`${PEERS}/${SAPPHI}/dist/${name}.wasm`, `${peers}/sapphi-${name}.wasm`);
  copy(`${PEERS}/${JITSI}/dist/rnnoise.wasm`, `${peers}/jitsi-rnnoise.wasm`);
  await build({
    entryPoints: {
      timephy: `${TIMEPHY}/NoiseSuppressorWorklet`,
      jitsi: 'bench/worklets/jitsi.js',
      shiguredo: 'bench/worklets/shiguredo.js',
    },
    bundle: true,
    minify: true,
    format: 'esm',
    target: 'es2022',
    logLevel: 'error',
    outdir: peers,
  });
}

/** What the bench compares (bench/subjects.ts), with the bytes an app loads before it hears the first sample. */
function subjects(out, models) {
  const at = (path) => `${out}/${path}`;
  const own = (name, build, wasm) => ({
    id: `${name}-${build}`,
    name,
    label: `PercepNet ${name}, ${build === 'relaxed' ? 'relaxed' : 'plain'} SIMD`,
    package: `percepnet-wasm ${version('.')}`,
    build,
    kind: 'percepnet',
    worklet: '../dist/worklet.js',
    wasm: `../dist/${wasm}`,
    model: `../models/${name}/model.safetensors`,
    firstUseGzipBytes: firstUseBytes(at('dist'), wasm, at(`models/${name}/model.safetensors`)),
  });
  const peer = (name, label, from, worklet, rest) => ({
    id: name,
    name,
    label,
    package: `${from} ${version(`${PEERS}/${from}`)}`,
    build: null,
    kind: 'peer',
    worklet: `peers/${worklet}.js`,
    ...rest,
    firstUseGzipBytes: gzipped(
      at(`bench/peers/${worklet}.js`),
      ...Object.values(rest.binaries ?? {}).map((path) => at(`bench/${path}`)),
    ),
  });
  const sapphi = (name, label, processor, wasm, build) =>
    peer(name, label, SAPPHI, `sapphi-${processor}`, {
      build,
      processor: `${SAPPHI}/${processor}`,
      options: { maxChannels: 1 },
      binaries: { wasmBinary: `peers/sapphi-${wasm}.wasm` },
    });
  return [
    {
      id: 'pass-through',
      name: 'pass-through',
      label: 'Pass-through',
      package: '',
      build: null,
      kind: 'pass-through',
      worklet: 'worklets/pass-through.js',
      processor: 'bench/pass-through',
      firstUseGzipBytes: gzipped('bench/worklets/pass-through.js'),
    },
    ...models.flatMap((name) => [own(name, 'relaxed', 'core-relaxed.wasm'), own(name, 'simd', 'core.wasm')]),
    sapphi('rnnoise-0.1-simd', 'RNNoise 0.1, SIMD', 'rnnoise', 'rnnoise_simd', 'simd'),
    peer('rnnoise-0.1', 'RNNoise 0.1, scalar', JITSI, 'jitsi', {
      processor: 'bench/jitsi',
      binaries: { wasm: 'peers/jitsi-rnnoise.wasm' },
    }),
    peer('rnnoise-0.2', 'RNNoise 0.2', TIMEPHY, 'timephy', { processor: 'NoiseSuppressorWorklet' }),
    peer('rnnoise-2025', 'RNNoise 2025', SHIGUREDO, 'shiguredo', { processor: 'bench/shiguredo' }),
    sapphi('gtcrn', 'GTCRN', 'gtcrn', 'gtcrn', null),
    sapphi('speex', 'SpeexDSP', 'speex', 'speex', null),
  ];
}

function version(folder) {
  return JSON.parse(readFileSync(`${folder}/package.json`, 'utf8')).version;
}

function gzipped(...files) {
  return files.reduce((sum, file) => sum + gzipSync(readFileSync(file)).length, 0);
}

function copy(from, to) {
  mkdirSync(dirname(to), { recursive: true });
  copyFileSync(from, to);
}

if (started(import.meta.url)) {
  const { values: options } = parseArgs({
    options: { models: { type: 'string' }, out: { type: 'string', default: 'build/pages' } },
  });
  await buildSite({ ...options, log: (message) => console.log(message) });
  console.log(`The pages are in ${options.out}: copy the folder to any web server, at any path.`);
}
