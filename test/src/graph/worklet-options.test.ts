/** What the browser and the processor are told, from the options of an app. */
import { expect, test } from 'vitest';
import type { Registration } from '../../../src/graph/registration';
import { quantumOf, workletOptions } from '../../../src/graph/worklet-options';
import type { LoadedAssets } from '../../../src/loading/assets';

class Context {
  constructor(
    readonly kind: string,
    readonly renderQuantumSize?: number,
  ) {}
  get [Symbol.toStringTag](): string {
    return this.kind;
  }
}
const context = (kind = 'AudioContext', quantum?: number) => new Context(kind, quantum) as unknown as BaseAudioContext;
const assets = { key: 'core', wasm: new ArrayBuffer(8), model: { name: 'tiny' } } as unknown as LoadedAssets;
const held = (...keys: string[]): Registration => ({ held: new Set(keys) }) as unknown as Registration;

test('without options: one channel of all that come, everything on', () => {
  expect(workletOptions(context(), held(), assets, {})).toEqual({
    numberOfInputs: 1,
    numberOfOutputs: 1,
    channelCount: 1,
    channelCountMode: 'max',
    channelInterpretation: 'speakers',
    outputChannelCount: [1],
    parameterData: { strength: 1 },
    processorOptions: {
      core: { key: 'core', wasm: assets.wasm, model: assets.model },
      channels: 1,
      bypass: false,
      realtime: true,
      overload: 'bypass',
      voiceActivity: { start: 0.6, stop: 0.4, holdMs: 200 },
      quantum: 128,
    },
  });
});

test('what the app says is passed on; 0 and false are said too', () => {
  const told = workletOptions(context(), held(), assets, {
    channels: 'stereo',
    strength: 0,
    bypass: true,
    overload: 'report',
    voiceActivity: false,
  });
  expect(told).toMatchObject({ channelCount: 2, channelCountMode: 'explicit', outputChannelCount: [2] });
  expect(told.parameterData).toEqual({ strength: 0 });
  expect(told.processorOptions).toMatchObject({ channels: 2, bypass: true, overload: 'report', voiceActivity: null });
});

test('files that the scope holds are not sent again, others are', () => {
  const { processorOptions } = workletOptions(context(), held('core'), assets, {});
  expect(processorOptions.core).toEqual({ key: 'core' });
  expect(workletOptions(context(), held('other'), assets, {}).processorOptions.core.wasm).toBe(assets.wasm);
});

test('nothing can be late offline; the quantum is that of the context, where it tells', () => {
  expect(workletOptions(context('OfflineAudioContext'), held(), assets, {}).processorOptions.realtime).toBe(false);
  expect([quantumOf(context()), quantumOf(context('AudioContext', 480))]).toEqual([128, 480]);
});
