/** Live suppression in pages: a track for a track, or a node of Web Audio. */

export type { NetworkInfo } from '../core/model';
export {
  NoiseSuppressorErrorEvent,
  type NoiseSuppressorEventMap,
  OverloadEvent,
  VoiceActivityEvent,
} from '../graph/events';
export { NoiseSuppressorNode, type NoiseSuppressorState } from '../graph/node';
export type {
  AdapterOptions,
  CreateOptions,
  NoiseSuppressorOptions,
  VoiceActivityOptions,
} from '../graph/node-options';
export type { NoiseSuppressorStats } from '../graph/node-stats';
export { recommendedConstraints, type SuppressedTrack, type SuppressNoiseOptions, suppressNoise } from '../graph/track';
export type { AssetOptions } from '../loading/asset-options';
export { type AssetIntegrity, integrity } from '../loading/integrity';
export type { NetworkName } from '../loading/networks';
export type { SupportReport, UnsupportedReason } from '../loading/support';
export { NoiseSuppressorError, type NoiseSuppressorErrorCode } from '../shared/errors';
export type { LoadLimits } from '../shared/limited';
