/** A call over a plain RTCPeerConnection: the clean track is sent in place of the microphone's. */
import { recommendedConstraints, type SuppressedTrack, suppressNoise } from 'percepnet-wasm';

/** Sends the microphone without its noise; the handle has the controls. */
export async function sendMicrophone(connection: RTCPeerConnection): Promise<SuppressedTrack> {
  const microphone = await navigator.mediaDevices.getUserMedia({ audio: recommendedConstraints() });
  const clean = await suppressNoise(microphone.getAudioTracks()[0]!, { stopSourceOnDestroy: true });
  connection.addTrack(clean.track, clean.stream);
  return clean;
}

/** Another microphone in the middle of the call: the sender keeps its track, so nothing is negotiated again. */
export async function changeMicrophone(clean: SuppressedTrack, deviceId: string): Promise<void> {
  const constraints = recommendedConstraints({ deviceId: { exact: deviceId } });
  const microphone = await navigator.mediaDevices.getUserMedia({ audio: constraints });
  const before = clean.source;
  await clean.replaceSource(microphone.getAudioTracks()[0]!);
  before.stop();
}

/** "Original sound", for music: the delay stays, the model rests. */
export function setOriginalSound(clean: SuppressedTrack, on: boolean): void {
  if (clean.node) clean.node.bypass = on;
}
