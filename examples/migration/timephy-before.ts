import { NoiseSuppressorWorklet_Name } from '@timephy/rnnoise-wasm';
import workletUrl from '@timephy/rnnoise-wasm/NoiseSuppressorWorklet?worker&url';

export async function suppress(microphone: MediaStream): Promise<{ track: MediaStreamTrack; stop(): void }> {
  const context = new AudioContext({ sampleRate: 48000 });
  await context.audioWorklet.addModule(workletUrl);
  const node = new AudioWorkletNode(context, NoiseSuppressorWorklet_Name);
  const out = context.createMediaStreamDestination();
  context.createMediaStreamSource(microphone).connect(node).connect(out);
  return { track: out.stream.getAudioTracks()[0]!, stop: () => void context.close() };
}
