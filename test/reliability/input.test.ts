/** The worklet's chain under every kind of input: finite out, nothing lost, nothing touched that is not its own. */
import { beforeAll, describe, expect, it, vi } from 'vitest';
import { Fifo } from '../../src/channel/fifo';
import { loadNetwork, parseModel } from '../../src/core/model';
import { denoise } from '../../src/entries/offline';
import { DelayLine } from '../../worklet/delay-line';
import { Pipeline } from '../../worklet/pipeline';
import { amount, coreBytes, instantiate, type Random, random, record, SEED, tinyModel } from '../helpers/kit';
import { advance, make, newCore, openScope, rewind, send, told } from '../helpers/worklet-scope';

const GUARD = 64;
const GUARD_VALUE = 12345.678;
const RATES = [8000, 11025, 16000, 22050, 24000, 32000, 44100, 44056, 48000, 88200, 96000, 176400, 192000];
const QUANTA = [1, 7, 64, 128, 256, 441, 480, 512, 1000, 1024, 2048, 4096];
/** Louder than this nothing may come out: the loudest input is +40 dBFS, and a click rings a little in a resampler. */
const LOUDEST = 100 * Math.SQRT2 * 2;

let module: WebAssembly.Module;

beforeAll(async () => {
  module = new WebAssembly.Module(await coreBytes());
});

type Source = (n: number) => number;

/** Signals by the name their failure is told with. */
function sources(next: Random, rate: number): Record<string, Source> {
  const gain = 10 ** ((-120 + 160 * next()) / 20);
  const step = (2 * Math.PI * (20 + next() * 0.45 * rate)) / rate;
  return {
    noise: () => gain * (2 * next() - 1),
    sine: (n) => gain * Math.sin(step * n),
    silence: () => 0,
    'negative zero': () => -0,
    denormals: () => (next() - 0.5) * 1e-39,
    DC: () => gain,
    clicks: (n) => (n % 997 === 0 ? 100 * next.pick([1, -1]) : 0),
    'alternating full scale': (n) => (n & 1 ? gain : -gain),
    'not a number': (n) => (n % 11 === 0 ? Number.NaN : next() - 0.5),
    'all not a number': () => Number.NaN,
    infinity: (n) => (n % 13 === 0 ? next.pick([Infinity, -Infinity]) : gain * (next() - 0.5)),
    'largest float': () => next.pick([3.4028234e38, -3.4028234e38]),
    'on and off': (n) => (Math.floor(n / 3000) & 1 ? gain * (2 * next() - 1) : 0),
  };
}

/** A buffer of `count` samples with guards on both sides. */
function guarded(count: number): { view: Float32Array; intact(): boolean } {
  const all = new Float32Array(count + 2 * GUARD).fill(GUARD_VALUE);
  const guard = all[0];
  return {
    view: all.subarray(GUARD, GUARD + count),
    intact: () => {
      for (let i = 0; i < GUARD; i++) if (all[i] !== guard || all[GUARD + count + i] !== guard) return false;
      return true;
    },
  };
}

