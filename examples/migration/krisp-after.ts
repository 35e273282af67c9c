import type { LocalAudioTrack } from 'livekit-client';
import { NoiseSuppressorProcessor } from 'percepnet-wasm/livekit';

export async function suppress(microphone: LocalAudioTrack): Promise<(on: boolean) => Promise<unknown>> {
  if (!NoiseSuppressorProcessor.isSupported()) return async () => {};
  const filter = new NoiseSuppressorProcessor();
  await microphone.setProcessor(filter);
  return (on) => filter.setEnabled(on);
}
