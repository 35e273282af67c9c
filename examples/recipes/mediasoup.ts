/** mediasoup-client: produce the clean track, or put it into a producer that sends already. */
import type { Producer, Transport } from 'mediasoup-client/types';
import { recommendedConstraints, type SuppressedTrack, suppressNoise } from 'percepnet-wasm';

export async function produceMicrophone(transport: Transport): Promise<{ producer: Producer; clean: SuppressedTrack }> {
  const microphone = await navigator.mediaDevices.getUserMedia({ audio: recommendedConstraints() });
  const clean = await suppressNoise(microphone.getAudioTracks()[0]!, { stopSourceOnDestroy: true });
  const producer = await transport.produce({ track: clean.track, codecOptions: { opusDtx: true } });
  producer.on('transportclose', () => void clean.destroy());
  return { producer, clean };
}

/** Turns suppression on for a producer of a raw microphone track. The producer must not stop that track: it is our source. */
export async function suppressProducer(producer: Producer): Promise<SuppressedTrack | null> {
  if (!producer.track) return null;
  // A copy: replacing the producer's track stops the one it had.
  const clean = await suppressNoise(producer.track.clone(), { stopSourceOnDestroy: true });
  await producer.replaceTrack({ track: clean.track });
  return clean;
}
