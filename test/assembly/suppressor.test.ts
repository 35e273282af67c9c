import { readFile } from 'node:fs/promises';
import { beforeAll, describe, expect, it } from 'vitest';
import { CORE_IMPORTS } from '../../src/core/exports';
import { loadNetwork, parseModel } from '../../src/core/model';
import { DELAY, FRAME } from '../../src/core/shape';
import { coreBytes, type FullExports } from '../helpers/kit';
import { blocked, noise, rms, voice } from '../helpers/signals';

let shipped: Uint8Array<ArrayBuffer>;
let model: Uint8Array;

beforeAll(async () => {
  shipped = await coreBytes();
  model = await readFile(new URL('../golden/tiny.safetensors', import.meta.url));
});

async function start(): Promise<FullExports> {
  const { instance } = await WebAssembly.instantiate(shipped, CORE_IMPORTS);
  return instance.exports as unknown as FullExports;
}

class Stream {
  readonly handle: number;
  constructor(
    readonly core: FullExports,
    network: number,
  ) {
    this.handle = core.suppressorCreate(network);
    expect(this.handle).toBeGreaterThanOrEqual(0);
  }

  // Anew each time: another stream may make the memory grow.
  get input(): Float32Array {
    return new Float32Array(this.core.memory.buffer, this.core.suppressorInput(this.handle), FRAME);
  }

  get output(): Float32Array {
    return new Float32Array(this.core.memory.buffer, this.core.suppressorOutput(this.handle), FRAME);
  }

  /** Runs `step` on every hop of x. */
  run(x: Float32Array, step: (hop: number) => void): Float32Array {
    const y = new Float32Array(x.length);
    for (let at = 0; at + FRAME <= x.length; at += FRAME) {
      this.input.set(x.subarray(at, at + FRAME));
      step(at / FRAME);
      y.set(this.output, at);
    }
    return y;
  }

  process(x: Float32Array, strength: (hop: number) => number): Float32Array {
    return this.run(x, (hop) => this.core.suppressorProcess(this.handle, strength(hop)));
  }
}

/** Samples of y that are not x, DELAY samples late, bit for bit. */
function differences(y: Float32Array, x: Float32Array, from: number): number {
  let count = 0;
  for (let n = from; n < x.length; n++) if (!Object.is(y[n], x[n - DELAY])) count++;
  return count;
}

describe('reconstruction', () => {
  it('gains of one give the input without DC back to 1e-6, 1440 samples late', async () => {
    const core = await start();
    const x = noise(96 * FRAME, 1);
    const y = new Stream(core, -1).process(x, () => 1);
    const expected = blocked(x);
    let worst = 0;
    for (let n = DELAY; n < x.length; n++) worst = Math.max(worst, Math.abs(y[n]! - expected[n - DELAY]!));
    expect(worst).toBeLessThan(1e-6);
  });

  it('strength 0 gives the delayed input bit for bit', async () => {
    const core = await start();
    const network = loadNetwork(core, parseModel(model));
    const x = noise(50 * FRAME, 2);
    const y = new Stream(core, network).process(x, () => 0);
    // The first hop fades over from the wet path, which is silent too.
    expect(differences(y, x, DELAY)).toBe(0);
  });

  it('bypass gives the delayed input bit for bit', async () => {
    const core = await start();
    const x = noise(50 * FRAME, 3);
    const s = new Stream(core, loadNetwork(core, parseModel(model)));
    const y = s.run(x, () => core.suppressorBypass(s.handle));
    expect(differences(y, x, DELAY)).toBe(0);
  });

  it('toggling bypass neither clicks nor moves the delay', async () => {
    const core = await start();
    const s = new Stream(core, -1);
    const x = Float32Array.from({ length: 120 * FRAME }, (_, n) => 0.5 * Math.sin((2 * Math.PI * 440 * n) / 48000));
    const y = s.run(x, (hop) => {
      if (Math.floor(hop / 13) % 2) core.suppressorBypass(s.handle);
      else core.suppressorProcess(s.handle, 1);
    });
    let worst = 0;
    // The DC blocker turns 440 Hz by 0.13 degrees: both paths differ by at most 0.0012.
    for (let n = 5000; n < x.length; n++) worst = Math.max(worst, Math.abs(y[n]! - x[n - DELAY]!));
    expect(worst).toBeLessThan(0.02);
    let jump = 0;
    for (let n = 5001; n < x.length; n++) jump = Math.max(jump, Math.abs(y[n]! - y[n - 1]!));
    expect(jump).toBeLessThan(1.1 * 0.5 * ((2 * Math.PI * 440) / 48000));
  });
});

