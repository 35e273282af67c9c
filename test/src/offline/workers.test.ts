/** One recording in several workers: how like the uncut one it sounds, and what goes wrong. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { build } from 'esbuild';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type DenoiseOptions, denoise } from '../../../src/entries/offline';
import { cut } from '../../../src/offline/parts';
import { testAssets } from '../../helpers/assets';
import { fixture, shippedModel } from '../../helpers/kit';
import { noise, snr } from '../../helpers/signals';

/** Of whole recordings a difference takes minutes to print. */
function same(a: Float32Array, b: Float32Array): boolean {
  return a.length === b.length && a.every((x, n) => x === b[n]);
}

describe('workers', () => {
  let folder: string;
  let assets: NonNullable<DenoiseOptions['assets']>;
  let workers: Worker[];
  const start = (name = 'worker.mjs'): Worker => new Worker(join(folder, name));

  beforeAll(async () => {
    assets = await testAssets();
    folder = await mkdtemp(join(tmpdir(), 'parts-'));
    await build({
      stdin: {
        contents: `import { denoiseWorker } from './offline';\ndenoiseWorker();`,
        resolveDir: fileURLToPath(new URL('../../../src/entries', import.meta.url)),
      },
      bundle: true,
      format: 'esm',
      platform: 'node',
      define: { __VERSION__: '"0.0.0"' },
      outfile: join(folder, 'worker.mjs'),
    });
    await writeFile(
      join(folder, 'deaf.mjs'),
      `import { parentPort } from 'node:worker_threads'; parentPort.on('message', () => {});`,
    );
    await writeFile(
      join(folder, 'dies.mjs'),
      `import { parentPort } from 'node:worker_threads'; parentPort.on('message', () => process.exit(3));`,
    );
    await writeFile(
      join(folder, 'throws.mjs'),
      `import { parentPort } from 'node:worker_threads'; parentPort.on('message', () => { throw new Error('no room'); });`,
    );
    workers = [start(), start()];
  });

  afterAll(async () => {
    await Promise.all(workers.map((worker) => worker.terminate()));
    await rm(folder, { recursive: true });
  });

  it.each([44100, 48000])(
    'give the input at strength 0 and %i Hz, two channels of it, as without workers',
    async (sampleRate) => {
      const input = [noise(121 * sampleRate, 1), noise(121 * sampleRate, 2)];
      const options = { sampleRate, strength: 0, assets };
      const uncut = sampleRate === 48000 ? input : await denoise(input, options);
      const parts = await denoise(input, { ...options, workers });
      for (const c of [0, 1]) expect(same(parts[c]!, uncut[c]!)).toBe(true);
    },
  );

  it('leave a short recording in one part, bit for bit', async () => {
    const input = noise(30_000, 3);
    const options = { sampleRate: 32000, assets };
    expect(await denoise(input, { ...options, workers })).toEqual(await denoise(input, options));
    expect(await denoise([], { ...options, workers })).toEqual([]);
  });

  it.each(['lite', 'full'] as const)(
    'of speech in noise give with %s the uncut sound to 45 dB, and do not click',
    async (name) => {
      const rate = 48000;
      const model = shippedModel(name)!;
      const [voice, rain] = [fixture('speech'), fixture('noise')];
      const white = noise(130 * rate, 4);
      // Each rises and falls, so that no second is the one before; the seam lies in a word.
      const input = Float32Array.from(white, (x, n) => {
        const level = 10 ** ((-20 + 14 * Math.sin(n / rate / 9)) / 20);
        const near = 0.4 + 0.5 * Math.sin(n / rate / 7) ** 2;
        return voice[(n + 1.7 * rate) % voice.length]! * near + rain[n % rain.length]! * level + 0.002 * x;
      });
      const options = { sampleRate: rate, assets: { ...assets, model } };
      const uncut = await denoise(input, options);
      const parts = await denoise(input, { ...options, workers });
      const [, { first }] = cut(input.length, rate, 2) as [unknown, { first: number }];
      expect(same(parts.subarray(0, first), uncut.subarray(0, first))).toBe(true);
      expect(snr(uncut.subarray(first), parts.subarray(first))).toBeGreaterThan(45);
      expect(snr(uncut.subarray(first, first + 5 * rate), parts.subarray(first, first + 5 * rate))).toBeGreaterThan(40);
      // A step has all of itself in the second difference of two samples; the sound around it has more there.
      const bend = (x: Float32Array, n: number): number => x[n]! - 2 * x[n - 1]! + x[n - 2]!;
      let around = 0;
      for (let n = first - 960; n < first + 960; n++) around += bend(uncut, n) ** 2 / 1920;
      for (const n of [first, first + 1])
        expect(Math.abs(bend(parts, n) - bend(uncut, n))).toBeLessThan(Math.sqrt(around));
    },
    180_000,
  );

  it('tell how far they are, in order, up to 1', async () => {
    const told: number[] = [];
    await denoise(new Float32Array(125 * 8000), { sampleRate: 8000, assets, workers, onProgress: (x) => told.push(x) });
    expect(told.length).toBeGreaterThan(4);
    expect(told).toEqual([...told].sort((a, b) => a - b));
    expect(told.at(-1)).toBe(1);
  });

  it('stop when aborted, and can be used again', async () => {
    const abort = new AbortController();
    const options = { sampleRate: 48000, assets, workers };
    const reason = new Error('enough');
    const onProgress = (x: number): void => {
      if (x > 0) abort.abort(reason);
    };
    const work = denoise(noise(300 * 48000, 5), { ...options, signal: abort.signal, onProgress });
    await expect(work).rejects.toMatchObject({ code: 'aborted', cause: reason });
    const began = performance.now();
    await denoise(noise(4800, 6), options);
    expect(performance.now() - began).toBeLessThan(5000);
  });

  it.each<[program: string, code: string, message: RegExp]>([
    ['deaf.mjs', 'timeout', /call denoiseWorker\(\) in it/],
    ['dies.mjs', 'processor-failed', /a worker stopped/],
    ['throws.mjs', 'processor-failed', /no room/],
    ['none.mjs', 'processor-failed', /none\.mjs/],
  ])('%s: %s', async (program, code, message) => {
    const bad = start(program);
    const options = { sampleRate: 8000, assets, workers: [workers[0]!, bad], timeoutMs: 3000 };
    const work = denoise(new Float32Array(130 * 8000), options);
    await expect(work).rejects.toMatchObject({ code, message: expect.stringMatching(message) });
    await bad.terminate();
  });

  it.each([[[]], [{}], [2], [[null]], [[{}]]])('%j are no workers', async (none) => {
    await expect(denoise(noise(10, 1), { sampleRate: 8000, assets, workers: none as never })).rejects.toMatchObject({
      code: 'invalid-input',
      message: expect.stringContaining('workers is a list of workers'),
    });
  });
});
