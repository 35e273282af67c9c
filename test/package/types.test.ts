/** The types in the projects of others: old and new TypeScript, no newer `lib` than the package needs, declarations checked too. */
import { execFile } from 'node:child_process';
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, expect, test } from 'vitest';
import { emptyProject, install, link, tarball, write } from './tarball';

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

/** With the types of others, as they are in the repository. */
const SDKS = `
  import type { AudioTransformDevice, Device } from 'amazon-chime-sdk-js';
  import type { LocalAudioTrack } from 'livekit-client';
  import { NoiseSuppressorTransformDevice } from 'percepnet-wasm/chime';
  import { NoiseSuppressorProcessor } from 'percepnet-wasm/livekit';
  import { type NoiseSuppression, useNoiseSuppression } from 'percepnet-wasm/react';

  export async function rooms(track: LocalAudioTrack, microphone: Device): Promise<AudioTransformDevice> {
    const processor = new NoiseSuppressorProcessor({ strength: 0.9, keepAlive: true });
    await track.setProcessor(processor);
    // @ts-expect-error the track is LiveKit's own
    new NoiseSuppressorProcessor({ stopSourceOnDestroy: true });
    // @ts-expect-error the context is Chime's own
    new NoiseSuppressorTransformDevice(microphone, { context: new AudioContext() });
    return new NoiseSuppressorTransformDevice(microphone, { network: 'full', keepAlive: true, signal: null });
  }

  export function useClean(): MediaStreamTrack | null {
    const { track, error, bypass }: NoiseSuppression = useNoiseSuppression({ constraints: {}, network: 'full' });
    // @ts-expect-error no such state
    const state: NoiseSuppression['state'] = 'asleep';
    bypass(error === null && state !== 'idle');
    return track;
  }`;
const PEERS = ['livekit-client', 'amazon-chime-sdk-js', 'react', '@types/react'];

/** `using`, where TypeScript and lib have it: the package's own declaration is the lib's. */
const DISPOSE = `
  import { Denoiser } from 'percepnet-wasm/offline';
  export async function use(): Promise<number> {
    using denoiser = await Denoiser.create();
    return denoiser.delay;
  }`;

test('each entry that has types is imported', () => {
  const { exports } = JSON.parse(readFileSync('package.json', 'utf8'));
  const entries = Object.keys(exports).filter((name) => exports[name].types);
  const imported = [...`${USE}${SDKS}`.matchAll(/from 'percepnet-wasm(.*)'/g)].map(([, path]) => `.${path}`);
  expect(imported.sort()).toEqual(entries.sort());
});

test.for(['5.0', '5.5', 'latest'])(
  'TypeScript %s, skipLibCheck: false',
  { timeout: 900_000 },
  async (version, { skip }) => {
    const folder = emptyProject();
    folders.push(folder);
    install(folder, [tarball()]);
    try {
      install(folder, [`typescript@${version}`]);
    } catch (error) {
      skip(`npm could not install typescript@${version}: ${(error as Error).message.split('\n').at(-1)}`);
    }
    for (const name of PEERS) link(folder, name);
    write(folder, { 'use.ts': USE, 'dispose.ts': DISPOSE, 'sdks.ts': SDKS });
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
      expect(ours(await tsc(...target, '--lib', 'ES2022,DOM', 'sdks.ts'))).toEqual([]);
      if (version === '5.0') continue;
      expect(await tsc(...target, '--lib', 'ES2022,ESNext.Disposable,DOM', 'use.ts', 'dispose.ts')).toMatchObject({
        stdout: '',
      });
    }
  },
);

/** The complaints but those about what others declare: their packages may ask for a newer TypeScript than ours does. */
function ours(answer: unknown): string[] {
  const text = typeof answer === 'string' ? answer : (answer as { stdout: string }).stdout;
  const lines = text.split('\n').filter((line) => /^\S/.test(line));
  return lines.filter((line) => !/^[^(]*\bnode_modules\/(?!percepnet-wasm\/).*: error TS\d+:/.test(line));
}
