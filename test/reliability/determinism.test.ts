/** The same bits for the same input: across chunkings, builds and engines, and as yesterday (test/golden/determinism.json). */
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import { headStart } from '../../src/channel/timing';
import { crc32, loadNetwork, parseModel } from '../../src/core/model';
import { denoise } from '../../src/entries/offline';
import { hasRelaxedSimd } from '../../src/loading/support';
import { Pipeline } from '../../worklet/pipeline';
import { coreBytes, fixture, instantiate, random, record, SEED, shippedModel, tinyModel } from '../helpers/kit';

const GOLDEN = new URL('../golden/determinism.json', import.meta.url);
/** `npm run reliability -- --golden`. */
const UPDATE = process.env.UPDATE_GOLDEN === '1';
const RATES = [48_000, 44_100, 16_000];

interface Hashes {
  /** CRC-32 of the model file. */
  model: string;
  /** SHA-256 of the output's f32, by sample rate. */
  output: Record<string, string>;
}

let wasm: Uint8Array<ArrayBuffer>;

beforeAll(async () => {
  wasm = await coreBytes();
});

/** A second of speech in noise. No sine: engines differ in its last bit. */
function input(): Float32Array {
  const [speech, noise] = [fixture('speech'), fixture('noise')];
  return Float32Array.from({ length: 48_000 }, (_, n) => Math.fround(speech[n + 48_000]! + 0.25 * noise[n]!));
}

function sha256(samples: Float32Array): string {
  return createHash('sha256')
    .update(new Uint8Array(samples.buffer, samples.byteOffset, samples.byteLength))
    .digest('hex');
}

async function hashes(core: Uint8Array<ArrayBuffer>, model: Uint8Array<ArrayBuffer>): Promise<Hashes> {
  const output: Record<string, string> = {};
  for (const sampleRate of RATES) {
    output[sampleRate] = sha256(await denoise(input(), { sampleRate, assets: { wasm: core, model } }));
  }
  return { model: crc32(model).toString(16).padStart(8, '0'), output };
}

function golden(): Record<string, Hashes> {
  return existsSync(GOLDEN) ? JSON.parse(readFileSync(GOLDEN, 'utf8')) : {};
}

describe('determinism', () => {
  for (const name of ['tiny', 'lite', 'full'] as const) {
    const model = name === 'tiny' ? tinyModel() : shippedModel(name);
    const known = golden()[name];
    const changed = name !== 'tiny' && model && known?.model !== crc32(model).toString(16).padStart(8, '0');
    const why = !model ? 'not there' : changed && !UPDATE ? 'new weights: npm run reliability -- --golden' : '';
    it.skipIf(why !== '')(`golden hashes of ${name}${why && ` (skipped: ${why})`}`, async (context) => {
      const now = await hashes(wasm, model as Uint8Array<ArrayBuffer>);
      if (UPDATE) writeFileSync(GOLDEN, `${JSON.stringify({ ...golden(), [name]: now }, null, 2)}\n`);
      expect(now).toEqual(golden()[name]);
      record(context, `${RATES.length} rates equal to test/golden/determinism.json (model ${now.model})`);
    });
  }

  it('the length of the blocks does not matter', (context) => {
    const model = parseModel(tinyModel());
    const source = input().subarray(0, 24_000);
    const next = random(SEED);
    let compared = 0;
    for (const rate of [48_000, 44_100]) {
      let reference: Float32Array | undefined;
      for (const quantum of [480, 1, 64, 128, 441, 1000, 4096, 1 + next.below(4096)]) {
        const core = instantiate(new WebAssembly.Module(wasm));
        const observer = { frameStart() {}, frameEnd() {} };
        const pipeline = new Pipeline(core, loadNetwork(core, model), rate, 1, quantum, observer, true);
        const output = new Float32Array(source.length);
        const one = Float32Array.of(1);
        for (let at = 0; at + quantum <= source.length; at += quantum) {
          pipeline.process(
            [source.subarray(at, at + quantum)],
            [output.subarray(at, at + quantum)],
            quantum,
            one,
            false,
          );
        }
        const late = headStart(rate, quantum);
        const aligned = output.slice(late, late + 19_000);
        reference ??= aligned;
        expect(sha256(aligned), `${rate} Hz in blocks of ${quantum}, SEED=${SEED}`).toBe(sha256(reference));
        compared++;
      }
    }
    record(context, `${compared} chunkings at 48 and 44.1 kHz give the same bits`);
  });

  const relaxed = hasRelaxedSimd();
  it.skipIf(!relaxed)(
    `plain and relaxed SIMD${relaxed ? '' : ' (skipped: this engine has no relaxed SIMD, needs Node 24)'}`,
    async (context) => {
      const build = await coreBytes('core-relaxed.wasm');
      expect((await hashes(build, tinyModel())).output).toEqual(golden().tiny?.output);
      record(context, `the relaxed build gives the golden hashes in Node ${process.versions.node}`);
    },
  );
});