describe('a stream that was let through', () => {
  it('is enhanced from the fourth hop on, when analysis has heard what it decides on, and not sooner', async () => {
    const core = await start();
    const s = new Stream(core, -1);
    const x = noise(40 * FRAME, 12);
    const y = s.run(x, (hop) => {
      if (hop >= 10 && hop < 20) core.suppressorBypass(s.handle);
      else core.suppressorProcess(s.handle, 1);
    });
    const inHop = (hop: number): number => differences(y, x.subarray(0, (hop + 1) * FRAME), hop * FRAME);
    // Hops 10 and 23 fade over. What is enhanced has no DC, so hardly a sample is that of the input.
    for (let hop = 11; hop < 23; hop++) expect(inHop(hop), `hop ${hop}`).toBe(0);
    for (let hop = 24; hop < 40; hop++) expect(inHop(hop), `hop ${hop}`).toBeGreaterThan(FRAME / 2);
  });
});

it('is after a reset what it was when it was made: the same bits', async () => {
  const core = await start();
  const network = loadNetwork(
    core,
    parseModel(await readFile(new URL('../golden/finer.safetensors', import.meta.url))),
  );
  const hum = voice(60 * FRAME, 170);
  const x = noise(60 * FRAME, 51).map((v, n) => v + hum[n]!);
  const fresh = new Stream(core, network).process(x, () => 0.9);
  expect(rms(fresh)).toBeGreaterThan(0);
  const s = new Stream(core, network);
  const others: ((hop: number) => void)[] = [
    (hop) => core.suppressorProcess(s.handle, hop % 2),
    (hop) => (hop < 50 ? core.suppressorProcess(s.handle, 1) : core.suppressorBypass(s.handle)),
  ];
  for (const other of others) {
    s.run(voice(60 * FRAME, 90), other);
    core.suppressorReset(s.handle);
    expect(s.process(x, () => 0.9)).toEqual(fresh);
    core.suppressorReset(s.handle);
  }
});

describe('one of two channels with nothing in it', () => {
  /** Hops after which it rests, and what is kept of sound before. */
  const REST = 100;
  const linked = (left: Stream, right: Stream, x: Float32Array, y: Float32Array, heard?: (hop: number) => void) => {
    const out = new Float32Array(y.length);
    const first = left.run(x, (hop) => {
      right.input.set(y.subarray(hop * FRAME, (hop + 1) * FRAME));
      left.core.suppressorProcessLinked(left.handle, right.handle, 1);
      out.set(right.output, hop * FRAME);
      heard?.(hop);
    });
    return [first, out] as const;
  };

  it('is neither analysed nor decided on after a second, and leaves the other as if it were alone', async () => {
    const core = await start();
    const network = loadNetwork(core, parseModel(model));
    const x = voice(300 * FRAME, 140);
    const alone = new Stream(core, network).process(x, () => 1);
    const [left, right] = [new Stream(core, network), new Stream(core, network)];
    const marks = [core.suppressorFeatures(right.handle), core.suppressorGains(right.handle)].map(
      (at) => new Float32Array(core.memory.buffer, at, 1),
    );
    const worked: number[] = [];
    const sound = new Float32Array(x.length);
    sound[250 * FRAME] = 1e-10;
    const [first, second] = linked(left, right, x, sound, (hop) => {
      if (marks.some((mark) => mark[0] !== 7)) worked.push(hop);
      for (const mark of marks) mark.fill(7);
    });
    const expected = [...Array(REST).keys(), ...Array.from({ length: 50 }, (_, i) => 250 + i)];
    expect(worked).toEqual(expected);
    expect(first.slice(0, 250 * FRAME)).toEqual(alone.slice(0, 250 * FRAME));
    expect(second.slice(0, 250 * FRAME).every((sample) => sample === 0)).toBe(true);
  });

  it('is whole from its first sample when it is back', async () => {
    const core = await start();
    const [left, right] = [new Stream(core, -1), new Stream(core, -1)];
    const x = noise(400 * FRAME, 41);
    const y = noise(400 * FRAME, 42);
    y.fill(0, 0, 200 * FRAME + 100);
    const [, out] = linked(left, right, x, y);
    const expected = blocked(y);
    let worst = 0;
    for (let n = DELAY; n < y.length; n++) worst = Math.max(worst, Math.abs(out[n]! - expected[n - DELAY]!));
    expect(worst).toBeLessThan(1e-6);
  });

  it('that was never quite silent, was let through meanwhile or is handed on does not rest', async () => {
    const core = await start();
    const network = loadNetwork(core, parseModel(model));
    const [left, right] = [new Stream(core, network), new Stream(core, network)];
    const mark = new Float32Array(core.memory.buffer, core.suppressorFeatures(right.handle), 1);
    const silence = new Float32Array((REST + 10) * FRAME);
    const rests = (y = new Float32Array(FRAME)): boolean => {
      mark.fill(7);
      linked(left, right, y, y);
      return mark[0] === 7;
    };
    // What is left of a DC takes a while to go.
    const dc = new Float32Array(FRAME).fill(0.5);
    rests(dc);
    linked(left, right, silence, silence);
    expect(rests()).toBe(false);
    for (let i = 0; i < 10; i++) linked(left, right, silence, silence);
    expect(rests()).toBe(true);
    core.suppressorBypass(right.handle);
    expect(rests()).toBe(false);
    linked(left, right, silence, silence);
    expect(rests()).toBe(true);
    core.suppressorReset(right.handle);
    expect(rests()).toBe(false);
  });
});

