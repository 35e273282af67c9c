/** The microphone, recorded as it is: what is compared is to do the suppressing. */
import { recommendedConstraints } from 'percepnet-wasm';

/** Compressed, but so little that nobody hears it: browsers record nothing else. */
const BITS_PER_SECOND = 256_000;

export interface Recorder {
  /** Ends it, and gives what was recorded. */
  stop(): Promise<Blob>;
}

/** @throws {DOMException} as getUserMedia does */
export async function record(onLost: () => void): Promise<Recorder> {
  if (!navigator.mediaDevices) throw new DOMException('no microphone on insecure pages', 'NotFoundError');
  const stream = await navigator.mediaDevices.getUserMedia({ audio: recommendedConstraints() });
  const parts: Blob[] = [];
  const recorder = new MediaRecorder(stream, { audioBitsPerSecond: BITS_PER_SECOND });
  recorder.addEventListener('dataavailable', ({ data }) => parts.push(data));
  const stopped = new Promise((resolve) => recorder.addEventListener('stop', resolve));
  recorder.start();
  for (const track of stream.getTracks()) track.addEventListener('ended', onLost);
  return {
    async stop() {
      if (recorder.state !== 'inactive') recorder.stop();
      await stopped;
      for (const track of stream.getTracks()) track.stop();
      return new Blob(parts, { type: recorder.mimeType });
    },
  };
}
