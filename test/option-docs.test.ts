/** What the reference says of each option, tried: the values at and beyond its bounds, the default, the example. */
import { readdirSync, readFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { Session } from '../src/adapters/react-session';
import { NoiseSuppressorNode } from '../src/graph/node';
import {
  checkAdapter,
  checkCreate,
  checkLive,
  checkNode,
  checkSupportOptions,
  type NoiseSuppressorOptions,
} from '../src/graph/node-options';
import type { Registration } from '../src/graph/registration';
import { suppressNoise } from '../src/graph/track';
import { workletOptions } from '../src/graph/worklet-options';
import { checkAssets } from '../src/loading/asset-options';
import type { LoadedAssets } from '../src/loading/assets';
import { denoise } from '../src/offline/denoise';
import { denoiseStream } from '../src/offline/denoise-stream';
import { Denoiser } from '../src/offline/denoiser';
import { checkDenoise, checkDenoiseStream } from '../src/offline/options';
import { checkSession } from './helpers/doors';
import { coreBytes, tinyModel } from './helpers/kit';

interface Option {
  /** Of the interface and the member. */
  readonly of: string;
  readonly name: string;
  readonly type: string;
  readonly takes: string;
  readonly standard: string;
  readonly example: string;
}

const REFERENCE = readdirSync('docs/api')
  .map((page) => readFileSync(`docs/api/${page}`, 'utf8'))
  .join('\n');
const OPTIONS: Option[] = [
  ...REFERENCE.matchAll(
    /^### (\w+): (\w+)\n\n`([^\n]+?)`: ([^\n]*)\. Default: ([^\n]*)\.\n(?:(?!^###? )[\s\S])*?^Example: `([^\n]+)`$/gm,
  ),
].map(([, of = '', name = '', type = '', takes = '', standard = '', example = '']) => ({
  of,
  name,
  type,
  takes: takes.replaceAll('`', ''),
  standard: standard.replaceAll('`', ''),
  example,
}));

/** A context whose audio thread never answers. */
const context = Object.assign(new EventTarget(), {
  sampleRate: 48000,
  state: 'running',
  audioWorklet: { addModule: () => new Promise(() => {}) },
}) as unknown as AudioContext;
const track = (): MediaStreamTrack =>
  Object.assign(new EventTarget(), {
    kind: 'audio',
    readyState: 'live',
    getSettings: () => ({}),
    stop() {
      (this as { readyState: string }).readyState = 'ended';
    },
  }) as unknown as MediaStreamTrack;

/** Who checks the options of an interface. */
const CHECKS: Record<string, (options: never) => void> = {
  NoiseSuppressorOptions: checkNode,
  CreateOptions: checkCreate,
  AdapterOptions: checkAdapter,
  SuppressNoiseOptions: checkLive,
  VoiceActivityOptions: (voiceActivity) => checkNode({ voiceActivity }),
  AssetOptions: checkAssets,
  LoadLimits: checkSupportOptions,
  DenoiseOptions: checkDenoise,
  DenoiseStreamOptions: checkDenoiseStream,
  NoiseSuppressionOptions: checkSession,
};

/** The next number after another, away from or towards zero. */
function beside(value: number, up: boolean): number {
  return value + (up ? 1 : -1) * Math.max(Number.MIN_VALUE, Math.abs(value) * Number.EPSILON);
}

const NO_NUMBERS = [Number.NaN, Number.NEGATIVE_INFINITY, '0.5', '', null, true, [1], {}, 1n, new Number(1)];
const worker = { postMessage: () => {} };
const url = new URL('https://a.example/');

/** Values that the words allow, and others. */
function values(takes: string, unlike: readonly unknown[]): { good: readonly unknown[]; bad: readonly unknown[] } {
  const [, least, most] = /^a number from (\S+) to (\S+)(?: \(.+\))?$/.exec(takes) ?? [];
  if (least && most) {
    const [from, to] = [Number(least), Number(most)];
    return {
      good: [from, beside(from, true), (from + to) / 2, beside(to, false), to],
      bad: [beside(from, false), beside(to, true), Number.POSITIVE_INFINITY, ...NO_NUMBERS],
    };
  }
  const words = takes.match(/^'[^']+'(?: or '[^']+')*$/)?.[0].split(' or ');
  if (words) {
    const good = words.map((word) => word.slice(1, -1));
    return { good, bad: [...good.map((word) => word.toUpperCase()), good, '', 0, true, null, new String(good[0])] };
  }
  const things: Record<string, readonly [good: readonly unknown[], bad: readonly unknown[]]> = {
    'a number, 0 or more (milliseconds)': [
      [0, Number.MIN_VALUE, 2 ** 31, Number.MAX_VALUE],
      [-Number.MIN_VALUE, Number.POSITIVE_INFINITY, ...NO_NUMBERS],
    ],
    'a number above 0 (milliseconds; Infinity waits for ever)': [
      [Number.MIN_VALUE, 2 ** 31 - 1, 2 ** 31, Number.POSITIVE_INFINITY],
      [0, -0, -1, ...NO_NUMBERS],
    ],
    'true or false': [[true, false], unlike],
    'true, false or an object': [[true, false, {}], unlike.filter((value) => String(value) !== '[object Object]')],
    'an object': [[{}], unlike.filter((value) => String(value) !== '[object Object]')],
    'an AbortSignal, or null for none': [
      [new AbortController().signal, AbortSignal.abort(), null],
      [...unlike.filter((value) => value !== null), new EventTarget()],
    ],
    'a function': [[() => {}], unlike],
    'a list of workers, one or more': [
      [[worker], [worker, worker]],
      [...unlike, worker, [worker, {}], [[worker]]],
    ],
    'an address: a text or a URL': [
      ['/x/', url],
      [...unlike.filter((value) => typeof value !== 'string'), new Uint8Array(1)],
    ],
    'an address, or bytes': [
      ['/x', url, new Uint8Array(1), new DataView(new ArrayBuffer(1)), new ArrayBuffer(1)],
      unlike.filter((value) => typeof value !== 'string'),
    ],
    'an AudioContext that plays': [[context], [...unlike, new (class OfflineAudioContext extends EventTarget {})()]],
    'a MediaStreamTrack, or null for none yet': [
      [track(), null],
      [...unlike.filter((value) => value !== null), { kind: 'video', stop() {} }],
    ],
  };
  const [good, bad] = things[takes] ?? [];
  if (!good || !bad) throw new Error(`no values are known for "${takes}": add some`);
  return { good, bad };
}

