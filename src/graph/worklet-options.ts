/** What the browser and the processor are told when a node is made. */

import type { LoadedAssets } from '../loading/assets';
import { isOffline } from './closing';
import type { ProcessorOptions } from './messages';
import { type NoiseSuppressorOptions, voiceActivity } from './node-options';
import type { Registration } from './registration';

const DEFAULT_QUANTUM = 128;

/** Samples a callback of the context's audio thread gets. */
export function quantumOf(context: BaseAudioContext): number {
  return (context as { renderQuantumSize?: number }).renderQuantumSize ?? DEFAULT_QUANTUM;
}

/** @param options checked */
export function workletOptions(
  context: BaseAudioContext,
  { held }: Registration,
  { key, wasm, model }: LoadedAssets,
  options: NoiseSuppressorOptions,
): AudioWorkletNodeOptions {
  const channels = options.channels === 'stereo' ? 2 : 1;
  const processorOptions: ProcessorOptions = {
    core: held.has(key) ? { key } : { key, wasm, model },
    channels,
    bypass: options.bypass ?? false,
    realtime: !isOffline(context),
    overload: options.overload ?? 'bypass',
    voiceActivity: voiceActivity(options),
    quantum: quantumOf(context),
  };
  return {
    numberOfInputs: 1,
    numberOfOutputs: 1,
    channelCount: channels,
    // For mono the processor folds all channels itself: the browser's mean takes away what the two sides of a voice have inverted.
    channelCountMode: channels === 1 ? 'max' : 'explicit',
    channelInterpretation: 'speakers',
    outputChannelCount: [channels],
    parameterData: { strength: options.strength ?? 1 },
    processorOptions,
  };
}
