/** Recordings and single frames, without Web Audio: in pages, workers and Node. */

export type { NetworkInfo } from './core/model';
export type { AssetOptions } from './loading/asset-options';
export { type AssetIntegrity, integrity } from './loading/integrity';
export type { NetworkName } from './loading/networks';
export { type DenoiseOptions, denoise } from './offline/denoise';
export { Denoiser } from './offline/denoiser';
export { NoiseSuppressorError, type NoiseSuppressorErrorCode } from './shared/errors';