const UNLIKE = [0, 1, '', 'true', null, [], {}, 1n, Symbol('x')];

test('the reference has options of every interface that is checked, and no others', () => {
  expect(new Set(OPTIONS.map(({ of }) => of))).toEqual(new Set(Object.keys(CHECKS)));
  expect(OPTIONS.length).toBe(REFERENCE.match(/ Default: /g)?.length);
});

describe.each(OPTIONS)('$of: $name', ({ of, name, type, takes, standard, example }) => {
  const check = (value: unknown): void => CHECKS[of]!({ [name]: value } as never);

  test(`takes ${takes}, and nothing else`, () => {
    // Of 0 to 1 the other threshold would forbid a part.
    const other = { startThreshold: { stopThreshold: 0 }, stopThreshold: { startThreshold: 1 } }[name];
    const { good, bad } = values(takes, UNLIKE);
    for (const value of good) CHECKS[of]!({ ...other, [name]: value } as never);
    check(undefined);
    const refused = expect.objectContaining({
      name: 'NoiseSuppressorError',
      code: 'invalid-input',
      message: expect.stringContaining(name),
    });
    for (const value of bad) expect(() => check(value), String(value)).toThrow(refused);
  });

  test('has a unit, unless it is a share of 1', () => {
    if (type !== 'number') return;
    expect(takes).toMatch(/^a number from 0 to 1$|\((hertz|milliseconds)\b.*\)$/);
    expect(takes.includes('milliseconds')).toBe(name.endsWith('Ms'));
  });

  test('is of the type that is told', () => {
    const alias = new RegExp(`type ${type} = (.*);`).exec(REFERENCE)?.[1] ?? type;
    const words = alias.split(' | ');
    if (words.every((word) => word.startsWith("'"))) expect(takes.split(' or ')).toEqual(words);
    if (takes === 'true or false') expect(type).toBe('boolean');
    if (takes.startsWith('a number')) expect(type).toBe('number');
    if (/\bnull\b/.test(takes)) expect(words).toContain('null');
  });

  test(`its example is taken: ${example}`, () => {
    const stand = {
      ...{ stream: { getAudioTracks: () => [track()] }, controller: new AbortController(), integrity: {}, context },
      ...{
        deviceId: 'default',
        Worker: class {
          postMessage(): void {}
        },
        NoiseSuppressorNode: { preload: (assets: object) => ({ assets }) },
      },
    };
    const code = example.replace('import.meta.url', "'https://a.example/x.js'");
    const options = new Function(...Object.keys(stand), `return (${code})`)(...Object.values(stand));
    const inner = { VoiceActivityOptions: 'voiceActivity', AssetOptions: 'assets' }[of];
    if (inner) {
      expect(options[inner]).toHaveProperty(name);
      return CHECKS[of === 'AssetOptions' ? 'CreateOptions' : 'NoiseSuppressorOptions']!(options as never);
    }
    expect(options).toHaveProperty(name);
    CHECKS[of]!(options as never);
  });

  // `none`, and what is told in words of the surroundings, is no value.
  const told =
    /^(?:none in denoise\(\), |what the input has; )?(true|false|[\d.]+|'\w+')(?:$|, with| in a Denoiser)/.exec(
      standard,
    )?.[1];
  if (told !== undefined) {
    test(`its default is ${told}`, async () => {
      const find = DEFAULTS[`${of}.${name}`];
      expect(find, 'how to find its default').toBeTypeOf('function');
      expect(await find?.()).toEqual(JSON.parse(told.replaceAll("'", '"')));
    });
  }
});