describe('strength', () => {
  it.each([0.3, 0.8])('of the frame before is that of the frame that fades into bypass: %f', async (strength) => {
    const core = await start();
    const network = loadNetwork(core, parseModel(model));
    const x = noise(30 * FRAME, 6);
    const wet = new Stream(core, network).process(x, () => strength);
    const s = new Stream(core, network);
    const y = s.run(x, (hop) => {
      if (hop < 29) core.suppressorProcess(s.handle, strength);
      else core.suppressorBypass(s.handle);
    });
    let worst = 0;
    for (let i = 0; i < FRAME; i++) {
      const n = 29 * FRAME + i;
      const share = (i + 0.5) / FRAME;
      worst = Math.max(worst, Math.abs(y[n]! - ((1 - share) * wet[n]! + share * x[n - DELAY]!)));
    }
    expect(worst).toBeLessThan(1e-4);
    // What it fades from is not the microphone, so the strength matters.
    let far = 0;
    for (let n = 29 * FRAME; n < 29.5 * FRAME; n++) far = Math.max(far, Math.abs(wet[n]! - x[n - DELAY]!));
    expect(far).toBeGreaterThan(0.05);
  });

  it('is a floor: no band falls below 1 - strength', async () => {
    const core = await start();
    const s = new Stream(core, loadNetwork(core, parseModel(model)));
    for (const strength of [0.1, 0.5, 0.9]) {
      const x = noise(20 * FRAME, 4);
      const y = s.process(x, () => strength);
      // The first hops still fade over from the strength before.
      expect(rms(y, 6 * FRAME)).toBeGreaterThan(0.98 * (1 - strength) * rms(x, 6 * FRAME - DELAY, x.length - DELAY));
      const gains = new Float32Array(core.memory.buffer, core.suppressorGains(s.handle), 34);
      for (const g of gains) expect(g).toBeGreaterThanOrEqual(1 - strength - 1e-6);
    }
  });
});

describe('linked stereo', () => {
  it('gives equal channels equal output, that of one alone', async () => {
    const core = await start();
    const network = loadNetwork(core, parseModel(model));
    const left = core.suppressorCreate(network);
    const right = core.suppressorCreate(network);
    const mono = new Stream(core, network);
    const x = noise(40 * FRAME, 5);
    const view = (pointer: number) => new Float32Array(core.memory.buffer, pointer, FRAME);
    const expected = mono.process(x, () => 1);
    for (let at = 0; at < x.length; at += FRAME) {
      view(core.suppressorInput(left)).set(x.subarray(at, at + FRAME));
      view(core.suppressorInput(right)).set(x.subarray(at, at + FRAME));
      core.suppressorProcessLinked(left, right, 1);
      const l = view(core.suppressorOutput(left));
      expect(Array.from(l)).toEqual(Array.from(view(core.suppressorOutput(right))));
      expect(Array.from(l)).toEqual(Array.from(expected.subarray(at, at + FRAME)));
    }
  });
});

