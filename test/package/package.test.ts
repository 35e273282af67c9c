/** What is published: contents, entries, types, public interface, size. */
import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { publint } from 'publint';
import { formatMessage } from 'publint/utils';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
// @ts-expect-error a script of the build
import { firstUseBytes } from '../../scripts/first-use.mjs';
import { parseModel } from '../../src/core/model';
import { buildLibrary } from '../helpers/build';
import { bring, project, STAGE, tarball } from './tarball';

const run = promisify(execFile);
const manifest = JSON.parse(readFileSync('package.json', 'utf8'));
const ENTRIES = Object.keys(manifest.exports).filter((name) => manifest.exports[name].types);
const FILES = Object.keys(manifest.exports).filter((name) => !ENTRIES.includes(name) && !name.includes('*'));

test('publint has nothing to say', async () => {
  const { messages } = await publint({ pkgDir: STAGE, strict: true });
  // The address of the repository is for whoever publishes it to add.
  expect(messages.map((message) => formatMessage(message, manifest))).toEqual([]);
});

test('are-the-types-wrong has nothing to say', async () => {
  const files = [...FILES, './model.safetensors'].map((name) => name.slice(2));
  const attw = resolve('node_modules/.bin/attw');
  // It ends with 1 when it has something to say.
  await run(attw, [tarball(), '--profile', 'esm-only', '--exclude-entrypoints', ...files, '--no-color']);
});

/** It ends with 1 when a public name has no doc, or an option no default or example. */
test('the public interface is the one written down in api/ and docs/api (npm run api)', {
  timeout: 900_000,
}, async () => {
  const out = mkdtempSync(join(tmpdir(), 'api-'));
  try {
    const folders = [`--out=${out}/api`, `--reference=${out}/docs/api`];
    await run(process.execPath, ['scripts/api-report.mjs', `--types=${STAGE}/dist/types`, ...folders]);
    expect(readdirSync('api')).toHaveLength(ENTRIES.length);
    expect(readdirSync('docs/api')).toHaveLength(ENTRIES.length + 1);
    for (const folder of ['api', 'docs/api']) {
      const names = readdirSync(folder).sort();
      expect(readdirSync(join(out, folder)).sort()).toEqual(names);
      for (const name of names) {
        expect(readFileSync(join(out, folder, name), 'utf8')).toBe(readFileSync(join(folder, name), 'utf8'));
      }
    }
  } finally {
    rmSync(out, { recursive: true });
  }
});

test('what is carried brings its licence', () => {
  expect(JSON.parse(readFileSync(`${STAGE}/dist/bundled.json`, 'utf8'))).toHaveProperty('wavefile');
  const tool = readFileSync(`${STAGE}/dist/cli.js`, 'utf8');
  expect(tool).toContain(readFileSync('node_modules/wavefile/LICENSE', 'utf8').trim());
  expect(tool.trimEnd().split('\n').at(-1)).toBe('//# sourceMappingURL=cli.js.map');
  expect(readFileSync(`${STAGE}/NOTICE`, 'utf8')).toContain('Neither the name of the Xiph.Org Foundation');
});

test('first use takes at most 1.1 MB over the wire', () => {
  expect(firstUseBytes(`${STAGE}/dist`)).toBeLessThanOrEqual(1.1e6);
});

test("'full' is in the package when its weights are in the repository", () => {
  expect(existsSync(`${STAGE}/dist/model-full.safetensors`)).toBe(existsSync('models/full/model.safetensors'));
});

