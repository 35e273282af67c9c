/** For LiveKit: `await microphoneTrack.setProcessor(new NoiseSuppressorProcessor())`. */
export { NoiseSuppressorProcessor } from '../adapters/livekit';
export type { NoiseSuppressorNode } from '../graph/node';
export type { CreateOptions } from '../graph/node-options';
export type { SuppressNoiseOptions } from '../graph/track';
export { NoiseSuppressorError, type NoiseSuppressorErrorCode } from '../shared/errors';