describe('bad days', () => {
  const signals: Record<string, (n: number) => number> = {
    silence: () => 0,
    'full-scale square wave': (n) => (n % 100 < 50 ? 1 : -1),
    NaN: () => Number.NaN,
    'NaN now and then': (n) => (n % 777 ? Math.sin(n / 20) : Number.NaN),
    infinity: (n) => (n % 2 ? Infinity : -Infinity),
    denormals: (n) => (n % 2 ? 1e-42 : -1e-40),
    DC: () => 1,
    '+40 dBFS': (n) => 100 * Math.sin(n / 15),
    'largest float': (n) => (n % 3 ? 3.4e38 : -3.4e38),
    'one click': (n) => (n === 4800 ? 1 : 0),
  };

  it.each(Object.keys(signals))('stays finite and sane on %s, and hears again after it', async (name) => {
    const core = await start();
    const s = new Stream(core, loadNetwork(core, parseModel(model)));
    const bad = Float32Array.from({ length: 100 * FRAME }, (_, n) => signals[name]!(n));
    expect(s.process(bad, () => 1).every(Number.isFinite)).toBe(true);
    s.process(new Float32Array(60 * FRAME), () => 1);
    const x = noise(40 * FRAME, 11);
    const y = s.process(x, () => 0);
    expect(differences(y, x, 4 * FRAME + DELAY)).toBe(0);
  });

  it('gives silence for silence', async () => {
    const core = await start();
    const s = new Stream(core, loadNetwork(core, parseModel(model)));
    expect(rms(s.process(new Float32Array(50 * FRAME), () => 1))).toBe(0);
  });
});

describe('surface', () => {
  it('refuses bad handles and pointers', async () => {
    const core = await start();
    for (const handle of [-1, 0, 1, 63, 64, 1e9, -1e9]) {
      expect(core.suppressorInput(handle)).toBe(0);
      expect(core.suppressorOutput(handle)).toBe(0);
      expect(core.suppressorGains(handle)).toBe(0);
      expect(core.suppressorDestroy(handle)).toBeLessThan(0);
      expect(core.suppressorReset(handle)).toBeLessThan(0);
      expect(core.suppressorProcess(handle, 1)).toBe(-1);
      expect(core.suppressorProcessLinked(handle, handle, 1)).toBe(-1);
      core.suppressorBypass(handle);
    }
    expect(core.suppressorCreate(0)).toBeLessThan(0);
    expect(core.suppressorCreate(-2)).toBeLessThan(0);
    for (const pointer of [0, 4, 1e9, -4, 3]) {
      expect(core.networkLoad(pointer, 15)).toBeLessThan(0);
    }
    for (const bytes of [0, -1, 0x7fffffff]) expect(core.alloc(bytes)).toBe(0);
  });

  it('reuses destroyed streams and never grows for it', async () => {
    const core = await start();
    const network = loadNetwork(core, parseModel(model));
    core.suppressorDestroy(core.suppressorCreate(network));
    const bytes = core.memory.buffer.byteLength;
    for (let i = 0; i < 1000; i++) core.suppressorDestroy(core.suppressorCreate(network));
    expect(core.memory.buffer.byteLength).toBe(bytes);
    const handles = Array.from({ length: 64 }, () => core.suppressorCreate(network));
    expect(Math.min(...handles)).toBeGreaterThanOrEqual(0);
    expect(core.suppressorCreate(network)).toBeLessThan(0);
  });

  it('starts a reused stream from silence', async () => {
    const core = await start();
    const network = loadNetwork(core, parseModel(model));
    const x = noise(30 * FRAME, 21);
    const first = new Stream(core, network);
    const expected = first.process(x, () => 1);
    first.process(noise(30 * FRAME, 22), () => 0.3);
    core.suppressorDestroy(first.handle);
    const again = new Stream(core, network);
    expect(again.handle).toBe(first.handle);
    expect(Array.from(again.process(x, () => 1))).toEqual(Array.from(expected));
  });

  it('keeps its memory while processing', async () => {
    const core = await start();
    const s = new Stream(core, loadNetwork(core, parseModel(model)));
    const bytes = core.memory.buffer.byteLength;
    s.process(noise(500 * FRAME, 31), (hop) => (hop % 50) / 50);
    expect(core.memory.buffer.byteLength).toBe(bytes);
  });
});
