/** The types in the projects of others: old and new TypeScript, no newer `lib` than the package needs, declarations checked too. */
import { execFile } from 'node:child_process';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, expect, test } from 'vitest';
import { emptyProject, install, tarball, write } from './tarball';

const run = promisify(execFile);
const folders: string[] = [];

afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

const USE = `
  import { NoiseSuppressorNode, type SuppressedTrack, suppressNoise } from 'percepnet-wasm';
  import { full } from 'percepnet-wasm/full';
  import { inlineAssets } from 'percepnet-wasm/inline';
  import { Denoiser, denoise, denoiseStream } from 'percepnet-wasm/offline';

  export async function use(track: MediaStreamTrack): Promise<NoiseSuppressorNode | null> {
    const clean: SuppressedTrack = await suppressNoise(track, { network: full, assets: inlineAssets() });
    clean.node?.addEventListener('speechstart', (event) => console.log(event.probability));
    const samples: Float32Array = await denoise(new Float32Array(480), { sampleRate: 48000, network: 'lite' });
    (await Denoiser.create()).process(samples, samples);
    const denoiser = await Denoiser.create({ sampleRate: 16000 });
    const pcm: Int16Array[] = [denoiser.process(new Int16Array(160)), denoiser.flush<Int16Array>()];
    const bytes = new ReadableStream<Uint8Array>().pipeThrough(denoiseStream({ format: 's16le', sampleRate: 16000 }));
    await bytes.cancel(pcm.length);
    // @ts-expect-error no such network
    await Denoiser.create({ network: 'huge' });
    return clean.node;
  }`;

/** `using`, where TypeScript and lib have it: the package's own declaration is the lib's. */
const DISPOSE = `
  import { Denoiser } from 'percepnet-wasm/offline';
  export async function use(): Promise<number> {
    using denoiser = await Denoiser.create();
    return denoiser.delay;
  }`;

test.for(['5.0', '5.5', 'latest'])('TypeScript %s, skipLibCheck: false', async (version, { skip }) => {
  const folder = emptyProject();
  folders.push(folder);
  install(folder, [tarball()]);
  try {
    install(folder, [`typescript@${version}`]);
  } catch (error) {
    skip(`npm could not install typescript@${version}: ${(error as Error).message.split('\n').at(-1)}`);
  }
  write(folder, { 'use.ts': USE, 'dispose.ts': DISPOSE });
  const tsc = (...options: string[]): Promise<unknown> =>
    run(join(folder, 'node_modules/.bin/tsc'), ['--noEmit', '--strict', '--skipLibCheck', 'false', ...options], {
      cwd: folder,
    }).catch((error) => error.stdout || error.message);
  for (const [module, resolution] of [
    ['ESNext', 'bundler'],
    ['Node16', 'node16'],
  ] as const) {
    const target = ['--target', 'ES2022', '--module', module, '--moduleResolution', resolution];
    expect(await tsc(...target, '--lib', 'ES2022,DOM', 'use.ts')).toMatchObject({ stdout: '' });
    if (version === '5.0') continue;
    expect(await tsc(...target, '--lib', 'ES2022,ESNext.Disposable,DOM', 'use.ts', 'dispose.ts')).toMatchObject({
      stdout: '',
    });
  }
});
