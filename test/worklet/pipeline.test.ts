/** The worklet's chain over a stand-in core at 48 kHz that only delays: blocks of any length, lengths that change. */
import { describe, expect, test } from 'vitest';
import { CORE_DELAY, headStart } from '../../src/channel/timing';
import { Pipeline } from '../../worklet/pipeline';
import { fakeCore } from '../helpers/fake-core';

const OBSERVER = { frameStart() {}, frameEnd() {} };
const STRENGTH = Float32Array.of(1);

/** Feeds 1, 2, 3 … (negative in a second channel) in blocks of the given lengths; gives all that came out. */
function feed(
  pipeline: Pipeline,
  channels: number,
  lengths: number[],
  between: (k: number) => void = () => {},
): number[][] {
  const out: number[][] = Array.from({ length: channels }, () => []);
  let n = 0;
  lengths.forEach((count, k) => {
    between(k);
    const input = Array.from({ length: channels }, (_, c) =>
      Float32Array.from({ length: count }, (_, i) => (c ? -1 : 1) * (n + i + 1)),
    );
    const output = input.map(() => new Float32Array(count));
    pipeline.process(input, output, count, STRENGTH, k % 7 === 3);
    output.forEach((channel, c) => {
      out[c].push(...channel);
    });
    n += count;
  });
  return out;
}

/** What is expected of a delay: zeros, then 1, 2, 3 … */
function ramp(length: number, delay: number, sign = 1): number[] {
  return Array.from({ length }, (_, n) => (n < delay ? 0 : sign * (n - delay + 1)));
}

describe('Pipeline', () => {
  test.each([1, 64, 100, 128, 480, 512, 1000, 4096])(
    'is one exact delay in blocks of %i, memory growth or not',
    (quantum) => {
      const { core, grow } = fakeCore();
      const pipeline = new Pipeline(core, 0, 48000, 2, quantum, OBSERVER, false);
      const lengths = Array.from({ length: Math.ceil(20_000 / quantum) }, () => quantum);
      const out = feed(pipeline, 2, lengths, (k) => k % 5 === 4 && k < 50 && grow());
      const delay = CORE_DELAY + headStart(48000, quantum);
      expect(Math.round(pipeline.latency * 48000)).toBe(delay);
      expect(out[0]).toEqual(ramp(out[0].length, delay));
      expect(out[1]).toEqual(ramp(out[1].length, delay, -1));
    },
  );

  test('a first block of another length than announced sets the delay', () => {
    const pipeline = new Pipeline(fakeCore().core, 0, 48000, 1, 128, OBSERVER, false);
    const [out] = feed(
      pipeline,
      1,
      Array.from({ length: 40 }, () => 480),
    );
    expect(Math.round(pipeline.latency * 48000)).toBe(CORE_DELAY);
    expect(out).toEqual(ramp(out.length, CORE_DELAY));
  });

  test('lengths that change in flight make the delay longer once, and lose nothing', () => {
    const seed = Math.floor(Math.random() * 2 ** 31);
    let state = seed;
    const random = (below: number): number => {
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
      return Math.floor((state / 2 ** 32) * below);
    };
    const pipeline = new Pipeline(fakeCore().core, 0, 48000, 1, 480, OBSERVER, false);
    const before = Array.from({ length: 20 }, () => 480);
    const after = Array.from({ length: 200 }, () => 1 + random(1500));
    const [out] = feed(pipeline, 1, [...before, ...after]);
    const delay = CORE_DELAY + headStart(48000, 1);
    expect(Math.round(pipeline.latency * 48000)).toBe(delay);
    // Zeros are put in where the lengths changed; from there on it is the longer delay, for every length.
    const change = 20 * 480;
    expect(out.slice(0, change)).toEqual(ramp(change, CORE_DELAY));
    const rest = out.slice(change + headStart(48000, 1));
    expect(rest, `seed ${seed}`).toEqual(ramp(out.length, delay).slice(change + headStart(48000, 1)));
  });

  test('tells each frame once, with its probability or -1', () => {
    const seen: number[] = [];
    const observer = { frameStart() {}, frameEnd: (speech: Float64Array) => void seen.push(speech[0]) };
    const pipeline = new Pipeline(fakeCore().core, 0, 48000, 1, 480, observer, false);
    feed(
      pipeline,
      1,
      Array.from({ length: 8 }, () => 480),
    );
    expect(seen).toEqual([0.5, 0.5, 0.5, -1, 0.5, 0.5, 0.5, 0.5]);
    expect([pipeline.framesProcessed, pipeline.framesBypassed]).toEqual([7, 1]);
  });
});

test('callbacks without a frame prepare the next one, but not in bypass, where the network stands still', () => {
  const { core } = fakeCore();
  let prepared = 0;
  core.suppressorPrepare = () => {
    prepared++;
    return 0;
  };
  const pipeline = new Pipeline(core, 0, 48_000, 1, 128, OBSERVER, true);
  const block = [new Float32Array(128)];
  for (let k = 0; k < 15; k++) pipeline.process(block, block, 128, STRENGTH, true);
  expect([prepared, pipeline.framesBypassed]).toEqual([0, 4]);
  // 15 callbacks complete four frames: the eleven others have time.
  for (let k = 0; k < 15; k++) pipeline.process(block, block, 128, STRENGTH, false);
  expect([prepared, pipeline.framesProcessed]).toEqual([11, 4]);
});