describe('in an empty project', () => {
  let folder: string;

  beforeAll(() => {
    folder = project();
    // The peer of percepnet-wasm/react.
    bring(folder, 'react');
  });
  afterAll(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  test.each(ENTRIES)('importing %s in Node does not throw', async (entry) => {
    const name = join('percepnet-wasm', entry);
    const script = `import * as all from '${name}'; console.log(Object.keys(all).length)`;
    const { stdout, stderr } = await run(process.execPath, ['--input-type=module', '--eval', script], { cwd: folder });
    expect(Number(stdout)).toBeGreaterThan(0);
    expect(stderr).toBe('');
  });

  test('errors of one entry are instances in the others', async () => {
    const script = `
      import { NoiseSuppressorError, NoiseSuppressorNode } from 'percepnet-wasm';
      import { denoise } from 'percepnet-wasm/offline';
      const error = await denoise(new Float32Array(10), {}).catch((error) => error);
      const other = await NoiseSuppressorNode.preload({ network: 'huge' }).catch((error) => error);
      console.log(error instanceof NoiseSuppressorError, other instanceof NoiseSuppressorError, error.code);`;
    const { stdout } = await run(process.execPath, ['--input-type=module', '--eval', script], { cwd: folder });
    expect(stdout).toBe('true true invalid-input\n');
  });

  test('a recording is denoised in Node, with the files of the package', async () => {
    const script = `
      import { denoise } from 'percepnet-wasm/offline';
      const noise = Float32Array.from({ length: 48000 }, () => 0.1 * (Math.random() - 0.5));
      const output = await denoise(noise, { sampleRate: 48000 });
      const power = (x) => x.slice(24000).reduce((sum, v) => sum + v * v, 0);
      console.log(output.length, power(output) < 0.25 * power(noise));`;
    const { stdout } = await run(process.execPath, ['--input-type=module', '--eval', script], { cwd: folder });
    expect(stdout).toBe('48000 true\n');
  });

  test("'full' is there in Node, whether its entry is imported or not, and named by who uses it", async () => {
    const { version } = parseModel(readFileSync('models/full/model.safetensors'));
    const script = (entry: string) => `
      import { Denoiser } from 'percepnet-wasm/offline';
      ${entry}
      await Denoiser.create({ network: 'full' }).then(
        ({ network }) => console.log(network.name, network.version),
        (error) => console.log(error.code, error.message),
      );`;
    const told = async (entry: string): Promise<string> =>
      (await run(process.execPath, ['--input-type=module', '--eval', script(entry)], { cwd: folder })).stdout;
    expect(await told("import 'percepnet-wasm/full';")).toBe(`full ${version}\n`);
    expect(await told('')).toBe(`full ${version}\n`);
  });

  test('the command line takes either network by its name', async () => {
    const tool = join(folder, 'node_modules/.bin/percepnet-wasm');
    const written = [];
    for (const model of ['lite', 'full']) {
      const out = join(folder, `${model}.wav`);
      await run(tool, ['--model', model, resolve('test/fixtures/noise.wav'), out]);
      written.push(readFileSync(out));
    }
    expect(written[0]!.equals(written[1]!)).toBe(false);
    const standard = join(folder, 'standard.wav');
    await run(tool, [resolve('test/fixtures/noise.wav'), standard]);
    expect(readFileSync(standard).equals(written[0]!)).toBe(true);
  });

  test.each(FILES)('%s resolves to a file', async (name) => {
    const script = `import { existsSync } from 'node:fs';
      console.log(existsSync(new URL(import.meta.resolve('${join('percepnet-wasm', name)}'))));`;
    const { stdout } = await run(process.execPath, ['--input-type=module', '--eval', script], { cwd: folder });
    expect(stdout).toBe('true\n');
  });
});

test("a build without the 'full' network has no entry for it, and says so in the library and in copy-assets", async () => {
  const out = mkdtempSync(join(tmpdir(), 'lite-only-'));
  try {
    buildLibrary(out, '--no-types', '--networks=lite', `--core=${STAGE}/dist`);
    expect(existsSync(`${out}/full.js`)).toBe(false);
    const script = `import { NoiseSuppressorNode } from '${out}/index.js';
      await NoiseSuppressorNode.preload({ network: 'full' }).catch((error) => console.log(error.code, error.message));`;
    const { stdout } = await run(process.execPath, ['--input-type=module', '--eval', script]);
    expect(stdout).toMatch(/^asset-not-found .*'full'/);
    const copy = run(process.execPath, [`${out}/cli.js`, 'copy-assets', '--full', `${out}/public`]);
    await expect(copy).rejects.toThrow('model-full.safetensors');
  } finally {
    rmSync(out, { recursive: true });
  }
});
