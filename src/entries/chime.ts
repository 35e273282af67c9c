/** For the Amazon Chime SDK: `await audioVideo.startAudioInput(new NoiseSuppressorTransformDevice(deviceId))`. */
export { NoiseSuppressorTransformDevice } from '../adapters/chime';
export type { NoiseSuppressorNode } from '../graph/node';
export type { CreateOptions } from '../graph/node-options';
export type { SuppressNoiseOptions } from '../graph/track';
export { NoiseSuppressorError, type NoiseSuppressorErrorCode } from '../shared/errors';
