/**
 * A track through a worker, without an AudioContext: MediaStreamTrackProcessor -> AudioData -> MediaStreamTrackGenerator. Chromium alone has
 * the two for sound. Good where the main thread has no audio at all, or sound goes on to an AudioEncoder; for calls `suppressNoise()`
 * has less delay, runs everywhere, and keeps the sound alive where it fails.
 */
import type { Work } from './worker';

declare class MediaStreamTrackProcessor {
  constructor(init: { track: MediaStreamTrack });
  readonly readable: ReadableStream<AudioData>;
}
declare class MediaStreamTrackGenerator extends MediaStreamTrack {
  constructor(init: { kind: 'audio' });
  readonly writable: WritableStream<AudioData>;
}

/** Whether this browser has what it takes. */
export function isSupported(): boolean {
  return ['MediaStreamTrackProcessor', 'MediaStreamTrackGenerator', 'AudioData'].every((name) => name in globalThis);
}

/**
 * The track without its noise; ends when `track` does.
 * @param worker of worker.ts: `new Worker(new URL('./worker.ts', import.meta.url), { type: 'module' })`
 * @throws {Error} where the browser cannot: use suppressNoise() there
 */
export function suppressInWorker(
  track: MediaStreamTrack,
  worker: Worker,
  options: Work['options'] = {},
): MediaStreamTrack {
  if (!isSupported()) {
    throw new Error('this browser has no MediaStreamTrackGenerator for sound: use suppressNoise(track) in its place');
  }
  const { readable } = new MediaStreamTrackProcessor({ track });
  const generator = new MediaStreamTrackGenerator({ kind: 'audio' });
  const { writable } = generator;
  worker.postMessage({ readable, writable, options } satisfies Work, [readable, writable]);
  return generator;
}
