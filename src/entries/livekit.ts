/** For LiveKit: `await microphoneTrack.setProcessor(new NoiseSuppressorProcessor())`. */
export { NoiseSuppressorProcessor } from '../adapters/livekit';
export type { NoiseSuppressorNode } from '../graph/node';
export type { AdapterOptions, CreateOptions } from '../graph/node-options';
export { NoiseSuppressorError, type NoiseSuppressorErrorCode } from '../shared/errors';
