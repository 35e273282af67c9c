/** LiveKit's own track with our processor, as an app bundles them. */
import { LocalAudioTrack } from 'livekit-client';
import type * as Adapter from '../../../src/entries/livekit';

// @ts-expect-error an address of the test server
const { NoiseSuppressorProcessor }: typeof Adapter = await import('/dist/livekit.js');

const adapter = { LocalAudioTrack, NoiseSuppressorProcessor };
globalThis.livekit = adapter;

declare global {
  var livekit: typeof adapter;
}
