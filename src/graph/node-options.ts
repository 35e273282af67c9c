/** What may be said to a node, and to whoever makes one. */

import { type AssetOptions, checkFiles, type WithAssets } from '../loading/asset-options';
import type { NetworkName } from '../loading/networks';
import { NoiseSuppressorError } from '../shared/errors';
import { LIMITS, type LoadLimits } from '../shared/limited';
import {
  BOOLEAN,
  CHANNELS,
  checkOptions,
  NETWORK,
  number,
  OBJECT,
  oneOf,
  type Rules,
  STRENGTH,
} from '../shared/options';
import { isObject, shown } from '../shared/realm';
import { isOffline } from './closing';
import type { ProcessorOptions } from './messages';
import type { SuppressNoiseOptions } from './track';

/** What a node does. */
export interface NoiseSuppressorOptions {
  /**
   * How much may be taken away: no band falls by more than -20 log10(1 - strength) dB. 0.5 is 6 dB, 0.9 is 20 dB, 1 is all that the
   * network can; 0 gives the delayed input, bit for bit.
   * @defaultValue 1
   * @example `{ strength: 0.9 }`
   */
  strength?: number;
  /**
   * Start in bypass: the delayed input passes, and the network rests.
   * @defaultValue false
   * @example `{ bypass: true }`
   */
  bypass?: boolean;
  /**
   * 'mono' folds all channels into one that keeps each voice; 'stereo' shares gains where both sides hear one source, at twice the CPU
   * unless one is silent.
   * @defaultValue 'mono'
   * @example `{ channels: 'stereo' }`
   */
  channels?: 'mono' | 'stereo';
  /**
   * Whether, and how, `speechstart` and `speechend` are told.
   * @defaultValue true, with the defaults of VoiceActivityOptions
   * @example `{ voiceActivity: { holdMs: 500 } }`
   */
  voiceActivity?: boolean | VoiceActivityOptions;
  /**
   * What to do when the audio thread falls behind: let the delayed input pass for a while, or only tell it by an `overload` event.
   * @defaultValue 'bypass'
   * @example `{ overload: 'report' }`
   */
  overload?: 'bypass' | 'report';
}

/** When speech starts and ends. */
export interface VoiceActivityOptions {
  /**
   * Probability at which speech starts.
   * @defaultValue 0.6
   * @example `{ voiceActivity: { startThreshold: 0.8 } }`
   */
  startThreshold?: number;
  /**
   * Probability below which speech may end; at most startThreshold.
   * @defaultValue 0.4
   * @example `{ voiceActivity: { stopThreshold: 0.2 } }`
   */
  stopThreshold?: number;
  /**
   * How long the probability must stay below before speech ends.
   * @defaultValue 200
   * @example `{ voiceActivity: { holdMs: 500 } }`
   */
  holdMs?: number;
}

/** What a node does, and how it comes to be. */
export interface CreateOptions extends NoiseSuppressorOptions {
  /**
   * Which network of the package runs: 'lite' (1.0 MB), or 'full' (1.1 MB, 1.6 times the CPU), which needs
   * `import 'percepnet-wasm/full'` or `assets.base`. Not together with `assets.model`.
   * @defaultValue 'lite'
   * @throws 'asset-not-found' for 'full' that is neither imported nor in a folder
   * @example `{ network: 'full' }`
   */
  network?: NetworkName;
  /**
   * Where the files are.
   * @defaultValue the files of the package, as the bundler carries them
   * @example `{ assets: { base: '/percepnet/' } }`
   */
  assets?: AssetOptions;
  /**
   * Gives up when aborted.
   * @defaultValue none
   * @throws 'aborted'
   * @example `{ signal: controller.signal }`
   */
  signal?: AbortSignal | null;
  /**
   * How long to wait for the files and the first frame.
   * @defaultValue 10000
   * @throws 'timeout'
   * @example `{ timeoutMs: 30000 }`
   */
  timeoutMs?: number;
}

/** What the adapters of LiveKit and Chime take: track and context are the SDK's. */
export interface AdapterOptions extends CreateOptions {
  /**
   * Ask a phone's browser to let the sound go on while the page is in the background or the screen locked: plays silence by an audio
   * element, sets `navigator.audioSession.type` to 'play-and-record' where there is one, and resumes an interrupted context. All of it
   * ends with the track. A browser that refuses it is not an error. After a fallback it does nothing.
   * @defaultValue false
   * @example `{ keepAlive: true }`
   */
  keepAlive?: boolean;
}

const VOICE_ACTIVITY: Required<VoiceActivityOptions> = { startThreshold: 0.6, stopThreshold: 0.4, holdMs: 200 };

export const VOICE_RULES: Rules<VoiceActivityOptions> = {
  startThreshold: number(0, 1),
  stopThreshold: number(0, 1),
  holdMs: number(0, Number.MAX_VALUE, 'milliseconds'),
};
/** Of who calls the constructor. */
const NODE_RULES: Rules<NoiseSuppressorOptions> = {
  strength: STRENGTH,
  bypass: BOOLEAN,
  channels: CHANNELS,
  voiceActivity: ['true, false or an object', (value) => typeof value === 'boolean' || isObject(value)],
  overload: oneOf('bypass', 'report'),
};
const CREATE_RULES: Rules<CreateOptions> = { ...NODE_RULES, network: NETWORK, assets: OBJECT, ...LIMITS };
const ADAPTER_RULES: Rules<AdapterOptions> = { ...CREATE_RULES, keepAlive: BOOLEAN };
export const LIVE_RULES: Rules<SuppressNoiseOptions> = {
  ...ADAPTER_RULES,
  context: ['an AudioContext that plays', (value) => isContext(value) && !isOffline(value)],
  stopSourceOnDestroy: BOOLEAN,
  fallback: BOOLEAN,
};

/** @throws {NoiseSuppressorError} 'invalid-input' for an option that suppressNoise() has not, or a value that is none of its own */
export function checkLive(options: SuppressNoiseOptions): void {
  check(options, LIVE_RULES);
}

/** As checkLive, of LiveKit and Chime: what decides about their own track or context is refused. */
export function checkAdapter(options: AdapterOptions): void {
  check(options, ADAPTER_RULES);
}

/** As checkLive, of NoiseSuppressorNode.create(). */
export function checkCreate(options: CreateOptions): void {
  check(options, CREATE_RULES);
}

/** As checkLive, of the node's constructor, which loads nothing. */
export function checkNode(options: NoiseSuppressorOptions): void {
  checkOptions(options, NODE_RULES);
  checkVoice(options);
}

function check<Options extends CreateOptions>(options: Options, rules: Rules<Options>): void {
  checkOptions(options, rules);
  checkVoice(options);
  checkFiles(options);
}

/** @throws {NoiseSuppressorError} 'invalid-input' */
export function checkBypass(value: unknown): void {
  const [what, test] = BOOLEAN;
  if (!test(value)) throw new NoiseSuppressorError('invalid-input', `bypass is ${what}, not ${shown(value)}`);
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
function isContext(value: unknown): value is BaseAudioContext {
  return isObject(value) && typeof value.sampleRate === 'number' && typeof value.addEventListener === 'function';
}

/** @throws {NoiseSuppressorError} 'invalid-input' */
export function checkContext(context: unknown): void {
  if (isContext(context)) return;
  throw new NoiseSuppressorError('invalid-input', `context is an AudioContext, not ${shown(context)}`);
}
