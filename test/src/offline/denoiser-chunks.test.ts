/** Denoiser.process(chunk) and flush(): any rate, any length, 16 bits or floats, and what comes out is what denoise() gives. */
import { readFileSync } from 'node:fs';
import { afterEach, beforeAll, describe, expect, it, test } from 'vitest';
import { wholeFrames } from '../../../src/channel/timing';
import { type DenoiseOptions, Denoiser, denoise } from '../../../src/entries/offline';
import { testAssets } from '../../helpers/assets';
import { fixture } from '../../helpers/kit';
import { joined, noise, uniform } from '../../helpers/signals';
import { unwatchCores, watchCores } from '../../helpers/watched-cores';

const RATES = [8000, 11_025, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000, 96_000];
const speech = fixture('speech');
let assets: NonNullable<DenoiseOptions['assets']>;

beforeAll(async () => {
  assets = await testAssets();
});
afterEach(unwatchCores);

const same = (a: ArrayLike<number>, b: ArrayLike<number>): boolean =>
  a.length === b.length && Array.prototype.every.call(a, (x, n) => x === b[n]);

/** Pieces of a sound, of the lengths that `next` gives. */
function* cut<T extends Float32Array | Int16Array>(sound: T, next: () => number): Generator<T> {
  for (let at = 0; at < sound.length; ) {
    const end = Math.min(sound.length, at + next());
    yield sound.slice(at, end) as T;
    at = end;
  }
}

/** What comes of a sound in pieces; `behind` is the most that was held back after a call. */
function through(denoiser: Denoiser, sound: Float32Array, next: () => number): { heard: Float32Array; behind: number } {
  const parts: Float32Array[] = [];
  let [taken, given, behind] = [0, 0, 0];
  for (const chunk of cut(sound, next)) {
    const ready = denoiser.process(chunk);
    parts.push(ready);
    taken += chunk.length;
    given += ready.length;
    behind = Math.max(behind, taken - given);
  }
  return { heard: joined([...parts, denoiser.flush()]), behind };
}

describe.each(RATES)('at %i Hz', (sampleRate) => {
  const whole = Math.ceil((sampleRate * 0.4) / wholeFrames(sampleRate)) * wholeFrames(sampleRate);
  /** Whole frames, or some samples more. */
  const soundFor = (how: string): Float32Array =>
    speech.subarray(40_000, 40_000 + whole + (how === 'whole frames' ? 0 : 11));

  it.each(['random', 'one by one', 'whole frames', 'all at once'])('gives what denoise() gives: %s', async (how) => {
    using denoiser = await Denoiser.create({ assets, sampleRate });
    expect(denoiser.sampleRate).toBe(sampleRate);
    const sound = soundFor(how);
    const random = uniform(sampleRate);
    const { frameLength } = denoiser;
    const lengths: Record<string, () => number> = {
      random: () => Math.floor(random() ** 3 * 3000),
      'one by one': () => 1,
      'whole frames': () => frameLength,
      'all at once': () => sound.length,
    };
    const steady = denoiser.delay;
    const { heard, behind } = through(denoiser, sound, lengths[how] as () => number);
    expect(same(heard, await denoise(sound, { sampleRate, assets }))).toBe(true);
    if (how === 'whole frames' || how === 'one by one') expect(behind).toBe(denoiser.delay);
    else expect(behind).toBeLessThanOrEqual(denoiser.delay);
    expect(denoiser.delay - steady).toBeLessThanOrEqual(Math.ceil(sampleRate / 100) + 1);
  });

  it.each(['whole frames', 'odd blocks'])('is late by `delay` with an output: %s', async (how) => {
    const options = { assets, sampleRate, strength: 0.5 };
    using denoiser = await Denoiser.create(options);
    const sound = soundFor(how);
    const length = how === 'odd blocks' ? 77 : denoiser.frameLength;
    const heard: number[] = [];
    for (const chunk of cut(sound, () => length)) {
      const output = new Float32Array(length);
      denoiser.process(chunk, output);
      heard.push(...output.subarray(0, chunk.length));
    }
    expect(heard.length).toBe(sound.length);
    const expected = await denoise(sound, options);
    const { delay } = denoiser;
    expect(same(heard.slice(delay), expected.subarray(0, sound.length - delay))).toBe(true);
  });
});

