import { runInNewContext } from 'node:vm';
import { beforeAll, describe, expect, it } from 'vitest';
import { type DenoiseOptions, denoise } from '../../../src/entries/offline';
import { testAssets } from '../../helpers/assets';
import { noise, snr, tones } from '../../helpers/signals';

describe('denoise', () => {
  let assets: NonNullable<DenoiseOptions['assets']>;

  beforeAll(async () => {
    assets = await testAssets();
  });

  it.each([0, 1, 2, 479, 480, 481, 1439, 1440, 1441, 48000, 100001])(
    'gives %i samples back in place at strength 0, bit for bit',
    async (length) => {
      const input = noise(length, 1);
      const output = await denoise(input, { sampleRate: 48000, strength: 0, assets });
      expect(output).toEqual(input);
      expect(output).not.toBe(input);
    },
  );

  it.each([8000, 11025, 16000, 22050, 24000, 32000, 44100, 44101, 88200, 96000, 176400, 192000])(
    'keeps what it passes in step at %i Hz',
    async (rate) => {
      // Below 0.9 of the lower Nyquist frequency, where the resampler promises 0.01 dB: about 58 dB each way.
      const input = tones(Math.round(rate / 2) + 7, rate, 0.44 * Math.min(rate, 48000));
      const output = await denoise(input, { sampleRate: rate, strength: 0, assets });
      expect(output).toHaveLength(input.length);
      expect(snr(input, output, Math.round(rate / 50))).toBeGreaterThan(50);
    },
  );

  it.each([8000, 44100, 48000, 192000])('takes empty and one-sample inputs at %i Hz', async (sampleRate) => {
    expect(await denoise(new Float32Array(0), { sampleRate, assets })).toHaveLength(0);
    const one = await denoise(Float32Array.of(0.5), { sampleRate, assets });
    expect(one).toHaveLength(1);
    expect(Number.isFinite(one[0])).toBe(true);
    expect(await denoise([], { sampleRate, assets })).toEqual([]);
  });

  it.each([16000, 48000])('counts NaN and infinity as 0 at %i Hz', async (sampleRate) => {
    const clean = noise(sampleRate / 2, 2);
    const broken = clean.slice();
    for (const [at, value] of [
      [100, Number.NaN],
      [5000, Number.POSITIVE_INFINITY],
      [7000, Number.NEGATIVE_INFINITY],
    ]) {
      broken[at as number] = value as number;
      clean[at as number] = 0;
    }
    const options = { sampleRate, assets };
    expect(await denoise(broken, options)).toEqual(await denoise(clean, options));
  });

  it('leaves the input alone', async () => {
    const input = noise(24000, 3);
    const before = input.slice();
    await denoise(input, { sampleRate: 44100, assets });
    expect(input).toEqual(before);
  });

  it.each<[what: string, change: (list: Float32Array[]) => void]>([
    ['written', ([sound]) => sound?.fill(0)],
    ['transferred', ([sound]) => structuredClone(sound?.buffer, { transfer: [sound?.buffer as ArrayBuffer] })],
    ['taken out of the list', (list) => list.splice(0)],
  ])('takes the input as it is when called: then it is %s', async (_, change) => {
    const list = [noise(200_000, 3)];
    const options = { sampleRate: 48000, assets };
    const [expected] = await denoise([list[0]!.slice()], options);
    const result = denoise(list, options);
    change(list);
    const [got] = await result;
    expect(got).toHaveLength(200_000);
    // No difference of so many numbers is to be printed.
    expect(got!.every((x, i) => x === expected![i])).toBe(true);
  });

  it('is repeatable, whatever runs beside it', async () => {
    const options = { sampleRate: 32000, assets };
    const input = noise(200_000, 4);
    const alone = await denoise(input, options);
    const together = await Promise.all([denoise(input, options), denoise(noise(150_000, 5), options)]);
    expect(together[0]).toEqual(alone);
  });

  it('keeps identical channels identical and stereo channels apart', async () => {
    const left = noise(30_000, 6);
    const [a, b] = await denoise([left, left], { sampleRate: 48000, assets });
    expect(a).toEqual(b);
    const right = noise(30_000, 7);
    const apart = await denoise([left, right], { sampleRate: 48000, strength: 0, assets });
    expect(apart).toEqual([left, right]);
  });

  it.each([1, 2, 3, 6])('returns %i channels for as many', async (count) => {
    const input = Array.from({ length: count }, (_, i) => noise(5000, i));
    const output = await denoise(input, { sampleRate: 44100, assets });
    expect(output.map((channel) => channel.length)).toEqual(input.map(() => 5000));
  });

  it('mixes down to mono when asked', async () => {
    const output = await denoise([Float32Array.of(1, 0.5, 0), Float32Array.of(0, 0.5, -1)], {
      sampleRate: 48000,
      strength: 0,
      channels: 'mono',
      assets,
    });
    expect(output).toEqual([Float32Array.of(0.5, 0.5, -0.5)]);
  });

  it('reports progress in order, ending with 1', async () => {
    const seen: number[] = [];
    await denoise(noise(48000 * 20, 8), { sampleRate: 48000, assets, onProgress: (fraction) => seen.push(fraction) });
    expect(seen.at(-1)).toBe(1);
    expect(seen).toEqual([...seen].sort((a, b) => a - b));
    expect(seen[0]).toBeGreaterThanOrEqual(0);
  });

  it('stops when aborted, before and during', async () => {
    const input = noise(48000 * 60, 9);
    const options = { sampleRate: 48000, assets };
    await expect(denoise(input, { ...options, signal: AbortSignal.abort('enough') })).rejects.toMatchObject({
      code: 'aborted',
      cause: 'enough',
    });
    const controller = new AbortController();
    const onProgress = () => controller.abort();
    await expect(denoise(input, { ...options, signal: controller.signal, onProgress })).rejects.toMatchObject({
      code: 'aborted',
    });
  });

  it('rejects what it cannot take with a typed error', async () => {
    const input = noise(10, 1);
    const bad: unknown[][] = [
      [input, { assets }],
      [input, { sampleRate: 0, assets }],
      [input, { sampleRate: Number.NaN, assets }],
      [input, { sampleRate: 48000, strength: 2, assets }],
      [input, { sampleRate: 48000, strength: Number.NaN, assets }],
      [[input, noise(11, 1)], { sampleRate: 48000, assets }],
      [[1, 2, 3], { sampleRate: 48000, assets }],
      [undefined, { sampleRate: 48000, assets }],
    ];
    for (const [samples, options] of bad) {
      await expect(denoise(samples as Float32Array, options as { sampleRate: number })).rejects.toMatchObject({
        name: 'NoiseSuppressorError',
        code: 'invalid-input',
      });
    }
    await expect(
      denoise(input, { sampleRate: 48000, assets: { ...assets, model: new Uint8Array(100) } }),
    ).rejects.toMatchObject({ code: 'invalid-model' });
    await expect(
      denoise(input, { sampleRate: 48000, assets: { ...assets, wasm: new Uint8Array(100) } }),
    ).rejects.toMatchObject({ code: 'wasm-rejected' });
  });

  it.each([
    ['channels', 'quad'],
    ['channels', 1],
    ['strength', '1'],
    ['strength', -0.1],
    ['sampleRate', '48000'],
    ['sampleRate', null],
    ['assets', 3],
    ['signal', 'now'],
    ['onProgress', true],
    ['sampelRate', 48000],
  ])('names a wrong option: %s %o', async (name, value) => {
    const options = { sampleRate: 48000, assets, [name]: value };
    await expect(denoise(noise(10, 1), options)).rejects.toMatchObject({
      code: 'invalid-input',
      message: expect.stringContaining(name),
    });
  });

  it('names a wrong input', async () => {
    const options = { sampleRate: 48000, assets };
    for (const input of [new Int16Array(480), 'sound', null, [new Float32Array(4), new Int16Array(4)], {}]) {
      await expect(denoise(input as never, options)).rejects.toMatchObject({
        code: 'invalid-input',
        message: expect.stringContaining('input'),
      });
    }
    const gone = new Float32Array(480);
    structuredClone(gone.buffer, { transfer: [gone.buffer] });
    for (const input of [gone, [gone]]) {
      await expect(denoise(input as Float32Array, options)).rejects.toMatchObject({
        code: 'invalid-input',
        message: expect.stringMatching(/input has been transferred/),
      });
    }
    const many = Array.from({ length: 65 }, () => new Float32Array(10));
    await expect(denoise(many, options)).rejects.toThrow(/64 channels, not 65/);
    expect(await denoise(many, { ...options, channels: 'mono' })).toHaveLength(1);
    await expect(denoise(null as never, null as never)).rejects.toThrow(/options is an object/);
  });

  it('takes samples of another realm', async () => {
    const [Foreign, List] = runInNewContext('[Float32Array, Array]') as [typeof Float32Array, typeof Array];
    const options = { sampleRate: 48000, strength: 0, assets };
    const input = noise(1000, 1);
    expect(await denoise(Foreign.from(input), options)).toEqual(input);
    expect(await denoise(List.of(Foreign.from(input)) as never, options)).toEqual([input]);
  });

  it('takes and returns an AudioBuffer', async () => {
    class Buffer {
      readonly numberOfChannels: number;
      readonly length: number;
      readonly sampleRate: number;
      private readonly data: Float32Array[];
      constructor(options: AudioBufferOptions) {
        this.numberOfChannels = options.numberOfChannels ?? 1;
        this.length = options.length;
        this.sampleRate = options.sampleRate;
        this.data = Array.from({ length: this.numberOfChannels }, () => new Float32Array(this.length));
      }
      getChannelData(i: number) {
        return this.data[i]!;
      }
      copyToChannel(source: Float32Array, i: number) {
        this.data[i]!.set(source);
      }
    }
    const input = new Buffer({ length: 10_000, numberOfChannels: 2, sampleRate: 48000 });
    input.copyToChannel(noise(10_000, 1), 0);
    input.copyToChannel(noise(10_000, 2), 1);
    const output = await denoise(input as unknown as AudioBuffer, { strength: 0, assets });
    expect(output).toBeInstanceOf(Buffer);
    expect(output).toEqual(input);
    const mono = await denoise(input as unknown as AudioBuffer, { channels: 'mono', assets });
    expect(mono.numberOfChannels).toBe(1);
    await expect(denoise(input as unknown as AudioBuffer, { sampleRate: 44100, assets })).rejects.toThrow(/sampleRate/);
  });
});
