/** Cores that trap, and more streams than one core holds. */
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { FRAME } from '../../../src/core/shape';
import { Denoiser, denoise } from '../../../src/entries/offline';
import { acquireCore } from '../../../src/offline/cores';
import { testAssets } from '../../helpers/assets';
import { noise } from '../../helpers/signals';
import { unwatchCores, watchCores } from '../../helpers/watched-cores';

let assets: Awaited<ReturnType<typeof testAssets>>;

beforeAll(async () => {
  assets = await testAssets();
});

afterEach(unwatchCores);

function run(denoiser: Denoiser, input: Float32Array, each?: () => void): Float32Array {
  const output = new Float32Array(input.length);
  for (let at = 0; at + FRAME <= input.length; at += FRAME) {
    each?.();
    denoiser.process(input.subarray(at, at + FRAME), output.subarray(at, at + FRAME));
  }
  return output;
}

describe('a core that traps', () => {
  it('is replaced under a Denoiser and its neighbour: no sample is lost, and nobody calls it again', async () => {
    const seen = watchCores((core, call) => core === 1 && call === 61);
    const input = noise(100 * FRAME, 1);
    using hit = await Denoiser.create({ assets, strength: 0 });
    using neighbour = await Denoiser.create({ assets, strength: 0 });
    const beside = new Float32Array(input.length);
    let at = 0;
    const output = run(hit, input, () => {
      neighbour.process(input.subarray(at, at + FRAME), beside.subarray(at, at + FRAME));
      at += FRAME;
    });
    expect(seen).toEqual({ made: 2, afterTrap: 0 });
    for (const out of [output, beside]) expect(out.subarray(1440)).toEqual(input.subarray(0, -1440));
  });

  it('is replaced at full strength without a step in the sound', async () => {
    watchCores((core, call) => core === 1 && call === 61);
    const tone = Float32Array.from({ length: 100 * FRAME }, (_, n) => 0.5 * Math.sin((2 * Math.PI * 300 * n) / 48000));
    using denoiser = await Denoiser.create({ assets });
    const output = run(denoiser, tone);
    let steepest = 0;
    for (let n = 40 * FRAME; n < output.length; n++)
      steepest = Math.max(steepest, Math.abs(output[n]! - output[n - 1]!));
    // The tone itself goes 0.0196 from sample to sample.
    expect(steepest).toBeLessThan(0.025);
  });

  it('and its successor too: told, and the delayed input comes out', async () => {
    const seen = watchCores((_, call) => call > 40);
    const input = noise(60 * FRAME, 2);
    using denoiser = await Denoiser.create({ assets, strength: 0 });
    const output = new Float32Array(input.length);
    let told = 0;
    for (let at = 0; at < input.length; at += FRAME) {
      try {
        denoiser.process(input.subarray(at, at + FRAME), output.subarray(at, at + FRAME));
      } catch (error) {
        expect(error).toMatchObject({ code: 'processor-failed' });
        told++;
      }
    }
    expect(told).toBeLessThan(60);
    expect(seen.afterTrap).toBe(0);
    expect(output.subarray(1440)).toEqual(input.subarray(0, -1440));
  });

  it('at its first call, and so does any other: told', async () => {
    watchCores(() => true);
    const input = noise(FRAME, 2);
    using never = await Denoiser.create({ assets, strength: 0 });
    expect(() => never.process(input, new Float32Array(FRAME))).toThrow(
      expect.objectContaining({ code: 'processor-failed' }),
    );
  });

  it('is given to nobody who waited for it while it trapped', async () => {
    const input = noise(48000, 3);
    const options = { sampleRate: 48000, assets };
    const expected = await denoise(input, options);
    const seen = watchCores((core, call) => core === 1 && call === 20);
    const [under, beside, denoiser] = await Promise.allSettled([
      denoise(input, options),
      denoise(input, options),
      Denoiser.create({ assets }),
    ]);
    expect(under.status).toBe('rejected');
    expect(beside).toEqual({ status: 'fulfilled', value: expected });
    expect(denoiser.status).toBe('fulfilled');
    expect(seen.afterTrap).toBe(0);
    (denoiser as PromiseFulfilledResult<Denoiser>).value.destroy();
  });

  it('ends the denoise() it traps under with a typed error, not the one beside it, nor a later one', async () => {
    const input = noise(48000 * 20, 3);
    const options = { sampleRate: 48000, assets };
    const expected = await denoise(input, options);
    const seen = watchCores((core, call) => core === 1 && call === 1500);
    const progress: number[] = [];
    const [a, b] = await Promise.allSettled([
      denoise(input, { ...options, onProgress: (fraction) => progress.push(fraction) }),
      denoise(input, { ...options, onProgress: (fraction) => progress.push(fraction + 10) }),
    ]);
    const results = [a, b].map(({ status }) => status).sort();
    expect(results).toEqual(['fulfilled', 'rejected']);
    const lost = [a, b].find(({ status }) => status === 'rejected') as PromiseRejectedResult;
    expect(lost.reason).toMatchObject({ code: 'processor-failed', message: expect.stringContaining('unreachable') });
    const kept = [a, b].find(({ status }) => status === 'fulfilled') as PromiseFulfilledResult<Float32Array>;
    expect(kept.value.every((x, n) => x === expected[n])).toBe(true);
    for (const from of [0, 10]) {
      const own = progress.filter((x) => Math.floor(x / 10) === from / 10);
      expect(own).toEqual([...own].sort((x, y) => x - y));
    }
    expect(await denoise(input.subarray(0, 4800), options)).toEqual(await denoise(input.subarray(0, 4800), options));
    expect(seen.afterTrap).toBe(0);
  });
});

describe('more than one core holds', () => {
  it('300 Denoisers at once, on five cores, which are given back', async () => {
    const seen = watchCores(() => false);
    const all = await Promise.all(Array.from({ length: 300 }, () => Denoiser.create({ assets, strength: 0 })));
    expect(seen.made).toBe(5);
    const input = noise(5 * FRAME, 4);
    for (const denoiser of all) {
      const output = run(denoiser, input);
      expect(output.subarray(1440).every((x, n) => x === input[n])).toBe(true);
    }
    for (const denoiser of all) denoiser.destroy();
    (await Denoiser.create({ assets })).destroy();
    expect(seen.made).toBe(6);
  });

  it('one of two that is given back leaves the other to who comes', async () => {
    const seen = watchCores(() => false);
    const [full, nearlyFull] = [await acquireCore(assets, 64), await acquireCore(assets, 63)];
    full.release();
    const last = await acquireCore(assets, 1);
    expect(seen.made).toBe(2);
    last.release();
    nearlyFull.release();
  });

  it('a hundred stereo rates that come and go leave a core small', async () => {
    const core = await acquireCore(assets, 1);
    const input = [noise(200, 5), noise(200, 6)];
    for (let k = 0; k < 100; k++) await denoise(input, { sampleRate: 8000 + 1831 * k, assets });
    // Each has tables of some 0.4 MB.
    expect(core.exports.memory.buffer.byteLength).toBeLessThan(4 << 20);
    core.release();
  });
});
