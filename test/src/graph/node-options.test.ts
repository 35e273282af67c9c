/** Options from JavaScript, where no compiler stands in the way: what is none is refused by its name. */
import { runInNewContext } from 'node:vm';
import { describe, expect, test } from 'vitest';
import { NoiseSuppressorProcessor } from '../../../src/entries/livekit';
import {
  checkContext,
  checkCreate,
  checkLive,
  checkNode,
  checkSupportOptions,
  voiceActivity,
} from '../../../src/graph/node-options';
import { recommendedConstraints } from '../../../src/graph/track';
import { checkSession, chime, LOADING, livekit, takesOneNetwork } from '../../helpers/doors';
import { refused } from '../../helpers/refused';

const NODE: [name: string, value: unknown][] = [
  ['strength', '0.5'],
  ['strength', 1.01],
  ['strength', null],
  ['strength', Number.NaN],
  ['strength', [0.5]],
  ['bypass', 'false'],
  ['bypass', 0],
  ['bypass', null],
  ['channels', 'quad'],
  ['channels', 2],
  ['channels', new String('mono')],
  ['network', 'huge'],
  ['network', { name: 'lite' }],
  ['overload', 'ignore'],
  ['overload', true],
  ['voiceActivity', 'yes'],
  ['voiceActivity', null],
  ['voiceActivity', 1],
  ['voiceActivity', [0.6, 0.4]],
  ['voiceActivity.holdMs', { holdMs: '200' }],
  ['voiceActivity.holdMs', { holdMs: -1 }],
  ['voiceActivity.holdMs', { holdMs: Number.POSITIVE_INFINITY }],
  ['voiceActivity.startThreshold', { startThreshold: '0.6' }],
  ['voiceActivity.startThreshold', { startThreshold: 60 }],
  ['voiceActivity.stopThreshold', { stopThreshold: null }],
  ['voiceActivity.stopThreshold', { stopThreshold: 0.7 }],
  ['voiceActivity.hold', { hold: 200 }],
  ['strenght', 0.5],
  ['constructor', 1],
  ['toString', undefined],
];

describe.each([
  ['create()', checkCreate, NODE],
  ['suppressNoise()', checkLive, NODE],
  ['LiveKit', livekit, NODE],
  ['Chime', chime, NODE],
] as const)('%s', (_, check, values) => {
  test.each(values)('refuses %s: %o', (name, value) => {
    const [option, member] = name.split('.') as [string, string?];
    expect(() => check({ [option]: value } as object)).toThrow(expect.objectContaining(refused(member ?? option)));
  });

  test.each([[null], ['mono'], [1], [[]], [() => {}]])('refuses options that are none: %o', (options) => {
    expect(() => check(options as never)).toThrow(expect.objectContaining(refused('options')));
  });

  test.each([
    ['a prototype', Object.create({ strength: 0.5 })],
    [
      'a getter of its class',
      new (class {
        get strength(): number {
          return 2;
        }
      })(),
    ],
  ])('refuses what options have from %s, which is lost when they are copied', (_, options) => {
    expect(() => check(options)).toThrow(expect.objectContaining(refused('strength comes from the prototype')));
    check({ ...options });
  });

  test('takes what is right, and nothing', () => {
    check({});
    check({ strength: undefined, voiceActivity: undefined, bypass: undefined });
    check({ strength: 0, bypass: true, channels: 'stereo', overload: 'report', voiceActivity: { holdMs: 0 } });
    check({ strength: 1, voiceActivity: { startThreshold: 1, stopThreshold: 1 } });
    check(runInNewContext('({ strength: 0.5, voiceActivity: { holdMs: 100 } })'));
  });
});

describe('create(), suppressNoise(), LiveKit, Chime, checkSupport()', () => {
  test.each([
    ['signal', {}],
    ['signal', 'now'],
    ['signal', { aborted: false, addEventListener: () => {} }],
    ['timeoutMs', '10'],
    ['timeoutMs', 0],
  ])('refuse %s: %o', (name, value) => {
    for (const call of LOADING) {
      expect(() => call({ [name]: value })).toThrow(expect.objectContaining(refused(name)));
    }
  });
});

