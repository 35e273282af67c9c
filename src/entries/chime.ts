/** For the Amazon Chime SDK: `await audioVideo.startAudioInput(new NoiseSuppressorTransformDevice(deviceId))`. */
export { NoiseSuppressorTransformDevice } from '../adapters/chime';
export type { NoiseSuppressorNode } from '../graph/node';
export type { AdapterOptions, CreateOptions } from '../graph/node-options';
export { NoiseSuppressorError, type NoiseSuppressorErrorCode } from '../shared/errors';
