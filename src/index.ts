export type { AssetOptions, NetworkName } from './assets';
export { NoiseSuppressorError, type NoiseSuppressorErrorCode } from './errors';
export { NoiseSuppressorErrorEvent, OverloadEvent, VoiceActivityEvent } from './events';
export { type AssetIntegrity, integrity } from './integrity';
export type { LoadLimits } from './limited';
export {
  type CreateOptions,
  type NoiseSuppressorEventMap,
  NoiseSuppressorNode,
  type NoiseSuppressorOptions,
  type NoiseSuppressorState,
  type NoiseSuppressorStats,
  type VoiceActivityOptions,
} from './node';
export type { SupportReport, UnsupportedReason } from './support';
export { recommendedConstraints, type SuppressedTrack, type SuppressNoiseOptions, suppressNoise } from './track';
