import { runInNewContext } from 'node:vm';
import { beforeAll, describe, expect, it } from 'vitest';
import { FRAME } from '../../../src/core/shape';
import { type DenoiseOptions, Denoiser } from '../../../src/entries/offline';
import { testAssets } from '../../helpers/assets';
import { noise } from '../../helpers/signals';

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

  it.each([
    ['mono', 1],
    ['mono', -FRAME],
    ['stereo', FRAME],
    ['stereo', -1],
  ] as const)(
    'refuses an output that lies over a part of the input, %s, %i samples further',
    async (channels, shift) => {
      using denoiser = await Denoiser.create({ assets, channels });
      const samples = new Float32Array(FRAME * 8);
      const input = samples.subarray(FRAME * 2, FRAME * 6);
      const over = samples.subarray(FRAME * 2 + shift, FRAME * 6 + shift);
      expect(() => denoiser.process(input, over)).toThrow(
        expect.objectContaining({ code: 'invalid-input', message: expect.stringContaining('output lies over') }),
      );
      // Side by side is not over one another.
      denoiser.process(samples.subarray(0, FRAME * 4), samples.subarray(FRAME * 4));
    },
  );

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
    expect(() => denoiser.process(frame.subarray(1), output)).toThrow(/input has as many samples/);
  });

  it.each([
    [960, 1440],
    [4800, 1440],
    [1, 1919],
    [128, 1919],
    [479, 1919],
    [1024, 1919],
  ])('in blocks of %i loses nothing: the same samples as frame by frame, %i late', async (size, delay) => {
    for (const channels of ['mono', 'stereo'] as const) {
      using framed = await Denoiser.create({ assets, channels });
      using denoiser = await Denoiser.create({ assets, channels });
      const sides = channels === 'mono' ? 1 : 2;
      const length = size === 1 ? 2400 : 24_000;
      const noises = [noise(length, 7), noise(length, 8)];
      const run = (d: Denoiser, block: number, inPlace: boolean): Float32Array => {
        const out = new Float32Array(sides * length);
        for (let at = 0; at + block <= length; at += block) {
          const samples = new Float32Array(sides * block);
          for (let c = 0; c < sides; c++) samples.set(noises[c]!.subarray(at, at + block), c * block);
          const result = inPlace ? samples : new Float32Array(samples.length);
          d.process(samples, result);
          for (let c = 0; c < sides; c++) out.set(result.subarray(c * block, (c + 1) * block), c * length + at);
        }
        return out;
      };
      const expected = run(framed, FRAME, false);
      const got = run(denoiser, size, size % 2 === 0);
      expect(denoiser.delay).toBe(delay);
      const more = delay - 1440;
      const whole = Math.floor(length / size) * size;
      for (let c = 0; c < sides; c++) {
        const [a, b] = [expected, got].map((x) => x.subarray(c * length, (c + 1) * length)) as [
          Float32Array,
          Float32Array,
        ];
        expect(b.subarray(0, more).every((x) => x === 0)).toBe(true);
        expect(b.subarray(more, whole)).toEqual(a.subarray(0, whole - more));
      }
    }
  });

  it('adds its later delay once when the first odd block comes', async () => {
    using denoiser = await Denoiser.create({ assets, strength: 0 });
    const input = noise(FRAME * 10, 9);
    const output = new Float32Array(input.length);
    let at = 0;
    for (const size of [960, 480, 100, 1000, 480, 7]) {
      denoiser.process(input.subarray(at, at + size), output.subarray(at, at + size));
      at += size;
    }
    expect(denoiser.delay).toBe(1919);
    expect(output.subarray(1919, at)).toEqual(input.subarray(0, at - 1919));
    denoiser.process(new Float32Array(0), new Float32Array(0));
    denoiser.reset();
    expect(denoiser.delay).toBe(1919);
  });

  it.each([
    ['input', new Int16Array(FRAME)],
    ['input', new Float64Array(FRAME)],
    ['input', Array(FRAME).fill(0)],
    ['input', Buffer.alloc(2 * FRAME)],
    ['input', undefined],
    ['input', null],
    ['input', 'sound'],
    ['output', new Int16Array(FRAME)],
    ['output', new Float32Array(FRAME - 1)],
    ['output', undefined],
  ])('names a wrong %s: %o', async (name, value) => {
    using denoiser = await Denoiser.create({ assets });
    const [input, output] = name === 'input' ? [value, new Float32Array(FRAME)] : [new Float32Array(FRAME), value];
    expect(() => denoiser.process(input as Float32Array, output as Float32Array)).toThrow(
      expect.objectContaining({ code: 'invalid-input', message: expect.stringContaining(name) }),
    );
  });

  it.each([
    ['channels', 'quad'],
    ['channels', 2],
    ['channels', null],
    ['strength', '0.5'],
    ['strength', null],
    ['strength', Number.NaN],
    ['sampleRate', '48000'],
    ['sampleRate', 500],
    ['sampleRate', null],
    ['assets', 'lite'],
    ['assets', null],
    ['signal', {}],
    ['onProgress', () => {}],
    ['frameLength', 960],
  ])('names a wrong option: %s %o', async (name, value) => {
    await expect(Denoiser.create({ assets, [name]: value })).rejects.toMatchObject({
      name: 'NoiseSuppressorError',
      code: 'invalid-input',
      message: expect.stringContaining(name),
    });
  });

  it('refuses options that are none', async () => {
    for (const options of [null, 1, 'mono', []]) {
      await expect(Denoiser.create(options as never)).rejects.toMatchObject({ code: 'invalid-input' });
    }
    using denoiser = await Denoiser.create({ assets, strength: undefined, channels: undefined });
    expect(() => {
      denoiser.strength = '1' as never;
    }).toThrow(/strength/);
  });

  it('takes arrays of another realm', async () => {
    using denoiser = await Denoiser.create({ assets, strength: 0 });
    const Foreign: typeof Float32Array = runInNewContext('Float32Array');
    const output = new Foreign(FRAME * 4);
    denoiser.process(Foreign.from(noise(FRAME * 4, 5)), output);
    expect([...output.subarray(1440)]).toEqual([...noise(FRAME * 4, 5).subarray(0, FRAME)]);
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
    await expect(Denoiser.create({ assets, strength: 3 })).rejects.toMatchObject({ code: 'invalid-input' });
    const denoiser = await Denoiser.create({ assets });
    denoiser.destroy();
    denoiser.destroy();
    const gone = expect.objectContaining({ code: 'destroyed' });
    expect(() => denoiser.process(new Float32Array(480), new Float32Array(480))).toThrow(gone);
    expect(() => denoiser.reset()).toThrow(gone);
  });

  it('comes and goes a thousand times in the same memory', async () => {
    using keeper = await Denoiser.create({ assets });
    const memory = () =>
      (keeper as unknown as { line: { core: { exports: { memory: WebAssembly.Memory } } } }).line.core.exports.memory;
    (await Denoiser.create({ assets })).destroy();
    const before = memory().buffer.byteLength;
    for (let i = 0; i < 1000; i++) (await Denoiser.create({ assets })).destroy();
    expect(memory().buffer.byteLength).toBe(before);
  });
});
