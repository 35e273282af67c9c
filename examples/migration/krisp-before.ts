import { isKrispNoiseFilterSupported, KrispNoiseFilter } from '@livekit/krisp-noise-filter';
import type { LocalAudioTrack } from 'livekit-client';

export async function suppress(microphone: LocalAudioTrack): Promise<(on: boolean) => Promise<unknown>> {
  if (!isKrispNoiseFilterSupported()) return async () => {};
  const filter = KrispNoiseFilter({ quality: 'medium' });
  await microphone.setProcessor(filter);
  return (on) => filter.setEnabled(on);
}
