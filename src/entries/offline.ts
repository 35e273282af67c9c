/** Recordings and single frames, without Web Audio: in pages, workers and Node. */

export type { NetworkInfo } from '../core/model';
export type { AssetOptions } from '../loading/asset-options';
export { type AssetIntegrity, integrity } from '../loading/integrity';
export type { NetworkName } from '../loading/networks';
export { denoise } from '../offline/denoise';
export { Denoiser } from '../offline/denoiser';
export type { DenoiseOptions } from '../offline/options';
export { NoiseSuppressorError, type NoiseSuppressorErrorCode } from '../shared/errors';
