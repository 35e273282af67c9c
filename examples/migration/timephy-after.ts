import { suppressNoise } from 'percepnet-wasm';

export async function suppress(microphone: MediaStream): Promise<{ track: MediaStreamTrack; stop(): void }> {
  const clean = await suppressNoise(microphone.getAudioTracks()[0]!);
  return { track: clean.track, stop: () => void clean.destroy() };
}
