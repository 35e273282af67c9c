/** Live suppression in pages: a track for a track, or a node of Web Audio. */
export type { AssetOptions } from './asset-options';
export { NoiseSuppressorError, type NoiseSuppressorErrorCode } from './errors';
export { NoiseSuppressorErrorEvent, type NoiseSuppressorEventMap, OverloadEvent, VoiceActivityEvent } from './events';
export { type AssetIntegrity, integrity } from './integrity';
export type { LoadLimits } from './limited';
export type { NetworkInfo, NetworkName } from './networks';
export { NoiseSuppressorNode, type NoiseSuppressorState } from './node';
export type { CreateOptions, NoiseSuppressorOptions, VoiceActivityOptions } from './node-options';
export type { NoiseSuppressorStats } from './node-stats';
export type { SupportReport, UnsupportedReason } from './support';
export { recommendedConstraints, type SuppressedTrack, type SuppressNoiseOptions, suppressNoise } from './track';
