/** A subject under a fine clock in a worker. */
import { type Driven, drive } from './drive';
import { fetchBytes, type Subject } from './subjects';

export interface DriveJob {
  subject: Subject;
  seconds: number;
  /** What the subject's addresses are relative to. */
  base: string;
}

export type DriveAnswer = Driven | { error: string };

// Pages and workers have one type of global here.
const scope = self as unknown as {
  onmessage: ((event: MessageEvent<DriveJob>) => void) | null;
  postMessage(answer: DriveAnswer): void;
};

// Some peers set it, as an audio worklet lets them.
Object.defineProperty(globalThis, 'self', { value: globalThis, writable: true, configurable: true });

scope.onmessage = async ({ data: { subject, seconds, base } }) => {
  const at = (path: string) => new URL(path, base).href;
  try {
    const machine = {
      now: () => performance.now(),
      read: (path: string) => fetchBytes(at(path)),
      load: (path: string) => import(at(path)),
    };
    scope.postMessage(await drive(subject, seconds, machine));
  } catch (error) {
    scope.postMessage({ error: error instanceof Error ? error.message : String(error) });
  }
};