const made = (options: NoiseSuppressorOptions = {}): AudioWorkletNodeOptions =>
  workletOptions(context, { held: new Set() } as unknown as Registration, { key: 'k' } as LoadedAssets, options);
const denoiser = async (): Promise<Denoiser> =>
  Denoiser.create({ assets: { wasm: await coreBytes(), model: tinyModel() } });

/** Addresses that were asked for; none answers. */
let asked: string[] = [];
beforeEach(() => {
  asked = [];
  vi.stubGlobal('isSecureContext', true);
  vi.stubGlobal('AudioWorkletNode', class {});
  vi.stubGlobal('MediaStream', class {});
  vi.stubGlobal('fetch', (address: unknown, { signal }: RequestInit = {}) => {
    asked.push(String(address));
    return new Promise((_, reject) => signal?.addEventListener('abort', () => reject(signal.reason)));
  });
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

const assets = { base: 'https://a.example/' };
/** Calls that load, and reject when that takes too long. */
const LOADING = {
  create: () => NoiseSuppressorNode.create(context, { assets }),
  suppress: () => suppressNoise(track(), { context, assets, fallback: false }),
  preload: () => NoiseSuppressorNode.preload(assets),
  register: () => NoiseSuppressorNode.register(context, assets),
  support: () => NoiseSuppressorNode.checkSupport({ measure: true, assets }),
  denoise: () => denoise(new Float32Array(480), { sampleRate: 48000, assets }),
  denoiser: () => Denoiser.create({ assets }),
  stream: async () => {
    const { readable } = denoiseStream({ assets });
    await readable.getReader().read();
  },
  session: () =>
    new Promise((_, reject) => {
      const session = new Session(() => {
        if (session.current.state === 'failed') reject(session.current.error);
      });
      session.set({ track: track(), context, assets, fallback: false });
      session.mount();
    }),
};

/** Milliseconds until all of these give up, which they do at one time. */
async function patience(...names: (keyof typeof LOADING)[]): Promise<number> {
  vi.useFakeTimers();
  const times = names.map(async (name) => {
    const began = Date.now();
    const code = await LOADING[name]().then(
      () => 'no error',
      (error) => error.code,
    );
    expect([name, code]).toEqual([name, 'timeout']);
    return Date.now() - began;
  });
  await vi.advanceTimersByTimeAsync(120_000);
  const found = await Promise.all(times);
  expect(new Set(found).size, `${names} ${found}`).toBe(1);
  return found[0]!;
}

/** Which network all of these ask for. */
async function network(...names: (keyof typeof LOADING)[]): Promise<string> {
  const found = new Set<string>();
  for (const name of names) {
    asked = [];
    await patience(name);
    vi.useRealTimers();
    for (const address of asked) {
      if (address.includes('.safetensors')) found.add(address.includes('model-full') ? 'full' : 'lite');
    }
  }
  return [...found].join();
}

const told = (): (ProcessorSettings & object) | undefined => made().processorOptions as ProcessorSettings;
interface ProcessorSettings {
  bypass: boolean;
  overload: string;
  voiceActivity: { start: number; stop: number; holdMs: number };
}

/** How the default of an option shows, by its name. */
const DEFAULTS: Record<string, () => unknown> = {
  'NoiseSuppressorOptions.strength': () => made().parameterData?.strength,
  'NoiseSuppressorOptions.bypass': () => told()?.bypass,
  'NoiseSuppressorOptions.channels': () => (made().channelCount === 1 ? 'mono' : 'stereo'),
  'NoiseSuppressorOptions.overload': () => told()?.overload,
  'NoiseSuppressorOptions.voiceActivity': () => told()?.voiceActivity !== null,
  'VoiceActivityOptions.startThreshold': () => told()?.voiceActivity.start,
  'VoiceActivityOptions.stopThreshold': () => told()?.voiceActivity.stop,
  'VoiceActivityOptions.holdMs': () => told()?.voiceActivity.holdMs,
  'CreateOptions.network': () => network('create', 'suppress', 'session'),
  'AssetOptions.network': () => network('preload', 'register', 'support'),
  'DenoiseOptions.network': () => network('denoise', 'denoiser', 'stream'),
  'CreateOptions.timeoutMs': () => patience('create', 'suppress'),
  'LoadLimits.timeoutMs': () => patience('preload', 'register', 'support'),
  'DenoiseOptions.timeoutMs': () => patience('denoise', 'denoiser', 'stream'),
  'NoiseSuppressionOptions.timeoutMs': () => patience('session'),
  'DenoiseOptions.sampleRate': async () => (await denoiser()).sampleRate,
  'DenoiseOptions.strength': async () => (await denoiser()).strength,
  'DenoiseOptions.channels': async () => {
    const one = (await denoiser()).process(new Float32Array(480));
    return one instanceof Float32Array ? 'mono' : 'stereo';
  },
  'SuppressNoiseOptions.fallback': async () => (await suppressNoise(track(), { strength: 2 })).node === null,
  'SuppressNoiseOptions.stopSourceOnDestroy': async () => {
    const source = track();
    await (await suppressNoise(source, { strength: 2 })).destroy();
    return source.readyState === 'ended';
  },
  // test/browser/background.test.ts and test/src/adapters hear it; here nothing plays.
  'AdapterOptions.keepAlive': () => false,
  'NoiseSuppressionOptions.autoStart': async () => {
    const session = new Session(() => {});
    session.set({ track: track(), context, assets });
    session.mount();
    await new Promise((resolve) => setTimeout(resolve));
    const { state } = session.current;
    session.unmount();
    return state === 'starting';
  },
};
