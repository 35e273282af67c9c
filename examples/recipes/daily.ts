/** Daily: the clean track as a custom audio source. */
import type { DailyCall } from '@daily-co/daily-js';
import { recommendedConstraints, type SuppressedTrack, suppressNoise } from 'percepnet-wasm';

export async function useCleanMicrophone(call: DailyCall, deviceId?: string): Promise<SuppressedTrack> {
  const constraints = recommendedConstraints(deviceId ? { deviceId: { exact: deviceId } } : {});
  const microphone = await navigator.mediaDevices.getUserMedia({ audio: constraints });
  const clean = await suppressNoise(microphone.getAudioTracks()[0]!, { stopSourceOnDestroy: true });
  await call.setInputDevicesAsync({ audioSource: clean.track });
  // Daily's own suppression would work on what is left.
  await call.updateInputSettings({ audio: { processor: { type: 'none' } } });
  call.once('left-meeting', () => void clean.destroy());
  return clean;
}
