/** The processor in a stand-in for the audio thread's scope: overload, faults, messages. */
import { afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { record } from '../helpers/kit';
import { joined } from '../helpers/signals';
import {
  advance,
  clock,
  forget,
  loadProcessor,
  make,
  newCore,
  openScope,
  type Processor,
  QUANTUM,
  rewind,
  scope,
  send,
  told,
} from '../helpers/worklet-scope';

const FRAMES_PER_SECOND = 100;
const { Instance } = WebAssembly;

let registered: Awaited<ReturnType<typeof openScope>>;

beforeAll(async () => {
  registered = await openScope();
});

beforeEach(() => rewind());

afterEach(() => {
  vi.restoreAllMocks();
  WebAssembly.Instance = Instance;
});

const states = (): string[] => told('state').map(({ state }) => state);

interface Feed {
  strength?: number;
  /** Channels of the input; none for an input that nothing is connected to. */
  sides?: number;
  outputs?: number;
  quantum?: number;
  signal?: (n: number) => number;
}

const sine = (n: number): number => 0.5 * Math.sin((2 * Math.PI * 300 * n) / 48_000);

/** Plays for `seconds` from where the clock stands; the output by channel. */
function play(processor: Processor, seconds: number, feed: Feed = {}): Float32Array[] {
  const { strength = 0, sides = 1, outputs = 1, quantum = QUANTUM, signal = sine } = feed;
  const blocks = Math.ceil((seconds * scope.sampleRate) / quantum);
  const all = Array.from({ length: outputs }, () => new Float32Array(blocks * quantum));
  for (let b = 0; b < blocks; b++) {
    // Negative in the second channel.
    const input = Array.from({ length: sides }, (_, c) =>
      Float32Array.from({ length: quantum }, (_, i) => (c === 1 ? -0.5 : 1) * signal(scope.currentFrame + i)),
    );
    const output = Array.from({ length: outputs }, () => new Float32Array(quantum));
    expect(processor.process([input], [output], { strength: Float32Array.of(strength) })).toBe(true);
    for (const [c, samples] of output.entries()) all[c]?.set(samples, b * quantum);
    advance(quantum);
  }
  return all;
}

function delayOf(): number {
  const { latency } = [...told('prepared'), ...told('latency')].at(-1) as { latency: number };
  return Math.round(latency * scope.sampleRate);
}

/** Samples that are not the input `delay` before, of an output that began at sample `from`. */
function wrong(output: Float32Array, delay: number, from = 0, signal = sine): number {
  let count = 0;
  for (let n = 0; n < output.length; n++) {
    const then = from + n - delay;
    if (output[n] !== (then < 0 ? 0 : Math.fround(signal(then)))) count++;
  }
  return count;
}

/** Makes every timed frame of the core take this long, and counts the calls. */
function slow(ms: () => number): void {
  patch('suppressorProcess', () => {
    clock.now += ms();
  });
}

/** Runs `before` ahead of each call of an export of the cores made from now on. */
function patch(name: string, before: (count: number) => void): void {
  let count = 0;
  WebAssembly.Instance = new Proxy(Instance, {
    construct(target, given: [WebAssembly.Module]) {
      const exports: Record<string, unknown> = { ...new target(...given).exports };
      const original = exports[name] as (...given: number[]) => number;
      exports[name] = (...given: number[]) => {
        before(++count);
        return original(...given);
      };
      return { exports };
    },
  });
}

/**
 * Counts the cores made from now on, and calls on one after it has trapped: where `traps` says so of a call of suppressorProcess.
 * `answers` may answer in place of an export.
 */
function watchCores(
  traps: (made: number, call: number) => boolean,
  answers: Record<string, (count: number) => number | undefined> = {},
): { made: number; afterTrap: number } {
  const seen = { made: 0, afterTrap: 0 };
  WebAssembly.Instance = new Proxy(Instance, {
    construct(target, given: [WebAssembly.Module]) {
      const made = ++seen.made;
      let trapped = false;
      const exports: Record<string, unknown> = { ...new target(...given).exports };
      for (const [name, original] of Object.entries(exports)) {
        if (typeof original !== 'function') continue;
        let count = 0;
        exports[name] = (...given: number[]) => {
          count++;
          if (trapped) seen.afterTrap++;
          if (name === 'suppressorProcess' && traps(made, count)) {
            trapped = true;
            new Uint8Array((exports.memory as WebAssembly.Memory).buffer).fill(255);
            throw new WebAssembly.RuntimeError('unreachable');
          }
          return answers[name]?.(count) ?? original(...given);
        };
      }
      return { exports };
    },
  });
  return seen;
}

describe('sound', () => {
  test('its parameter is strength', () => {
    expect(registered.parameterDescriptors).toEqual([
      { name: 'strength', defaultValue: 1, minValue: 0, maxValue: 1, automationRate: 'k-rate' },
    ]);
  });

  test.each([48_000, 44_100, 16_000])('at strength 0 the output is the input, late: %i Hz', (rate) => {
    rewind(rate);
    const processor = make();
    const [output] = play(processor, 0.5) as [Float32Array];
    expect(states()).toEqual(['running']);
    const delay = delayOf();
    if (rate === 48_000) return expect(wrong(output, delay)).toBe(0);
    // Through two resamplers: alike, not equal.
    let worst = 0;
    for (let n = rate >> 2; n < output.length; n++) {
      worst = Math.max(worst, Math.abs((output[n] as number) - sine(n - delay)));
    }
    expect(worst).toBeLessThan(2e-3);
  });

  test('stereo to mono keeps a voice whose sides are against each other', () => {
    const [out] = play(make(), 0.2, { sides: 2 }) as [Float32Array];
    // The second side is the first inverted, 6 dB down: 0.6 of the one, -0.4 of the other.
    const delay = delayOf();
    expect(out.every((x, n) => Math.abs(x - (n < delay ? 0 : 0.8 * sine(n - delay))) < 1e-3)).toBe(true);
  });

  test('a lone side fills both of stereo; two sides stay where they are; nothing connected is silence', () => {
    const [left, right] = play(make({ channels: 2 }), 0.2, { outputs: 2 }) as [Float32Array, Float32Array];
    expect([wrong(left, delayOf()), wrong(right, delayOf())]).toEqual([0, 0]);
    scope.currentFrame = 0;
    const apart = play(make({ channels: 2 }), 0.2, { sides: 2, outputs: 2 }) as [Float32Array, Float32Array];
    expect([wrong(apart[0], delayOf()), wrong(apart[1], delayOf(), 0, (n) => -0.5 * sine(n))]).toEqual([0, 0]);
    scope.currentFrame = 0;
    const [silence] = play(make(), 0.2, { sides: 0 }) as [Float32Array];
    expect(silence.every((x) => x === 0)).toBe(true);
  });

  test('without an output there is nothing to do, and the node lives on', () => {
    expect(make().process([[]], [[]], { strength: Float32Array.of(1) })).toBe(true);
    expect(told('failed')).toEqual([]);
  });

  test('blocks longer than announced: the delay grows once, is told, and no sample is lost', () => {
    const processor = make();
    play(processor, 0.2);
    const from = scope.currentFrame;
    const [output] = play(processor, 0.5, { quantum: 1000 }) as [Float32Array];
    expect(told('latency')).toHaveLength(1);
    const late = delayOf();
    expect(wrong(output.subarray(4000), late, from + 4000)).toBe(0);
    expect(told('failed')).toEqual([]);
  });
});

describe('messages', () => {
  test('bypass, reset, probability and statistics', () => {
    const processor = make({ bypass: true });
    play(processor, 0.2);
    expect(states()).toEqual(['bypassed']);
    send(processor, { type: 'bypass', value: false });
    play(processor, 1.5, { strength: 1 });
    expect(states()).toEqual(['bypassed', 'running']);
    send(processor, { type: 'reset' });
    send(processor, { type: 'probability' });
    send(processor, { type: 'stats', id: 7 });
    expect(told('probability')[0]?.value).toBe(0);
    const [{ id, stats }] = told('stats') as [ReturnType<typeof told<'stats'>>[0]];
    expect(id).toBe(7);
    expect(stats.framesBypassed).toBeGreaterThan(10);
    expect(stats.framesProcessed).toBeGreaterThan(100);
    // A sine of 0.5: -9 dB.
    expect(stats.inputLevel).toBeCloseTo(-9.03, 1);
    expect(stats.overloads).toBe(0);
  });

  test('speech starts and ends, with the time it was spoken at', () => {
    const processor = make({ voiceActivity: { start: 0, stop: 0, holdMs: 0 } });
    play(processor, 0.2, { strength: 1 });
    expect(told('speech')).toHaveLength(1);
    expect(told('speech')[0]).toMatchObject({ speaking: true });
    send(processor, { type: 'reset' });
    expect(told('speech')[1]).toMatchObject({ speaking: false });
    const second = told('speech')[1] as { time: number };
    expect(second.time).toBeCloseTo(scope.currentTime - delayOf() / 48_000, 6);
  });

  test('destroy ends it', () => {
    const processor = make();
    play(processor, 0.1);
    send(processor, { type: 'destroy' });
    expect(processor.port.closed).toBe(true);
    expect(processor.port.onmessage).toBe(null);
    const output = new Float32Array(QUANTUM);
    expect(processor.process([[output]], [[output]], { strength: Float32Array.of(1) })).toBe(false);
  });
});

describe('overload', () => {
  test('told, aside with aligned dry sound, tried again after 15 and 30 s, back: no sample differs', (context) => {
    let ms = 12;
    slow(() => ms);
    const processor = make();
    const outputs: Float32Array[] = [];
    // Overload in the first second, in the one of the first retry, and none from then on.
    outputs.push(...play(processor, 1.2));
    expect(states()).toEqual(['running', 'overloaded']);
    expect(told('overload')).toHaveLength(1);
    expect(told('overload')[0]?.load).toBeGreaterThan(1);
    outputs.push(...play(processor, 15));
    expect(states()).toEqual(['running', 'overloaded', 'running']);
    outputs.push(...play(processor, 1.2));
    expect(states().at(-1)).toBe('overloaded');
    ms = 0;
    outputs.push(...play(processor, 28.5));
    expect(states().at(-1)).toBe('overloaded');
    outputs.push(...play(processor, 3));
    expect(states()).toEqual(['running', 'overloaded', 'running', 'overloaded', 'running']);
    const all = joined(outputs);
    expect(wrong(all, delayOf())).toBe(0);
    send(processor, { type: 'stats', id: 1 });
    expect(told('stats')[0]?.stats).toMatchObject({ overloads: 2, framesBypassed: 45 * FRAMES_PER_SECOND });
    record(
      context,
      `2 overloads, 15 and 30 s of dry sound, ${all.length} samples: none differs from the delayed input`,
    );
  });

  test('at full strength the change is a fade, not a click', (context) => {
    let ms = 0;
    slow(() => ms);
    const processor = make();
    const [before] = play(processor, 3, { strength: 1 }) as [Float32Array];
    ms = 12;
    const [during] = play(processor, 4, { strength: 1 }) as [Float32Array];
    ms = 0;
    const [after] = play(processor, 14, { strength: 1 }) as [Float32Array];
    expect(states()).toEqual(['running', 'overloaded', 'running']);
    const level = (samples: Float32Array): number => samples.reduce((most, x) => Math.max(most, Math.abs(x)), 0);
    // The network takes some of the tone away, so there is a change to be heard.
    expect(level(before.subarray(96_000))).toBeLessThan(0.45);
    expect(level(during.subarray(144_000))).toBeCloseTo(0.5, 2);
    const all = joined([before, during, after]);
    let steepest = 0;
    for (let n = 9600; n < all.length; n++) steepest = Math.max(steepest, Math.abs(all[n]! - all[n - 1]!));
    // The tone itself goes 0.0196 from sample to sample.
    expect(steepest).toBeLessThan(0.025);
    record(context, `a tone, to dry sound and back: steepest step ${steepest.toFixed(4)}, the tone's own is 0.0196`);
  });

  test("'report' only tells; preventDefault and bypass end the waiting", () => {
    slow(() => 12);
    const reporting = make({ overload: 'report' });
    play(reporting, 3.5);
    expect(states()).toEqual(['running']);
    expect(told('overload').map(({ consecutive }) => consecutive)).toEqual([1, 2, 3]);

    forget();
    const processor = make();
    play(processor, 1.2);
    expect(states()).toEqual(['running', 'overloaded']);
    send(processor, { type: 'keep-processing' });
    expect(states().at(-1)).toBe('running');
    play(processor, 1.2);
    expect(states().at(-1)).toBe('overloaded');
    send(processor, { type: 'bypass', value: true });
    expect(states().at(-1)).toBe('bypassed');
  });

  test('dropped callbacks count, an unplugged node and an offline context do not', () => {
    const processor = make();
    play(processor, 0.5);
    for (let i = 0; i < 3; i++) {
      scope.currentFrame += QUANTUM;
      play(processor, 0.05);
    }
    play(processor, 0.6);
    expect(told('overload')).toHaveLength(1);
    send(processor, { type: 'stats', id: 1 });
    expect(told('stats')[0]?.stats.lateCallbacks).toBe(3);

    for (const [options, gap] of [
      [{}, 10 * 48_000],
      [{ realtime: false }, QUANTUM],
    ] as const) {
      forget();
      const other = make(options);
      for (let i = 0; i < 5; i++) {
        play(other, 0.5);
        scope.currentFrame += gap;
      }
      expect(told('overload')).toEqual([]);
    }
  });
});

describe('faults', () => {
  test('a core that traps: told once, the delayed input goes on without a lost sample', (context) => {
    const module = new WebAssembly.Module(
      // (module (func (export "f") unreachable))
      Uint8Array.from([
        0, 97, 115, 109, 1, 0, 0, 0, 1, 4, 1, 96, 0, 0, 3, 2, 1, 0, 7, 5, 1, 1, 102, 0, 0, 10, 5, 1, 3, 0, 0, 11,
      ]),
    );
    const trap = new WebAssembly.Instance(module).exports.f as () => void;
    patch('suppressorProcess', (count) => {
      if (count === 50) trap();
    });
    const processor = make();
    const [output] = play(processor, 1) as [Float32Array];
    expect(told('failed')).toEqual([{ type: 'failed', message: 'unreachable' }]);
    expect(wrong(output, delayOf())).toBe(0);
    record(context, `one message, ${output.length} samples: none differs from the delayed input`);
    // Later questions are answered, later wishes harmless.
    send(processor, { type: 'stats', id: 1 });
    send(processor, { type: 'probability' });
    send(processor, { type: 'bypass', value: true });
    send(processor, { type: 'reset' });
    expect(told('stats')[0]?.stats).toMatchObject({ framesProcessed: 0 });
    expect(told('probability')[0]?.value).toBe(0);
    send(processor, { type: 'destroy' });
  });

  test('an exception anywhere else: told once, the input itself passes', () => {
    const processor = make();
    play(processor, 0.2);
    Object.assign(processor, {
      mix() {
        throw 'not even an error';
      },
    });
    const from = scope.currentFrame;
    const [output] = play(processor, 0.5) as [Float32Array];
    expect(told('failed')).toEqual([{ type: 'failed', message: 'not even an error' }]);
    expect(wrong(output, 0, from)).toBe(0);
    play(processor, 0.1, { sides: 0 });
  });

  test('an exception while a message is answered', () => {
    patch('suppressorReset', (count) => {
      // The first is that of the warm-up.
      if (count > 1) throw new Error('injected');
    });
    const processor = make();
    send(processor, { type: 'reset' });
    expect(told('failed')).toEqual([{ type: 'failed', message: 'injected' }]);
    const [output] = play(processor, 0.2) as [Float32Array];
    expect(wrong(output, delayOf())).toBe(0);
  });

  test.each([
    ['no core', { wasm: new ArrayBuffer(8) }],
    ['a module that is none of ours', { wasm: Uint8Array.of(0, 97, 115, 109, 1, 0, 0, 0).buffer }],
    ['a core that was never sent', { wasm: undefined }],
  ])('%s: told at once, the delayed input passes', (_, core) => {
    const processor = make({ core: { ...newCore(), ...core } });
    expect(told('failed')).toHaveLength(1);
    expect(told('prepared')).toEqual([]);
    const [output] = play(processor, 0.3) as [Float32Array];
    const delay = output.findIndex((x) => x !== 0) - 1;
    expect(delay).toBeGreaterThan(1440);
    expect(wrong(output, delay)).toBe(0);
  });

  test.each([48_000, 44_100])('a core that traps under one node: its neighbours go on, on another: %i Hz', (rate) => {
    rewind(rate);
    const seen = watchCores((made, call) => made === 1 && call === 150);
    const core = newCore();
    const nodes = [make({ core }), make({ core, channels: 2 }), make({ core: { key: core.key } })];
    const from = scope.currentFrame;
    const outs: Float32Array[][] = nodes.map(() => []);
    const samples = 1.5 * rate;
    for (let n = 0; n < samples; n += QUANTUM) {
      const input = Float32Array.from({ length: QUANTUM }, (_, i) => sine(from + n + i));
      for (const [k, node] of nodes.entries()) {
        const output = [new Float32Array(QUANTUM)];
        node.process([[input]], [output], { strength: Float32Array.of(0) });
        outs[k]?.push(output[0] as Float32Array);
      }
      advance(QUANTUM);
    }
    expect(told('failed')).toHaveLength(1);
    // Two cores, and no call on the first one after it had trapped.
    expect([seen.made, seen.afterTrap]).toEqual([2, 0]);
    const delay = delayOf();
    for (const out of outs) {
      const all = Float32Array.from(out.flatMap((block) => [...block]));
      let worst = 0;
      for (let n = rate >> 2; n < all.length; n++) worst = Math.max(worst, Math.abs(all[n]! - sine(from + n - delay)));
      expect(worst).toBeLessThan(rate === 48_000 ? 1e-6 : 2e-3);
    }
    for (const [k, frames] of [0, 1, 1].entries()) {
      send(nodes[k] as Processor, { type: 'stats', id: k });
      expect(Math.sign(told('stats')[k]?.stats.framesProcessed as number)).toBe(frames);
    }
    // The next node is on the sound one too.
    make({ core: { key: core.key } });
    expect([told('failed').length, seen.made]).toEqual([1, 2]);
    for (const node of nodes) send(node, { type: 'destroy' });
    expect(seen.afterTrap).toBe(0);
  });

  test('the way back to a new core is a fade, and the network is heard again', () => {
    watchCores((made, call) => made === 1 && call === 500);
    const core = newCore();
    const hit = make({ core });
    const node = make({ core });
    const blocks: number[] = [];
    const lost: number[] = [];
    for (let n = 0; n < 5 * 48_000; n += QUANTUM) {
      const input = Float32Array.from({ length: QUANTUM }, (_, i) => sine(scope.currentFrame + i));
      const alone = new Float32Array(QUANTUM);
      hit.process([[input]], [[alone]], { strength: Float32Array.of(1) });
      lost.push(...alone);
      const output = new Float32Array(QUANTUM);
      node.process([[input]], [[output]], { strength: Float32Array.of(1) });
      blocks.push(...output);
      advance(QUANTUM);
    }
    const level = (from: number, to: number): number =>
      blocks.slice(from, to).reduce((m, x) => Math.max(m, Math.abs(x)), 0);
    // 2.4 s of network, the delayed input for the delay and a tenth of a second, the network again.
    expect(level(100_000, 115_000)).toBeLessThan(0.48);
    expect(level(118_000, 123_000)).toBeCloseTo(0.5, 2);
    expect(level(4.5 * 48_000, 5 * 48_000)).toBeLessThan(0.48);
    let steepest = 0;
    for (const out of [blocks, lost]) {
      for (let n = 9600; n < out.length; n++) steepest = Math.max(steepest, Math.abs(out[n]! - out[n - 1]!));
    }
    // The tone itself goes 0.0196 from sample to sample.
    expect(steepest).toBeLessThan(0.025);
  });

  test('an exception outside the core leaves it to the others', () => {
    const seen = watchCores(() => false);
    const core = newCore();
    const bad = make({ core });
    const good = make({ core });
    Object.assign(bad, {
      mix() {
        throw new Error('injected');
      },
    });
    play(bad, 0.1);
    play(good, 0.1);
    make({ core });
    expect([seen.made, told('failed').length]).toEqual([1, 1]);
  });

  test('300 nodes: five cores, all but one given back when the nodes are gone', () => {
    const seen = watchCores(() => false);
    const core = newCore();
    const nodes = Array.from({ length: 300 }, () => make({ core }));
    expect([seen.made, told('failed'), told('prepared').length]).toEqual([5, [], 300]);
    for (const k of [0, 64, 299]) {
      scope.currentFrame = 0;
      expect(wrong(play(nodes[k] as Processor, 0.1)[0] as Float32Array, delayOf())).toBe(0);
    }
    for (const node of nodes) send(node, { type: 'destroy' });
    const again = Array.from({ length: 65 }, () => make({ core }));
    expect(seen.made).toBe(6);
    for (const node of again) send(node, { type: 'destroy' });
  });

  test('a core without memory for one more node: told, and the others keep it', () => {
    const seen = watchCores(() => false, { suppressorCreate: (count) => (count > 3 ? -4 : undefined) });
    const core = newCore();
    const nodes = Array.from({ length: 4 }, () => make({ core }));
    expect(told('failed')[0]?.message).toContain('no suppressor left');
    expect(wrong(play(nodes[0] as Processor, 0.2)[0] as Float32Array, delayOf())).toBe(0);
    expect([told('failed').length, seen.made]).toEqual([1, 1]);
  });

  test('two copies of the module in one scope: the first one serves both; other errors show', async () => {
    const { registerProcessor } = globalThis as unknown as { registerProcessor: unknown };
    const again = (error: Error): Promise<unknown> => {
      vi.resetModules();
      Object.assign(globalThis, {
        registerProcessor: () => {
          throw error;
        },
      });
      return loadProcessor();
    };
    await expect(again(new DOMException('taken', 'NotSupportedError'))).resolves.toBeDefined();
    await expect(again(new TypeError('bad'))).rejects.toThrow('bad');
    Object.assign(globalThis, { registerProcessor });
  });
});
