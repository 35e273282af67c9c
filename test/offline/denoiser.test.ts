import { beforeAll, describe, expect, it } from 'vitest';
import { type DenoiseOptions, Denoiser } from '../../src/offline';
import { testAssets } from '../helpers/assets';
import { noise } from '../helpers/signals';

const FRAME = 480;

describe('Denoiser', () => {
  let assets: NonNullable<DenoiseOptions['assets']>;

  beforeAll(async () => {
    assets = await testAssets();
  });

  it('says what it is', async () => {
    using denoiser = await Denoiser.create({ assets });
    expect(denoiser).toMatchObject({ sampleRate: 48000, frameLength: FRAME, delay: 1440, strength: 1 });
  });

  it('is a delay line at strength 0', async () => {
    using denoiser = await Denoiser.create({ assets, strength: 0 });
    const input = noise(FRAME * 20, 1);
    const output = new Float32Array(input.length);
    for (let at = 0; at < input.length; at += FRAME) {
      const speech = denoiser.process(input.subarray(at, at + FRAME), output.subarray(at, at + FRAME));
      expect(speech).toBeGreaterThanOrEqual(0);
      expect(speech).toBeLessThanOrEqual(1);
    }
    expect(output.subarray(denoiser.delay)).toEqual(input.subarray(0, -denoiser.delay));
    expect(output.subarray(0, denoiser.delay).every((x) => x === 0)).toBe(true);
  });

  it('works in place, starts afresh after reset(), and does not leak between instances', async () => {
    using a = await Denoiser.create({ assets });
    using b = await Denoiser.create({ assets });
    const run = (denoiser: Denoiser): Float32Array => {
      const samples = noise(FRAME * 20, 2);
      for (let at = 0; at < samples.length; at += FRAME) {
        const frame = samples.subarray(at, at + FRAME);
        denoiser.process(frame, frame);
      }
      return samples;
    };
    const first = run(a);
    a.reset();
    expect(run(a)).toEqual(first);
    expect(run(b)).toEqual(first);
  });

  it('survives that another instance makes the memory grow', async () => {
    using first = await Denoiser.create({ assets, strength: 0 });
    const frame = noise(FRAME, 3);
    const output = new Float32Array(FRAME);
    first.process(frame, output);
    // More than one instance of the core can hold.
    const others = await Promise.all(Array.from({ length: 100 }, () => Denoiser.create({ assets })));
    for (let i = 0; i < 3; i++) first.process(frame, output);
    expect(output).toEqual(frame);
    for (const other of others) other.destroy();
  });

  it('takes stereo as two frames side by side', async () => {
    using denoiser = await Denoiser.create({ assets, channels: 'stereo', strength: 0 });
    const frame = noise(2 * FRAME, 4);
    const output = new Float32Array(2 * FRAME);
    for (let i = 0; i < 4; i++) denoiser.process(frame, output);
    expect(output).toEqual(frame);
    expect(() => denoiser.process(frame.subarray(0, FRAME), output)).toThrow(/960 samples/);
  });

  it('takes a new strength at any time', async () => {
    using denoiser = await Denoiser.create({ assets });
    denoiser.strength = 0;
    expect(denoiser.strength).toBe(0);
    for (const wrong of [-0.1, 1.1, Number.NaN]) {
      expect(() => {
        denoiser.strength = wrong;
      }).toThrow(expect.objectContaining({ code: 'invalid-input' }));
    }
    expect(denoiser.strength).toBe(0);
  });

  it('refuses what it cannot do', async () => {
    await expect(Denoiser.create({ assets, sampleRate: 44100 })).rejects.toMatchObject({ code: 'invalid-input' });
    await expect(Denoiser.create({ assets, strength: 3 })).rejects.toMatchObject({ code: 'invalid-input' });
    const denoiser = await Denoiser.create({ assets });
    expect(() => denoiser.process(new Float32Array(479), new Float32Array(480))).toThrow(/480 samples/);
    denoiser.destroy();
    denoiser.destroy();
    const gone = expect.objectContaining({ code: 'destroyed' });
    expect(() => denoiser.process(new Float32Array(480), new Float32Array(480))).toThrow(gone);
    expect(() => denoiser.reset()).toThrow(gone);
  });

  it('comes and goes a thousand times in the same memory', async () => {
    using keeper = await Denoiser.create({ assets });
    const memory = () =>
      (keeper as unknown as { core: { exports: { memory: WebAssembly.Memory } } }).core.exports.memory;
    (await Denoiser.create({ assets })).destroy();
    const before = memory().buffer.byteLength;
    for (let i = 0; i < 1000; i++) (await Denoiser.create({ assets })).destroy();
    expect(memory().buffer.byteLength).toBe(before);
  });
});
