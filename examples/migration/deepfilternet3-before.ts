import { DeepFilterNoiseFilterProcessor } from 'deepfilternet3-noise-filter';
import type { LocalAudioTrack } from 'livekit-client';

export async function suppress(microphone: LocalAudioTrack): Promise<(decibels: number) => void> {
  // Core and network come from the package's CDN.
  const filter = new DeepFilterNoiseFilterProcessor({ sampleRate: 48000, noiseReductionLevel: 20 });
  await microphone.setProcessor(filter);
  return (decibels) => filter.setSuppressionLevel(decibels);
}