test.each([
  ['create()', checkCreate],
  ['suppressNoise()', checkLive],
  ['checkSupport()', checkSupportOptions],
])('%s takes a network, and one only', (_, check) => {
  takesOneNetwork(check as (options: object) => unknown);
});

/** What each door has beside what a node does, and the others have not: what is taken and then passed over is found out late. */
const CONTEXT = Object.assign(new EventTarget(), { sampleRate: 48000 });
const BEYOND: Record<string, unknown> = {
  network: 'lite',
  assets: {},
  signal: null,
  timeoutMs: 1,
  keepAlive: true,
  context: CONTEXT,
  stopSourceOnDestroy: true,
  fallback: false,
  track: null,
  constraints: {},
  autoStart: false,
};
const LOADS = ['network', 'assets', 'signal', 'timeoutMs'];

describe.each([
  ['the constructor of a node', checkNode, []],
  ['create()', checkCreate, LOADS],
  ['suppressNoise()', checkLive, [...LOADS, 'keepAlive', 'context', 'stopSourceOnDestroy', 'fallback']],
  ['LiveKit', livekit, [...LOADS, 'keepAlive']],
  ['Chime', chime, [...LOADS, 'keepAlive']],
  [
    'React',
    checkSession,
    [
      ...['network', 'assets', 'timeoutMs'],
      ...['keepAlive', 'context', 'fallback', 'track', 'constraints', 'autoStart'],
    ],
  ],
] as const)('%s', (_, check, taken: readonly string[]) => {
  test.each(Object.entries(BEYOND))('and %s', (name, value) => {
    const call = (): unknown => check({ strength: 0.5, [name]: value });
    if (taken.includes(name)) call();
    else expect(call).toThrow(expect.objectContaining(refused(`there is no option ${name}; there are strength, `)));
  });
});

test.each([
  ['context', {}],
  ['fallback', 'no'],
  ['stopSourceOnDestroy', 1],
  ['keepAlive', 'yes'],
])('suppressNoise() refuses %s: %o', (name, value) => {
  expect(() => checkLive({ [name]: value })).toThrow(expect.objectContaining(refused(name)));
});

test('LiveKit is enabled by true and false alone', async () => {
  const processor = new NoiseSuppressorProcessor();
  await processor.setEnabled(false);
  expect(processor.isEnabled()).toBe(false);
  for (const value of ['false', 0, null]) {
    await expect(processor.setEnabled(value as never)).rejects.toMatchObject(refused('enabled'));
  }
  expect(processor.isEnabled()).toBe(false);
});

test('a context that is none is named', () => {
  for (const value of [undefined, null, {}, 48000, 'context']) {
    expect(() => checkContext(value)).toThrow(expect.objectContaining(refused('context')));
  }
});

test('checkSupport() has an option of its own', () => {
  checkSupportOptions({ measure: true });
  expect(() => checkSupportOptions({ measure: 1 as never })).toThrow(expect.objectContaining(refused('measure')));
});

test('recommendedConstraints() takes an object', () => {
  expect(recommendedConstraints({ deviceId: 'a', channelCount: 2 })).toMatchObject({ deviceId: 'a', channelCount: 2 });
  for (const value of [true, null, 'default', [{}]]) {
    expect(() => recommendedConstraints(value as never)).toThrow(expect.objectContaining(refused('constraints')));
  }
});

test('one threshold moves alone, the other keeps its default', () => {
  expect(voiceActivity({ voiceActivity: { startThreshold: 0.9, stopThreshold: undefined } })).toEqual({
    start: 0.9,
    stop: 0.4,
    holdMs: 200,
  });
  expect(voiceActivity({ voiceActivity: false })).toBeNull();
  // Speech would never end.
  expect(() => checkLive({ voiceActivity: { startThreshold: 0.3 } })).toThrow(
    expect.objectContaining(refused('startThreshold')),
  );
});