test('the delay is what docs/latency.md says', async () => {
  const row = /^\| (\d+) \| (\d+) \| (\d+), ([\d.]+) ms \| (\d+), ([\d.]+) ms \|$/gm;
  const rows = [...readFileSync('docs/latency.md', 'utf8').matchAll(row)].map((cells) => cells.slice(1).map(Number));
  expect(rows.map(([rate]) => rate)).toEqual(RATES);
  for (const written of rows) {
    const [sampleRate] = written as [number];
    using denoiser = await Denoiser.create({ assets, sampleRate });
    const milliseconds = (): number => Number(((denoiser.delay / sampleRate) * 1000).toFixed(1));
    const found = [sampleRate, denoiser.frameLength, denoiser.delay, milliseconds()];
    denoiser.process(new Float32Array(5));
    expect([...found, denoiser.delay, milliseconds()]).toEqual(written);
  }
});

describe('16-bit PCM', () => {
  const pcm = Int16Array.from(noise(20_000, 1), (x) => Math.round(32767 * x));

  it('comes out as 16-bit PCM, bit for bit at strength 0', async () => {
    using denoiser = await Denoiser.create({ assets, strength: 0 });
    const heard: number[] = [];
    for (const chunk of cut(pcm, () => 333)) {
      const ready = denoiser.process(chunk);
      expect(ready).toBeInstanceOf(Int16Array);
      expect(ready.buffer.byteLength).toBe(ready.byteLength);
      heard.push(...ready);
    }
    const rest = denoiser.flush<Int16Array>();
    expect(rest).toBeInstanceOf(Int16Array);
    expect(same([...heard, ...rest], pcm)).toBe(true);
  });

  it('is rounded and clipped', async () => {
    const sampleRate = 16_000;
    // What is band-limited goes over full scale where a square wave is at it.
    const square = Int16Array.from({ length: 8000 }, (_, n) => (n % 40 < 20 ? 32767 : -32768));
    using denoiser = await Denoiser.create({ assets, sampleRate, strength: 0 });
    const heard = [...denoiser.process(square), ...denoiser.flush<Int16Array>()];
    const exact = await denoise(
      Float32Array.from(square, (x) => x / 32768),
      { sampleRate, strength: 0, assets },
    );
    expect(exact.some((x) => x > 1)).toBe(true);
    expect(
      same(
        heard,
        exact.map((x) => Math.max(-32768, Math.min(32767, Math.round(x * 32768)))),
      ),
    ).toBe(true);
  });
});

test('two channels are a list, as in denoise(), and come out of flush() as one', async () => {
  const sampleRate = 24_000;
  const [left, right] = [speech.subarray(0, 20_000), noise(20_000, 2).map((x) => x / 8)];
  using denoiser = await Denoiser.create({ assets, sampleRate, channels: 'stereo' });
  expect(denoiser.flush<Float32Array[]>()).toEqual([new Float32Array(0), new Float32Array(0)]);
  const parts: Float32Array[][] = [];
  for (let at = 0; at < left.length; at += 700) {
    parts.push(denoiser.process([left.subarray(at, at + 700), right.subarray(at, at + 700)]));
  }
  parts.push(denoiser.flush<Float32Array[]>());
  const expected = await denoise([left, right], { sampleRate, assets });
  for (const c of [0, 1]) expect(same(joined(parts.map((part) => part[c]!)), expected[c]!)).toBe(true);
});

describe('a call that is refused', () => {
  const bytes = Buffer.alloc(200);
  const wrong: [what: string, chunk: unknown, says: RegExp][] = [
    ['bytes', bytes, /denoiseStream\(\{ format \}\)/],
    ['an ArrayBuffer', bytes.buffer, /denoiseStream/],
    ['doubles', new Float64Array(10), /Float32Array or an Int16Array/],
    ['numbers', [0, 0, 0], /one channel/],
    ['a list of two', [new Float32Array(1), new Float32Array(1)], /one channel/],
    ['nothing', undefined, /undefined/],
    ['null', null, /null/],
  ];

  it.each(wrong)('for %s says what to give, and nothing is lost', async (_, chunk, says) => {
    const sampleRate = 16_000;
    using denoiser = await Denoiser.create({ assets, sampleRate });
    const sound = speech.subarray(0, 9000);
    const parts = [denoiser.process(sound.subarray(0, 5000))];
    const before = denoiser.delay;
    expect(() => denoiser.process(chunk as Float32Array)).toThrow(
      expect.objectContaining({ code: 'invalid-input', message: expect.stringMatching(says) }),
    );
    expect(() => denoiser.process(sound, new Float32Array(9000))).toThrow(/reset\(\) between/);
    expect(denoiser.delay).toBe(before);
    parts.push(denoiser.process(sound.subarray(5000)), denoiser.flush());
    expect(same(joined(parts), await denoise(sound, { sampleRate, assets }))).toBe(true);
  });

  it('for two channels says what to give', async () => {
    using denoiser = await Denoiser.create({ assets, channels: 'stereo' });
    const [floats, integers] = [new Float32Array(4), new Int16Array(4)];
    for (const chunk of [
      floats,
      [floats],
      [floats, floats, floats],
      [floats, integers],
      [floats, new Float32Array(3)],
    ]) {
      expect(() => denoiser.process(chunk as Float32Array)).toThrow(expect.objectContaining({ code: 'invalid-input' }));
    }
  });
});

