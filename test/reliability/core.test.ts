/** The core's exported surface under arguments nobody should send, and its every memory access. */
import { beforeAll, describe, expect, it } from 'vitest';
import { loadNetwork, parseModel } from '../../src/core/model';
import { FRAME } from '../../src/core/shape';
import { amount, coreBytes, fixture, instantiate, random, record, SEED, tinyModel } from '../helpers/kit';
import { sanitized } from './sanitizer';

const PAGE = 65536;

let module: WebAssembly.Module;

beforeAll(async () => {
  module = new WebAssembly.Module(await coreBytes());
});

describe('core safety', () => {
  const surfaces = { 'core.wasm': 'every export', 'recording.wasm': 'every export of the core with recordings' };
  for (const [file, what] of Object.entries(surfaces)) {
    it(`random calls of ${what} with random arguments neither trap nor touch foreign memory`, {
      timeout: 7_200_000,
    }, async (context) => {
      const module = new WebAssembly.Module(await coreBytes(file));
      const next = random(SEED);
      const model = parseModel(tinyModel());
      const names = WebAssembly.Module.exports(module)
        .filter(({ kind }) => kind === 'function')
        .map(({ name }) => name);
      const called = new Map<string, number>();
      const calls = amount(5_000, 300_000);
      let core = instantiate(module);
      let done = 0;
      while (done < calls) {
        core = instantiate(module);
        const surface = core as unknown as Record<string, (...given: number[]) => number>;
        const canaries: number[] = [];
        const canary = (): void => {
          const pointer = core.alloc(64);
          new Uint8Array(core.memory.buffer, pointer, 64).fill(0xa5);
          canaries.push(pointer);
        };
        const pool: number[] = [];
        for (let i = 0; i < 4; i++) {
          canary();
          pool.push(core.alloc(3 * FRAME * 4));
        }
        canary();
        const network = loadNetwork(core, model);
        canary();
        // Handles of each kind lie close together, so small numbers hit living, destroyed and unknown ones.
        const handle = (): number =>
          next.pick([next.below(8), next.below(8), -1, next.below(100), (next() - 0.5) * 2 ** 32]);
        const pointer = (): number =>
          next.pick([
            next.pick(pool),
            next.pick(pool) + 4 * next.below(800),
            0,
            next.pick(pool) + 1,
            next() * 2 ** 32,
            core.memory.buffer.byteLength - 4,
          ]);
        const count = (): number =>
          next.pick([next.below(4), next.below(2000), -1, 0x7fffffff, -0x80000000, next() * 2 ** 32]);
        const strength = (): number => next.pick([next(), 0, 1, -5, 1e30, Number.NaN, -Infinity]);
        const rate = (): number =>
          next.pick([8000, 16000, 44100, 48000, 96000, 0, -1, Number.NaN, Infinity, 1000, 767999, 1280, 48000.5]);
        const given: Record<string, () => number[]> = {
          coreVersion: () => [],
          alloc: () => [next.pick([16, 100, next.below(5000), 0, -1, 0x7fffffff])],
          networkLoad: () => [pointer(), next.pick([15, count()])],
          suppressorCreate: () => [next.pick([network, network, -1, handle()])],
          suppressorProcess: () => [handle(), strength()],
          suppressorProcessLinked: () => [handle(), handle(), strength()],
          resamplerCreate: () => [rate(), rate(), next.pick([128, 480, 960, count()])],
          resamplerProcess: () => [handle(), next.pick([next.below(1000), count()])],
          recordingFeatures: () => [pointer(), pointer(), count(), pointer()],
          recordingLadder: () => [pointer(), pointer(), count(), next.pick([next.below(6), count()]), pointer()],
          recordingPitch: () => [pointer(), count(), pointer()],
          recordingSpectra: () => [pointer(), count(), pointer()],
        };
        for (let k = 0; k < 500; k++, done++) {
          const name = next.pick(names);
          const args = (given[name] ?? (() => [handle()]))();
          const bytes = core.memory.buffer.byteLength;
          const said = `SEED=${SEED}: ${name}(${args})`;
          let result = 0;
          try {
            result = surface[name]!(...args);
          } catch (error) {
            throw new Error(`${said} threw`, { cause: error });
          }
          called.set(name, (called.get(name) ?? 0) + 1);
          // Only what creates may grow the memory; recordings make their own stream at their first call.
          if (!/Create$|^alloc$|^networkLoad$|^recording/.test(name))
            expect(core.memory.buffer.byteLength, said).toBe(bytes);
          if (/^suppressor(Input|Output|Features|Gains|Strengths)$/.test(name) && result !== 0) {
            // What is written where a buffer is given must not break anything either.
            const length = /(Input|Output)$/.test(name) ? 100 : 34;
            const view = new Float32Array(core.memory.buffer, result, length);
            for (let i = 0; i < length; i++) view[i] = next.pick([next() - 0.5, Number.NaN, Infinity, 1e38, 1e-40]);
          }
        }
        for (const at of canaries) {
          const intact = new Uint8Array(core.memory.buffer, at, 64).every((byte) => byte === 0xa5);
          expect(intact, `SEED=${SEED}: the guard at ${at} was overwritten`).toBe(true);
        }
      }
      expect([...called.keys()].sort()).toEqual([...names].sort());
      record(
        context,
        `${done} calls of ${names.length} exports: no trap, no growth outside creation, guards intact (SEED=${SEED})`,
      );
    });
  }

  it('refuses what would not fit the memory instead of trapping', (context) => {
    const core = instantiate(module);
    let blocks = 0;
    while (core.alloc(1 << 28) !== 0) blocks++;
    expect(blocks).toBeGreaterThan(0);
    const refusals = [
      core.alloc(1 << 28),
      core.resamplerCreate(1000, 768000, 1 << 20),
      core.resamplerCreate(767998, 1280, 128),
    ];
    expect(refusals).toEqual([0, -1, -1]);
    const bytes = core.memory.buffer.byteLength;
    for (let i = 0; i < 1000; i++) core.resamplerCreate(767998, 1280, 128);
    expect(core.memory.buffer.byteLength).toBe(bytes);
    record(context, `refused after ${(blocks * 256) / 1024} GiB, and 1,000 refusals more took no memory`);
  });

  it('grows by what a stream needs and by nothing else', (context) => {
    const core = instantiate(module);
    const network = loadNetwork(core, parseModel(tinyModel()));
    const sizes = Array.from({ length: 64 }, () => {
      core.suppressorCreate(network);
      return core.memory.buffer.byteLength;
    });
    const steps = sizes.slice(1).map((size, i) => size - (sizes[i] as number));
    expect(Math.max(...steps)).toBeLessThanOrEqual(2 * PAGE);
    record(context, `64 streams: ${Math.round((sizes[63]! - sizes[0]!) / 63 / 1024)} KiB each`);
  });

  it('every load and store stays within a block of the heap', { timeout: 3_600_000 }, async (context) => {
    const sanitizer = await sanitized();
    const { core } = sanitizer;
    const network = loadNetwork(core, parseModel(tinyModel()));
    const mono = core.suppressorCreate(network);
    const [left, right] = [core.suppressorCreate(network), core.suppressorCreate(network)] as const;
    const down = core.resamplerCreate(44100, 48000, 128);
    const up = core.resamplerCreate(48000, 96001, FRAME);
    const speech = fixture('speech');
    const next = random(SEED);
    sanitizer.arm();
    const frames = amount(25, 2000);
    const fill = (pointer: number, from: number, gain: number): void => {
      const view = new Float32Array(core.memory.buffer, pointer, 128);
      for (let i = 0; i < 128; i++) view[i] = gain * (speech[(from + i) % speech.length] as number);
    };
    for (let k = 0; k < frames; k++) {
      const gain = next.pick([1, 1, 0, 1e4, 1e-30, Number.NaN]);
      for (const s of [mono, left, right]) {
        for (let i = 0; i < 3; i++) fill(core.suppressorInput(s) + 512 * i, 60_000 + 480 * k + 128 * i, gain);
      }
      core.suppressorProcess(mono, next());
      core.suppressorProcessLinked(left, right, 1);
      if (k % 5 === 4) core.suppressorBypass(mono);
      if (k % 17 === 16) core.suppressorReset(left);
      fill(core.resamplerInput(down), 480 * k, gain);
      core.resamplerProcess(down, 128);
      fill(core.resamplerInput(up), 480 * k, gain);
      core.resamplerProcess(up, 1 + next.below(FRAME));
    }
    expect(sanitizer.faults, `SEED=${SEED}`).toEqual([]);
    expect(sanitizer.accesses).toBeGreaterThan(frames * 10_000);
    const { accesses } = sanitizer;
    // The check itself can fail: without the input's block the next frame is a fault.
    sanitizer.withdraw(core.suppressorInput(mono) - 16);
    core.suppressorProcess(mono, 1);
    expect(sanitizer.faults.length).toBeGreaterThan(0);
    record(
      context,
      `${(accesses / 1e6).toFixed(1)} million accesses in ${frames} frames of mono, stereo and two resamplers, all inside (SEED=${SEED})`,
    );
  });
});