describe('bad input', () => {
  it('rate x channels x quantum x signal: finite and bounded out, a constant delay, guards intact', {
    timeout: 7_200_000,
  }, (context) => {
    const model = parseModel(tinyModel());
    const cases = amount(40, 3000);
    const seen = { rates: new Set(), quanta: new Set(), signals: new Set<string>() };
    let samples = 0;
    // A core serves many chains one after the other, as in a page.
    let core = instantiate(module);
    let network = loadNetwork(core, model);
    for (let k = 0; k < cases; k++) {
      if (k % 50 === 49) {
        core = instantiate(module);
        network = loadNetwork(core, model);
      }
      const next = random(SEED + k);
      const rate = next() < 0.8 ? next.pick(RATES) : 8000 + next.below(184_001);
      const announced = next.pick(QUANTA);
      const quantum = next() < 0.8 ? announced : 1 + next.below(4096);
      const channels = next.pick([1, 2] as const);
      const [name, source] = next.pick(Object.entries(sources(next, rate)));
      const what = `SEED=${SEED}, case ${k}: ${name} at ${rate} Hz, ${channels} channels, blocks of ${quantum} (${announced} announced)`;
      const pipeline = new Pipeline(core, network, rate, channels, announced, { frameStart() {}, frameEnd() {} }, true);
      const input = Array.from({ length: channels }, () => guarded(quantum));
      const output = Array.from({ length: channels }, () => guarded(quantum));
      const strength = Float32Array.of(next.pick([0, 1, next(), Number.NaN, -3, 7]));
      const bytes = { now: 0 };
      const blocks = Math.ceil((0.2 * rate) / quantum);
      let latency = 0;
      for (let b = 0, n = 0; b < blocks; b++, n += quantum) {
        for (const { view } of input) for (let i = 0; i < quantum; i++) view[i] = source(n + i);
        const given = input.map(({ view }) => view.slice());
        pipeline.process(
          input.map(({ view }) => view),
          output.map(({ view }) => view),
          quantum,
          strength,
          b % 9 === 8,
        );
        if (b === 0) {
          latency = pipeline.latency;
          bytes.now = core.memory.buffer.byteLength;
        }
        for (const [c, { view, intact }] of output.entries()) {
          for (let i = 0; i < quantum; i++) {
            const x = view[i] as number;
            if (!(Math.abs(x) <= (name === 'largest float' ? 1e32 : LOUDEST))) expect.fail(`${what}: ${x} at ${n + i}`);
          }
          if (!intact() || !input[c]!.intact()) expect.fail(`${what}: a guard was overwritten`);
          if (!same(given[c] as Float32Array, input[c]!.view)) expect.fail(`${what}: the input was written to`);
        }
        samples += quantum * channels;
      }
      expect(pipeline.latency, what).toBe(latency);
      expect(pipeline.underruns, what).toBe(0);
      expect(core.memory.buffer.byteLength, what).toBe(bytes.now);
      pipeline.destroy();
      seen.rates.add(rate);
      seen.quanta.add(quantum);
      seen.signals.add(name);
    }
    record(
      context,
      `${cases} cases, ${(samples / 1e6).toFixed(1)} million samples, ${seen.rates.size} rates, ${seen.quanta.size} block lengths, ${seen.signals.size} signals: finite, no underrun, guards intact (SEED=${SEED})`,
    );
  });

  it('the node: 1 to 8 channels in, 1 or 2 out, blocks that change their length: finite and bounded, nothing told', {
    timeout: 7_200_000,
  }, async (context) => {
    await openScope();
    const cases = amount(30, 1000);
    const sides = new Set<number>();
    let samples = 0;
    let core = newCore();
    for (let k = 0; k < cases; k++) {
      if (k % 30 === 29) core = newCore();
      const next = random(SEED + k);
      const rate = next() < 0.5 ? next.pick(RATES) : 8000 + next.below(184_001);
      rewind(rate);
      const channels = next.pick([1, 2] as const);
      const [name, source] = next.pick(Object.entries(sources(next, rate)));
      const quantum = next.pick([128, 128, 480, 1 + next.below(4096)]);
      const what = `SEED=${SEED}, case ${k}: ${name} at ${rate} Hz, ${channels} channels out, blocks of ${quantum} announced`;
      const processor = make({ core, channels, quantum });
      // A first block of another length than announced sets the delay anew.
      let atStart = 0;
      for (let n = 0; n < 0.2 * rate; ) {
        const count = next() < 0.9 ? quantum : 1 + next.below(4096);
        const connected = next.below(9);
        sides.add(connected);
        const input = Array.from({ length: connected }, () => guarded(count));
        const output = Array.from({ length: channels }, () => guarded(count));
        for (const { view } of input) for (let i = 0; i < count; i++) view[i] = source(n + i);
        processor.process([input.map(({ view }) => view)], [output.map(({ view }) => view)], {
          strength: Float32Array.of(next()),
        });
        for (const { view, intact } of output) {
          for (const x of view) {
            if (!(Math.abs(x) <= (name === 'largest float' ? 1e32 : LOUDEST))) expect.fail(`${what}: ${x} near ${n}`);
          }
          if (!intact()) expect.fail(`${what}: a guard was overwritten`);
        }
        if (n === 0) atStart = told('latency').length;
        advance(count);
        n += count;
        samples += count * connected;
      }
      expect(told('failed'), what).toEqual([]);
      expect(told('latency').length, what).toBeLessThanOrEqual(atStart + 1);
      send(processor, { type: 'destroy' });
    }
    vi.restoreAllMocks();
    record(
      context,
      `${cases} cases, ${(samples / 1e6).toFixed(1)} million samples in, ${[...sides].sort().join(', ')} channels: no error, guards intact, the delay grew once in flight at most (SEED=${SEED})`,
    );
  });

  it('recordings of 1 to 8 channels: same length out, finite, input untouched', {
    timeout: 7_200_000,
  }, async (context) => {
    const assets = { wasm: await coreBytes(), model: tinyModel() };
    const cases = amount(20, 1000);
    for (let k = 0; k < cases; k++) {
      const next = random(SEED + k);
      const sampleRate = next() < 0.5 ? next.pick(RATES) : 8000 + next.below(184_001);
      const [name, source] = next.pick(Object.entries(sources(next, sampleRate)));
      const length = next.below(next.pick([2, 500, 20_000]));
      const input = Array.from({ length: 1 + next.below(8) }, () => Float32Array.from({ length }, (_, n) => source(n)));
      const given = input.map((channel) => channel.slice());
      const output = await denoise(input, { sampleRate, assets, strength: next() });
      const what = `SEED=${SEED}, case ${k}: ${length} samples of ${name} at ${sampleRate} Hz, ${input.length} channels`;
      expect(output.map((channel) => channel.length)).toEqual(input.map(() => length));
      for (const [c, channel] of output.entries()) {
        for (const x of channel) {
          if (!(Math.abs(x) <= (name === 'largest float' ? 1e32 : LOUDEST))) expect.fail(`${what}: ${x}`);
        }
        if (!same(given[c] as Float32Array, input[c] as Float32Array)) expect.fail(`${what}: the input was written to`);
      }
    }
    record(context, `${cases} recordings: same length, finite, input untouched (SEED=${SEED})`);
  });

  it('after the worst input the next speaker sounds as from the start', (context) => {
    const model = parseModel(tinyModel());
    const core = instantiate(module);
    const network = loadNetwork(core, model);
    const next = random(SEED);
    const speech = Float32Array.from({ length: 48_000 }, () => next() - 0.5);
    const run = (pipeline: Pipeline, input: Float32Array): Float32Array => {
      const output = new Float32Array(input.length);
      for (let at = 0; at + 480 <= input.length; at += 480) {
        pipeline.process(
          [input.subarray(at, at + 480)],
          [output.subarray(at, at + 480)],
          480,
          Float32Array.of(1),
          false,
        );
      }
      return output;
    };
    const observer = { frameStart() {}, frameEnd() {} };
    const expected = run(new Pipeline(core, network, 48_000, 1, 480, observer, true), speech);
    for (const bad of [Number.NaN, Infinity, 3e38, 1e-40, 100]) {
      const pipeline = new Pipeline(core, network, 48_000, 1, 480, observer, true);
      run(pipeline, new Float32Array(9600).fill(bad));
      pipeline.reset();
      expect(run(pipeline, speech), String(bad)).toEqual(expected);
    }
    record(context, '5 kinds of poison, then reset: bit-identical to a fresh start');
  });

  it('FIFO and delay line: guards, order and room under random use', { timeout: 600_000 }, (context) => {
    const rounds = amount(30, 5000);
    for (let k = 0; k < rounds; k++) {
      const next = random(SEED + k);
      const fifo = new Fifo(1 + next.below(3000), 0);
      const line = new DelayLine(next.below(3000), 1 + next.below(4096));
      let written = 0;
      let read = 0;
      let right = true;
      for (let step = 0; step < 60; step++) {
        const count = 1 + next.below(next.pick([4, 600, 4096]));
        const { view, intact } = guarded(count);
        for (let i = 0; i < count; i++) view[i] = written + i + 1;
        if (fifo.write(view, 0, count)) written += count;
        const out = guarded(1 + next.below(700));
        const got = fifo.read(out.view, 0, out.view.length);
        for (let i = 0; i < got; i++) right &&= out.view[i] === ++read;
        line.process(view, view, count);
        right &&= intact() && out.intact() && fifo.length === written - read;
      }
      expect(right, `SEED=${SEED}, round ${k}`).toBe(true);
    }
    record(context, `${rounds} rounds of 60 reads and writes: in order, guards intact (SEED=${SEED})`);
  });
});

function same(a: Float32Array, b: Float32Array): boolean {
  for (let i = 0; i < a.length; i++) if (!Object.is(a[i], b[i])) return false;
  return true;
}
