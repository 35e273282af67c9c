/** The golden hashes in every browser at hand, with the plain and, where there is one, the relaxed build. */
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type * as Offline from '../../../src/entries/offline';
import { absent, ENGINES, type Engine, launch } from '../../browser/engines';
import { type Site, serve } from '../../helpers/browser';
import { record } from '../../helpers/kit';

const golden = JSON.parse(readFileSync('test/golden/determinism.json', 'utf8')).tiny.output as Record<string, string>;

let site: Site;

beforeAll(async () => {
  site = await serve({
    '/denoise.html': (_, response) =>
      response
        .setHeader('content-type', 'text/html')
        .end('<!doctype html><script type="module">globalThis.offline = await import("/dist/offline.js");</script>'),
  });
});

afterAll(() => site?.close());

describe('determinism', () => {
  for (const name of ENGINES) {
    const why = absent(name);
    test.skipIf(why)(
      `golden hashes in ${name}${why ? ` (skipped: ${why})` : ''}`,
      { timeout: 600_000 },
      async (context) => {
        const engine: Engine = await launch(name);
        try {
          const tab = await engine.open(`${site.origin}/denoise.html`);
          const found = await tab.evaluate(async (rates: string[]) => {
            const scope = globalThis as unknown as { offline?: typeof Offline };
            while (!scope.offline) await new Promise((resolve) => setTimeout(resolve, 50));
            const pcm = async (file: string): Promise<Int16Array> => {
              const bytes = await (await fetch(`/test/fixtures/${file}.wav`)).arrayBuffer();
              // The fixtures have the shortest header there is.
              return new Int16Array(bytes.slice(44));
            };
            const [speech, noise] = [await pcm('speech'), await pcm('noise')];
            const input = Float32Array.from(
              { length: 48_000 },
              (_, n) => (speech[n + 48_000]! + 0.25 * noise[n]!) / 32768,
            );
            const hashes: Record<string, Record<string, string>> = {};
            for (const build of ['core', 'core-relaxed']) {
              const wasm = await (await fetch(`/dist/${build}.wasm`)).arrayBuffer();
              if (!WebAssembly.validate(wasm)) continue;
              hashes[build] = {};
              for (const rate of rates) {
                const assets = { wasm, model: '/test/golden/tiny.safetensors' };
                const output = await scope.offline.denoise(input, { sampleRate: Number(rate), assets });
                const digest = new Uint8Array(
                  await crypto.subtle.digest('SHA-256', output as Float32Array<ArrayBuffer>),
                );
                hashes[build][rate] = Array.from(digest, (byte) => byte.toString(16).padStart(2, '0')).join('');
              }
            }
            return hashes;
          }, Object.keys(golden));
          expect(found.core).toEqual(golden);
          if (found['core-relaxed']) expect(found['core-relaxed']).toEqual(golden);
          const builds = found['core-relaxed'] ? 'plain and relaxed SIMD' : 'plain SIMD (no relaxed SIMD here)';
          record(context, `${engine.version}: ${builds} give the golden hashes at ${Object.keys(golden).length} rates`);
        } finally {
          await engine.close();
        }
      },
    );
  }
});
