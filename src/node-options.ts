/** What may be said to a node, and to whoever makes one. */
import type { ProcessorOptions } from '../worklet/messages';
import { type AssetOptions, checkFiles, type WithAssets } from './asset-options';
import { isOffline } from './closing';
import { NoiseSuppressorError } from './errors';
import { LIMITS, type LoadLimits } from './limited';
import type { NetworkName } from './networks';
import { BOOLEAN, CHANNELS, checkOptions, NETWORK, number, OBJECT, oneOf, type Rules, STRENGTH } from './options';
import { isObject, shown } from './realm';
import type { SuppressNoiseOptions } from './track';

export interface NoiseSuppressorOptions {
  /** 0 leaves the (delayed) input untouched, 1 removes as much as the model can. Default 1. */
  strength?: number;
  /** Start in bypass. Default false. */
  bypass?: boolean;
  /** 'mono' folds all channels into one that keeps each voice; 'stereo' shares gains where both sides hear one source. Default 'mono'. */
  channels?: 'mono' | 'stereo';
  /** Speech decisions. Default: on, with the defaults of VoiceActivityOptions. */
  voiceActivity?: boolean | VoiceActivityOptions;
  /** What to do when the audio thread falls behind. Default 'bypass'. */
  overload?: 'bypass' | 'report';
}

export interface VoiceActivityOptions {
  /** Probability at which speech starts. Default 0.6. */
  startThreshold?: number;
  /** Probability below which speech may end. Default 0.4. */
  stopThreshold?: number;
  /** How long it must stay below before it ends, in milliseconds. Default 200. */
  holdMs?: number;
}

export interface CreateOptions extends NoiseSuppressorOptions {
  /** 'lite' (1.0 MB), or 'full' (3.5 MB, twice the CPU) after `import 'percepnet-wasm/full'`. Default 'lite'. */
  network?: NetworkName;
  assets?: AssetOptions;
  /** Gives up when aborted. */
  signal?: AbortSignal;
  /** Milliseconds before giving up. Default 10 000. */
  timeoutMs?: number;
}

const VOICE_ACTIVITY: Required<VoiceActivityOptions> = { startThreshold: 0.6, stopThreshold: 0.4, holdMs: 200 };

const VOICE_RULES: Rules<VoiceActivityOptions> = {
  startThreshold: number(0, 1),
  stopThreshold: number(0, 1),
  holdMs: number(0, Number.MAX_VALUE),
};
/** Of all who make nodes: one object may serve them all, so the names that another has are taken. */
const RULES: Rules<SuppressNoiseOptions> = {
  strength: STRENGTH,
  bypass: BOOLEAN,
  channels: CHANNELS,
  voiceActivity: ['true, false or an object', (value) => typeof value === 'boolean' || isObject(value)],
  overload: oneOf('bypass', 'report'),
  network: NETWORK,
  assets: OBJECT,
  ...LIMITS,
  context: ['an AudioContext that plays', (value) => isContext(value) && !isOffline(value)],
  stopSourceOnDestroy: BOOLEAN,
  fallback: BOOLEAN,
};

/** @throws {NoiseSuppressorError} 'invalid-input' for an option that there is not, or a value that is none of its own */
export function checkLive(options: SuppressNoiseOptions): void {
  checkOptions(options, RULES);
  checkVoice(options);
  checkFiles(options);
}

/** As checkLive. */
export function checkSupportOptions(options: { measure?: boolean } & WithAssets & LoadLimits): void {
  checkOptions(options, { ...LIMITS, measure: BOOLEAN, network: NETWORK, assets: OBJECT });
  checkFiles(options);
}

function checkVoice(options: NoiseSuppressorOptions): void {
  if (typeof options.voiceActivity !== 'object') return;
  checkOptions(options.voiceActivity, VOICE_RULES, 'voiceActivity');
  const voice = voiceActivity(options);
  if (!voice || voice.stop <= voice.start) return;
  const text = `voiceActivity.stopThreshold (${voice.stop}) is above startThreshold (${voice.start}): speech would end as it starts`;
  throw new NoiseSuppressorError('invalid-input', text);
}

/** With the defaults; null is off. */
export function voiceActivity({ voiceActivity = true }: NoiseSuppressorOptions): ProcessorOptions['voiceActivity'] {
  if (!voiceActivity) return null;
  const given: VoiceActivityOptions = typeof voiceActivity === 'object' ? voiceActivity : {};
  const { startThreshold: start = VOICE_ACTIVITY.startThreshold, stopThreshold: stop = VOICE_ACTIVITY.stopThreshold } =
    given;
  return { start, stop, holdMs: given.holdMs ?? VOICE_ACTIVITY.holdMs };
}

/** Not instanceof: one of an iframe is taken. */
export function isContext(value: unknown): value is BaseAudioContext {
  return isObject(value) && typeof value.sampleRate === 'number' && typeof value.addEventListener === 'function';
}

/** @throws {NoiseSuppressorError} 'invalid-input' */
export function checkContext(context: unknown): void {
  if (isContext(context)) return;
  throw new NoiseSuppressorError('invalid-input', `context is an AudioContext, not ${shown(context)}`);
}
