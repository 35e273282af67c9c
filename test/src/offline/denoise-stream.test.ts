/** denoiseStream(): what goes through is what denoise() gives; it waits, ends, fails and is given up as streams are. */

import { Duplex, Readable, Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { beforeAll, describe, expect, it, test } from 'vitest';
import { type DenoiseOptions, Denoiser, denoise, denoiseStream } from '../../../src/entries/offline';
import { acquireCore } from '../../../src/offline/cores';
import { testAssets } from '../../helpers/assets';
import { fixture } from '../../helpers/kit';

const sampleRate = 16_000;
const sound = fixture('speech').subarray(50_000, 62_345);
const pcm = Int16Array.from(sound, (x) => Math.round(x * 32767));
let assets: NonNullable<DenoiseOptions['assets']>;

beforeAll(async () => {
  assets = await testAssets();
});

const integers = (x: Float32Array): number[] =>
  [...x].map((y) => Math.max(-32768, Math.min(32767, Math.round(y * 32768))));
const floats = (x: Int16Array): Float32Array => Float32Array.from(x, (y) => y / 32768);
const same = (a: ArrayLike<number>, b: ArrayLike<number>): boolean =>
  a.length === b.length && Array.prototype.every.call(a, (x, n) => x === b[n]);

function source<T>(chunks: Iterable<T>): ReadableStream<T> {
  const left = [...chunks];
  return new ReadableStream({
    pull(controller) {
      if (left.length === 0) controller.close();
      else controller.enqueue(left.shift() as T);
    },
  });
}

async function all<T>(stream: ReadableStream<T>): Promise<T[]> {
  const chunks: T[] = [];
  for await (const chunk of stream as unknown as AsyncIterable<T>) chunks.push(chunk);
  return chunks;
}

function* cut<T extends Float32Array | Int16Array | Uint8Array>(whole: T, size: number): Generator<T> {
  for (let at = 0; at < whole.length; at += size) yield whole.slice(at, at + size) as T;
}

/** Channels of the core that are not free, by the room that is left in a shared instance. */
async function taken(): Promise<number> {
  const core = await acquireCore(assets, 1);
  const suppressor = core.exports.suppressorCreate(core.network);
  core.exports.suppressorDestroy(suppressor);
  core.release();
  return suppressor;
}

describe('through the stream', () => {
  it('chunks of floats come out in step with what went in', async () => {
    const stream = source(cut(sound, 500)).pipeThrough(denoiseStream({ assets, sampleRate }));
    const heard = (await all(stream)).flatMap((chunk) => [...(chunk as Float32Array)]);
    expect(same(heard, await denoise(sound, { assets, sampleRate }))).toBe(true);
  });

  it('16-bit chunks come out as such', async () => {
    const chunks = await all(source(cut(pcm, 320)).pipeThrough(denoiseStream({ assets, sampleRate })));
    for (const chunk of chunks) expect(chunk).toBeInstanceOf(Int16Array);
    const expected = integers(await denoise(floats(pcm), { assets, sampleRate }));
    expect(
      same(
        chunks.flatMap((chunk) => [...(chunk as Int16Array)]),
        expected,
      ),
    ).toBe(true);
  });

  it.each([1, 7, 641, 100_000])('bytes cut every %i come out as bytes', async (size) => {
    const bytes = new Uint8Array(pcm.buffer).subarray(0, size === 1 ? 3001 : undefined);
    const options = { assets, sampleRate, format: 's16le' } as const;
    const chunks = await all(source(cut(bytes, size)).pipeThrough(denoiseStream(options)));
    const heard = Buffer.concat(chunks);
    const whole = pcm.subarray(0, bytes.length >> 1);
    const expected = integers(await denoise(floats(whole), { assets, sampleRate }));
    expect(same(new Int16Array(Uint8Array.from(heard).buffer), expected)).toBe(true);
  });

  it('two channels of 32-bit bytes lie side by side', async () => {
    const both = new Float32Array(2 * sound.length);
    sound.forEach((x, n) => {
      both[2 * n] = x;
      both[2 * n + 1] = -x / 2;
    });
    const options = { assets, sampleRate, format: 'f32le', channels: 'stereo' } as const;
    const chunks = await all(source(cut(new Uint8Array(both.buffer), 1001)).pipeThrough(denoiseStream(options)));
    const heard = new Float32Array(Uint8Array.from(Buffer.concat(chunks)).buffer);
    const expected = await denoise([sound, sound.map((x) => -x / 2)], { assets, sampleRate });
    for (const c of [0, 1])
      expect(
        same(
          heard.filter((_, n) => n % 2 === c),
          expected[c]!,
        ),
      ).toBe(true);
  });

  it('in Node it is a transform of Buffers by Duplex.fromWeb', async () => {
    const heard: Buffer[] = [];
    await pipeline(
      Readable.from(cut(new Uint8Array(pcm.buffer), 333), { objectMode: false }),
      Duplex.fromWeb(denoiseStream({ assets, sampleRate, format: 's16le' }) as never),
      new Writable({
        write(chunk, _, done) {
          heard.push(chunk);
          done();
        },
      }),
    );
    const expected = integers(await denoise(floats(pcm), { assets, sampleRate }));
    expect(same(new Int16Array(Uint8Array.from(Buffer.concat(heard)).buffer), expected)).toBe(true);
  });
});

test('takes no more than somebody reads', async () => {
  let pulled = 0;
  const endless = new ReadableStream<Float32Array>(
    {
      pull(controller) {
        pulled++;
        controller.enqueue(new Float32Array(1600));
      },
    },
    { highWaterMark: 0 },
  );
  const reader = endless.pipeThrough(denoiseStream({ assets, sampleRate })).getReader();
  const pause = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 200));
  await pause();
  const before = pulled;
  expect(before).toBeLessThan(5);
  for (let k = 0; k < 10; k++) await reader.read();
  await pause();
  expect(pulled).toBeGreaterThanOrEqual(10);
  expect(pulled - before).toBeLessThan(15);
  await reader.cancel();
});

