/** A new user's first minutes: the tarball in an empty project, the first lines of the README, Vite, a microphone. */
import { execFileSync } from 'node:child_process';
import { cpSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { makeMicrophone, microphoneSwitches } from '../browser/microphone';
import { launchChromium } from '../helpers/browser';
import { EXAMPLE, openExample, WORKS, writeExample } from './example';
import { bring, project } from './tarball';

let browser: Browser;
let folder: string;

beforeAll(async () => {
  browser = await launchChromium(microphoneSwitches(makeMicrophone().path));
  folder = project();
  bring(folder, 'react');
});

afterAll(async () => {
  await browser?.close();
  rmSync(folder, { recursive: true, force: true });
});

// Again when the machine was too busy to start within the default time limit.
test('the first example of the README, as it stands, in Vite', { retry: 2 }, async () => {
  const lines = EXAMPLE.split('\n').filter((line) => /\S/.test(line) && !line.startsWith('//'));
  expect(lines.length).toBeLessThanOrEqual(10);
  expect(EXAMPLE).toContain('suppressNoise');
  writeExample(folder);
  const { createServer } = await import('vite');
  const server = await createServer({ root: folder, configFile: false, logLevel: 'error', server: { port: 0 } });
  try {
    await server.listen();
    expect(await openExample(browser, server.resolvedUrls?.local[0] ?? '')).toEqual(WORKS);
  } finally {
    await server.close();
  }
});

/** Every example of the README. */
const BLOCKS = [...readFileSync('README.md', 'utf8').matchAll(/```(\w+)\n([\s\S]*?)```/g)].map(
  ([, language = '', code = '']) => ({ language, code, first: code.split('\n')[0] }),
);
const blockWith = (text: string): string => BLOCKS.find(({ code }) => code.includes(text))?.code ?? '';

test.each(BLOCKS.filter(({ language }) => ['js', 'jsx', 'html'].includes(language)))(
  'the example "$first" bundles, and each name that it imports is there',
  async ({ code }) => {
    const script = /<script type="module">([\s\S]*?)<\/script>/.exec(code)?.[1] ?? code;
    const { warnings, outputFiles } = await build({
      stdin: {
        contents: script.replace('./percepnet-wasm/index.js', 'percepnet-wasm'),
        resolveDir: folder,
        loader: 'jsx',
      },
      bundle: true,
      format: 'esm',
      write: false,
      logLevel: 'silent',
    });
    expect(warnings).toEqual([]);
    expect(outputFiles[0]?.text).not.toBe('');
    expect(script).toMatch(/from '(\.\/)?percepnet-wasm/);
  },
);

test('the examples for Node and for the command line, as they stand', () => {
  const before =
    'const samples = new Float32Array(44100); let sent = 0; const socket = { send: (x) => (sent += x.length) };';
  const after = 'send(new Int16Array(1234)); socket.send(denoiser.flush()); console.log(clean.length, sent);';
  const code = `${before}\n${blockWith('percepnet-wasm/offline')}\n${after}`;
  const said = execFileSync(process.execPath, ['--input-type=module', '--eval', code], {
    cwd: folder,
    encoding: 'utf8',
  });
  expect(said).toBe('44100 1234\n');
  cpSync('test/fixtures/noise.wav', join(folder, 'recordings/deep/noise.wav'));
  execFileSync('sh', ['-c', blockWith('percepnet-wasm denoise')], { cwd: folder, stdio: 'pipe' });
  expect(readdirSync(join(folder, 'cleaned/deep'))).toEqual(['noise.wav']);
});

test('the file to install is the one that npm pack makes', () => {
  const { name, version } = JSON.parse(readFileSync('package.json', 'utf8'));
  const commands = blockWith('npm install').replaceAll(/ +#.*/g, '');
  expect(commands).toBe(`npm ci && npm pack\nnpm install path/to/${name}-${version}.tgz\n`);
});
