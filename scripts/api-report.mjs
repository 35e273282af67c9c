/**
 * npm run api: writes what each entry exports, with its types, to api/NAME.api.md, and the reference to docs/api. A change in the first
 * is a change of the public interface, to be seen in review; test/package checks that both are up to date. Ends with 1, and the names,
 * when a public name has no doc, or an option no default or example.
 * Options: --types=DIR takes the declarations of a build elsewhere, --out=DIR and --reference=DIR write elsewhere.
 */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import extractor from '@microsoft/api-extractor';
import { build } from 'esbuild';
import { ENTRIES } from './entries.mjs';
import { comment, reference } from './reference.mjs';

const { Extractor, ExtractorConfig } = extractor;

const { values: options } = parseArgs({
  options: {
    types: { type: 'string', default: 'dist/types' },
    out: { type: 'string', default: 'api' },
    reference: { type: 'string', default: 'docs/api' },
  },
});
const temporary = mkdtempSync(join(tmpdir(), 'api-'));
mkdirSync(options.out, { recursive: true });
try {
  for (const entry of ENTRIES) report(entry);
  const missing = await writeReference();
  for (const line of missing) console.error(line);
  if (missing.length > 0) process.exitCode = 1;
} finally {
  rmSync(temporary, { recursive: true });
}

/** @returns {Promise<string[]>} what lacks a doc */
async function writeReference() {
  rmSync(options.reference, { recursive: true, force: true });
  mkdirSync(options.reference, { recursive: true });
  const { LIVE_RULES, VOICE_RULES, ASSET_RULES, LIMITS, OFFLINE_RULES, STREAM_RULES, SESSION_RULES } = await sources();
  const rules = {
    NoiseSuppressorOptions: LIVE_RULES,
    CreateOptions: LIVE_RULES,
    AdapterOptions: LIVE_RULES,
    SuppressNoiseOptions: LIVE_RULES,
    VoiceActivityOptions: VOICE_RULES,
    AssetOptions: ASSET_RULES,
    LoadLimits: LIMITS,
    DenoiseOptions: OFFLINE_RULES,
    DenoiseStreamOptions: STREAM_RULES,
    NoiseSuppressionOptions: SESSION_RULES,
  };
  const known = new Map();
  const rows = [];
  const missing = [];
  for (const entry of ENTRIES) {
    const name = entry === 'index' ? 'percepnet-wasm' : `percepnet-wasm/${entry}`;
    const page = `${entry === 'index' ? 'percepnet-wasm' : entry}.md`;
    const [raw] = /\/\*\*[\s\S]*?\*\//.exec(readFileSync(`src/entries/${entry}.ts`, 'utf8')) ?? [];
    const intro = comment(raw).summary;
    const model = JSON.parse(readFileSync(modelOf(entry), 'utf8'));
    const written = reference({ name, page, intro, model, rules, known });
    writeFileSync(join(options.reference, page), written.markdown);
    missing.push(...written.missing);
    const names = [...known]
      .filter(([, at]) => at === page)
      .map(([title]) => `[${title}](${page}#${title.toLowerCase()})`);
    rows.push(`## [${name}](${page})`, intro, `${names.join(', ')}.`);
  }
  const text = `# Reference

Every name of the interface, made from the doc comments by \`npm run api\`. Each option is checked: one that there is not, or a value that is
none of its own, is refused with \`invalid-input\` and its name. What the errors mean: [errors.md](../errors.md).

${rows.join('\n\n')}
`;
  writeFileSync(join(options.reference, 'README.md'), text);
  return missing;
}

/** The rules that options are checked by. */
async function sources() {
  const contents = `
    export { LIVE_RULES, VOICE_RULES } from './src/graph/node-options';
    export { ASSET_RULES } from './src/loading/asset-options';
    export { LIMITS } from './src/shared/limited';
    export { OFFLINE_RULES, STREAM_RULES } from './src/offline/options';
    export { SESSION_RULES } from './src/adapters/react-session';`;
  const { outputFiles } = await build({
    stdin: { contents, resolveDir: process.cwd() },
    bundle: true,
    format: 'esm',
    write: false,
    logLevel: 'error',
  });
  return import(`data:text/javascript,${encodeURIComponent(outputFiles[0].text)}`);
}

function modelOf(entry) {
  return join(temporary, `${entry}.api.json`);
}

function report(entry) {
  const quiet = { default: { logLevel: 'none' } };
  const configuration = ExtractorConfig.prepare({
    configObject: {
      projectFolder: process.cwd(),
      mainEntryPointFilePath: resolve(options.types, `entries/${entry}.d.ts`),
      compiler: {
        overrideTsconfig: {
          compilerOptions: {
            target: 'ES2022',
            module: 'ESNext',
            moduleResolution: 'bundler',
            lib: ['ES2022', 'ESNext.Disposable', 'DOM', 'DOM.Iterable'],
            strict: true,
            skipLibCheck: true,
            types: [],
          },
        },
      },
      apiReport: {
        enabled: true,
        reportFileName: `${entry}.api.md`,
        reportFolder: resolve(options.out),
        reportTempFolder: temporary,
      },
      docModel: { enabled: true, apiJsonFilePath: modelOf(entry) },
      dtsRollup: { enabled: false },
      tsdocMetadata: { enabled: false },
      newlineKind: 'lf',
      messages: { compilerMessageReporting: quiet, extractorMessageReporting: quiet, tsdocMessageReporting: quiet },
    },
    configObjectFullPath: undefined,
    packageJsonFullPath: resolve('package.json'),
  });
  const { succeeded, errorCount } = Extractor.invoke(configuration, {
    localBuild: true,
    showVerboseMessages: false,
    messageCallback: (message) => {
      message.handled = message.logLevel !== 'error';
    },
  });
  if (!succeeded && errorCount > 0) throw new Error(`no report of ${entry}: ${errorCount} errors`);
}