describe('flush() and reset()', () => {
  it('begin anew: the same sound gives the same again, in either way', async () => {
    const sampleRate = 22_050;
    using denoiser = await Denoiser.create({ assets, sampleRate });
    const sound = speech.subarray(1000, 14_000);
    const expected = await denoise(sound, { sampleRate, assets });
    for (const size of [441, 100, 5000]) expect(same(through(denoiser, sound, () => size).heard, expected)).toBe(true);
    denoiser.process(noise(3000, 1));
    denoiser.reset();
    expect(same(through(denoiser, sound, () => 100).heard, expected)).toBe(true);
    const output = new Float32Array(sound.length);
    denoiser.process(sound, output);
    expect(same(output.subarray(denoiser.delay), expected.subarray(0, -denoiser.delay))).toBe(true);
    expect(() => denoiser.process(sound)).toThrow(/reset\(\) between/);
    expect(() => denoiser.flush()).toThrow(/reset\(\) between/);
    denoiser.reset();
    expect(same(through(denoiser, sound, () => 100).heard, expected)).toBe(true);
  });

  it('give nothing where there was nothing, and end with destroy()', async () => {
    const denoiser = await Denoiser.create({ assets, sampleRate: 8000 });
    expect(denoiser.flush()).toEqual(new Float32Array(0));
    expect(denoiser.process(new Int16Array(0))).toEqual(new Int16Array(0));
    expect(denoiser.flush<Int16Array>()).toEqual(new Int16Array(0));
    denoiser.process(new Int16Array(5));
    expect(denoiser.flush<Int16Array>()).toEqual(new Int16Array(5));
    denoiser.destroy();
    const gone = expect.objectContaining({ code: 'destroyed' });
    expect(() => denoiser.process(new Float32Array(1))).toThrow(gone);
    expect(() => denoiser.flush()).toThrow(gone);
  });
});

describe('a core that traps', () => {
  it.each([8000, 9831, 22_050, 44_100, 48_000])('at %i Hz is replaced, and no sample is lost', async (sampleRate) => {
    const sound = noise(sampleRate, 3);
    const options = { assets, sampleRate, strength: 0 };
    const expected = await denoise(sound, options);
    const seen = watchCores((core, call) => core === 1 && call === 47);
    using denoiser = await Denoiser.create(options);
    const random = uniform(1);
    const { heard } = through(denoiser, sound, () => Math.floor(random() * 700));
    expect(seen).toEqual({ made: 2, afterTrap: 0 });
    expect(same(heard, expected)).toBe(true);
  });

  it.each([16_000, 44_100])(
    'at %i Hz, and each that follows: told once, and the sound passes as it is',
    async (sampleRate) => {
      const sound = noise(sampleRate, 4);
      const seen = watchCores((core, call) => core > 1 || call > 40);
      using denoiser = await Denoiser.create({ assets, sampleRate, strength: 0 });
      const parts: Float32Array[] = [];
      let told = 0;
      for (const chunk of cut(sound, () => 441)) {
        try {
          parts.push(denoiser.process(chunk));
        } catch (error) {
          expect(error).toMatchObject({ code: 'processor-failed' });
          told++;
        }
      }
      const heard = joined([...parts, denoiser.flush()]);
      expect([told, heard.length, seen.afterTrap]).toEqual([1, sound.length, 0]);
      const from = Math.round(sampleRate / 2);
      expect(same(heard.subarray(from), sound.subarray(from))).toBe(true);
    },
  );
});

test('the probability of speech is that of the calls with an output', async () => {
  const [chunks, blocks] = await Promise.all([Denoiser.create({ assets }), Denoiser.create({ assets })]);
  const output = new Float32Array(480);
  for (const chunk of cut(speech.subarray(0, 48_000), () => 480)) {
    chunks.process(chunk);
    if (chunk.length === 480) expect(chunks.speechProbability).toBe(blocks.process(chunk, output));
  }
  expect(chunks.speechProbability).toBeGreaterThan(0);
  chunks.destroy();
  blocks.destroy();
  expect(chunks.speechProbability).toBe(0);
});
