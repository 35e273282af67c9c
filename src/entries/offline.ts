/** Recordings, streams and single frames, without Web Audio: in pages, workers and Node. */

export type { NetworkInfo } from '../core/model';
export type { AssetOptions } from '../loading/asset-options';
export { type AssetIntegrity, integrity } from '../loading/integrity';
export type { NetworkName } from '../loading/networks';
export { denoise } from '../offline/denoise';
export { denoiseStream } from '../offline/denoise-stream';
export { Denoiser } from '../offline/denoiser';
export type { DenoiseOptions, DenoiseStreamOptions } from '../offline/options';
export type { Chunk } from '../offline/samples';
export { type DenoiseWorker, denoiseWorker } from '../offline/workers';
export { NoiseSuppressorError, type NoiseSuppressorErrorCode } from '../shared/errors';