describe('gives its core back', () => {
  const open = async (): Promise<{ stream: ReadableWritablePair; free: number; signal: AbortController }> => {
    const free = await taken();
    const signal = new AbortController();
    const stream = denoiseStream({ assets, sampleRate, signal: signal.signal });
    const writer = stream.writable.getWriter();
    const reader = stream.readable.getReader();
    void writer.write(new Float32Array(1600)).catch(() => {});
    await reader.read();
    writer.releaseLock();
    reader.releaseLock();
    expect(await taken()).toBe(free + 1);
    return { stream, free, signal };
  };

  it.each([
    [
      'at its end',
      async ({ writable, readable }: ReadableWritablePair) => {
        await Promise.all([writable.close(), all(readable)]);
      },
    ],
    ['when cancelled', async ({ readable }: ReadableWritablePair) => readable.cancel('enough')],
    ['when aborted by its writer', async ({ writable }: ReadableWritablePair) => writable.abort('enough')],
  ])('%s', async (_, finish) => {
    using keeper = await Denoiser.create({ assets });
    const { stream, free } = await open();
    await finish(stream);
    expect(await taken()).toBe(free);
    expect(keeper.sampleRate).toBe(48_000);
  });

  it('when its signal aborts, and both sides learn of it', async () => {
    using _ = await Denoiser.create({ assets });
    const { stream, free, signal } = await open();
    signal.abort('enough');
    const told = { code: 'aborted', cause: 'enough' };
    await expect(stream.writable.getWriter().closed).rejects.toMatchObject(told);
    await expect(stream.readable.getReader().read()).rejects.toMatchObject(told);
    expect(await taken()).toBe(free);
  });

  it('when a chunk is none, and both sides learn of it', async () => {
    using _ = await Denoiser.create({ assets });
    const { stream, free } = await open();
    const told = { name: 'NoiseSuppressorError', code: 'invalid-input' };
    const writer = stream.writable.getWriter();
    writer.closed.catch(() => {});
    await Promise.all([
      expect(writer.write('sound')).rejects.toMatchObject(told),
      expect(stream.readable.getReader().read()).rejects.toMatchObject(told),
    ]);
    expect(await taken()).toBe(free);
  });
});

describe('fails with what is told', () => {
  it.each([
    ['format', { format: 'mp3' }],
    ['channels', { channels: 2 }],
    ['onProgress', { onProgress: () => {} }],
    ['sampleRate', { sampleRate: '16000' }],
  ])('at once for a wrong %s', (name, options) => {
    expect(() => denoiseStream(options as never)).toThrow(
      expect.objectContaining({ code: 'invalid-input', message: expect.stringContaining(name) }),
    );
  });

  it('when aborted by its writer while it loads, and the reader learns why', async () => {
    const { readable, writable } = denoiseStream({ assets });
    const read = readable.getReader().read();
    await writable.abort('enough');
    await expect(read).rejects.toBe('enough');
  });

  it('where the files do not come, and where it was aborted before', async () => {
    const missing = denoiseStream({ assets: { ...assets, model: new URL('./none.safetensors', import.meta.url) } });
    await expect(all(source([sound]).pipeThrough(missing))).rejects.toMatchObject({ code: 'asset-not-found' });
    const signal = AbortSignal.abort('late');
    await expect(all(source([sound]).pipeThrough(denoiseStream({ assets, signal })))).rejects.toMatchObject({
      code: 'aborted',
      cause: 'late',
    });
  });

  it('where samples come in place of bytes, and the other way', async () => {
    const bytes = denoiseStream({ assets, format: 's16le' });
    await expect(all(source([sound as never]).pipeThrough(bytes))).rejects.toThrow(/leave format out/);
    const samples = denoiseStream({ assets });
    await expect(all(source([Buffer.alloc(4) as never]).pipeThrough(samples))).rejects.toThrow(/format/);
  });

  it('when it is cancelled while it loads: nothing is left behind', async () => {
    using _ = await Denoiser.create({ assets });
    const free = await taken();
    for (let k = 0; k < 3; k++) {
      const stream = denoiseStream({ assets });
      await stream.readable.cancel();
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(await taken()).toBe(free);
  });
});
