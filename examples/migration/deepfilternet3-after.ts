import type { LocalAudioTrack } from 'livekit-client';
import { NoiseSuppressorProcessor } from 'percepnet-wasm/livekit';

/** The share that leaves nothing lower than so many decibels. */
const share = (decibels: number): number => 1 - 10 ** (-decibels / 20);

export async function suppress(microphone: LocalAudioTrack): Promise<(decibels: number) => void> {
  const filter = new NoiseSuppressorProcessor({ strength: share(20) });
  await microphone.setProcessor(filter);
  return (decibels) => {
    if (filter.node) filter.node.strength.value = share(decibels);
  };
}
