/** Blocks through a stand-in core, and the real one's resamplers where rates are others. */
import { describe, expect, it } from 'vitest';
import { Channels, NoRoom } from '../../../src/channel/channels';
import { CORE_DELAY, chainLatency, FRAME, wholeDelay } from '../../../src/channel/timing';
import type { CoreExports } from '../../../src/core/exports';
import { fakeCore } from '../../helpers/fake-core';
import { coreBytes, instantiate } from '../../helpers/kit';

const STRENGTH = Float32Array.of(1);
const SPEECH = new Float64Array(1);

/** `count` channels that run on each frame. */
function running(core: CoreExports, network: number, rate: number, count: number, block = FRAME): Channels {
  const runner = { frame: () => channels.run(STRENGTH, SPEECH) };
  const channels: Channels = new Channels(core, network, rate, count, block, 0, runner);
  return channels;
}

describe('Channels', () => {
  it('run in pairs, and a last odd one alone', () => {
    const { core } = fakeCore();
    const calls: number[][] = [];
    const { suppressorProcess, suppressorProcessLinked } = core;
    Object.assign(core, {
      suppressorProcess: (s: number, strength: number) => {
        calls.push([s]);
        return suppressorProcess(s, strength);
      },
      suppressorProcessLinked: (a: number, b: number, strength: number) => {
        calls.push([a, b]);
        return suppressorProcessLinked(a, b, strength);
      },
    });
    const channels = running(core, 0, 48_000, 5);
    channels.write(
      Array.from({ length: 5 }, () => new Float32Array(FRAME)),
      FRAME,
    );
    expect(calls).toEqual([[0, 1], [2, 3], [4]]);
  });

  it('give their own samples back, each one delay later', () => {
    const { core } = fakeCore();
    const channels = running(core, 0, 48_000, 3);
    const output = Array.from({ length: 3 }, () => new Float32Array(FRAME));
    const heard: number[][] = [[], [], []];
    for (let n = 0; n < 6; n++) {
      channels.write(
        [1, -1, 2].map((sign) => Float32Array.from({ length: FRAME }, (_, i) => sign * (n * FRAME + i + 1))),
        FRAME,
      );
      expect(channels.ready).toBe(FRAME);
      channels.read(output, FRAME);
      output.forEach((samples, c) => {
        heard[c]!.push(...samples);
      });
    }
    [1, -1, 2].forEach((sign, c) => {
      expect(heard[c]).toEqual(
        Array.from({ length: 6 * FRAME }, (_, n) => (n < CORE_DELAY ? 0 : sign * (n - CORE_DELAY + 1))),
      );
    });
    expect(channels.underruns).toBe(0);
  });

  it('give back what they took when the core has no room for all of them', () => {
    const { core } = fakeCore();
    const { suppressorCreate } = core;
    const destroyed: number[] = [];
    let made = 0;
    Object.assign(core, {
      suppressorCreate: (network: number) => (made++ < 2 ? suppressorCreate(network) : -3),
      suppressorDestroy: (s: number) => destroyed.push(s),
    });
    expect(() => running(core, 0, 48_000, 3)).toThrow(NoRoom);
    expect(destroyed.filter((s) => s >= 0)).toEqual([0, 1]);
  });

  it('take views anew when the memory of the core has grown', () => {
    const { core, grow } = fakeCore();
    const channels = running(core, 0, 48_000, 2);
    const input = Array.from({ length: 2 }, () => new Float32Array(FRAME).fill(0.5));
    channels.write(input, FRAME);
    grow();
    for (let n = 0; n < 3; n++) channels.write(input, FRAME);
    const output = input.map(() => new Float32Array(4 * FRAME));
    channels.read(output, 4 * FRAME);
    for (const samples of output) expect(samples.subarray(3 * FRAME)).toEqual(input[0]);
  });
});

describe('the whole delay of a recording', () => {
  it.each([8000, 11_025, 16_000, 22_050, 44_056, 44_100, 44_101, 48_000, 96_000, 192_000])(
    'at %i Hz is a whole number of samples, as late as the chain and its zeros',
    (rate) => {
      const { zeros, samples } = wholeDelay(rate);
      expect([Number.isInteger(zeros), Number.isInteger(samples), zeros >= 0]).toEqual([true, true, true]);
      expect(samples / rate).toBeCloseTo(chainLatency(rate, 0) + zeros / 48_000, 9);
    },
  );

  it.each([11_025, 44_101])('at %i Hz is where the real core lets a recording through', async (rate) => {
    const core = instantiate(await WebAssembly.compile(await coreBytes())) as unknown as CoreExports;
    const channels = running(core, -1, rate, 1, 1000);
    const { zeros, samples } = wholeDelay(rate);
    const late = samples - channels.pad(zeros);
    const x = Float32Array.from({ length: 2 * rate }, (_, n) => 0.5 * Math.sin((2 * Math.PI * 1000 * n) / rate));
    const heard: number[] = [];
    for (let at = 0; at + 1000 <= x.length; at += 1000) {
      channels.write([x.subarray(at, at + 1000)], 1000);
      const output = [new Float32Array(channels.ready)];
      channels.read(output, channels.ready);
      heard.push(...output[0]!);
    }
    let error = 0;
    for (let n = rate; n < rate + 1000; n++) error = Math.max(error, Math.abs(heard[n + late]! - x[n]!));
    expect(error).toBeLessThan(1e-3);
  });
});
