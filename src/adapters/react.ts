import { useEffect, useMemo, useState, useSyncExternalStore } from 'react';
import type { NoiseSuppressorNode } from '../graph/node';
import {
  IDLE,
  type NoiseSuppressionOptions,
  type NoiseSuppressionState,
  Session,
  type Snapshot,
} from './react-session';

/** What useNoiseSuppression() gives. */
export interface NoiseSuppression {
  /** To be sent or recorded; the same object across changes of the microphone. null while there is none. */
  readonly track: MediaStreamTrack | null;
  /** The track's own stream, for addTrack() and `srcObject`. */
  readonly stream: MediaStream | null;
  /** For statistics and speech events; null while there is none, and where the microphone goes out untouched. */
  readonly node: NoiseSuppressorNode | null;
  /** What it does now. */
  readonly state: NoiseSuppressionState;
  /** Why there is nothing to send, or the microphone goes out untouched: a NoiseSuppressorError, or what getUserMedia() rejected with. */
  readonly error: Error | null;
  /** Begins, or tries again after a failure; `autoStart: false` waits for it. Resolves when it runs, has failed or was stopped: see `state`. */
  start(): Promise<void>;
  /** Frees all of it; a microphone that the hook took is released. start() begins anew. */
  stop(): Promise<void>;
  /**
   * Lets the microphone through at the same delay, or not; until the `bypass` option changes.
   * @throws {NoiseSuppressorError} 'invalid-input' for what is neither true nor false
   */
  bypass(on: boolean): void;
}

/** The session and who listens to it. */
function makeStore() {
  const listeners = new Set<() => void>();
  const session = new Session(() => {
    for (const listener of listeners) listener();
  });
  return {
    session,
    subscribe: (listener: () => void): (() => void) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    snapshot: (): Snapshot => session.current,
    start: () => session.start(),
    stop: () => session.stop(),
    bypass: (on: boolean) => session.bypass(on),
  };
}

/**
 * Suppression with the life of a component. It takes the microphone, or a `track` of the app's; what it took it gives back when the
 * component goes, also when that happens while it loads. Safe under StrictMode and on servers; options may be made anew for each render,
 * and a change of `strength` or `bypass` is heard at once, without a new start.
 * @example
 * ```tsx
 * const { track, state, error, bypass } = useNoiseSuppression({ strength: 0.9 });
 * useEffect(() => {
 *   if (track) sender.replaceTrack(track);
 * }, [track]);
 * ```
 */
export function useNoiseSuppression(options: NoiseSuppressionOptions = {}): NoiseSuppression {
  const [store] = useState(makeStore);
  const { session, subscribe, snapshot, start, stop, bypass } = store;
  const current = useSyncExternalStore(subscribe, snapshot, () => IDLE);
  // Each time: what has not changed changes nothing.
  useEffect(() => session.set(options));
  useEffect(() => {
    session.mount();
    return () => session.unmount();
  }, [session]);
  return useMemo(() => ({ ...current, start, stop, bypass }), [current, start, stop, bypass]);
}
