import type { Driven } from './drive';
import type { DriveAnswer, DriveJob } from './drive-worker';
import type { Subject } from './subjects';

/** Measures a subject in a worker of its own, which an abort of the signal ends at once. */
export async function driveInWorker(subject: Subject, seconds: number, signal?: AbortSignal): Promise<Driven> {
  const worker = new Worker(new URL('drive-worker.js', import.meta.url), { type: 'module' });
  try {
    const answer = await new Promise<DriveAnswer>((resolve, reject) => {
      worker.onmessage = ({ data }: MessageEvent<DriveAnswer>) => resolve(data);
      worker.onerror = (event) => reject(new Error(event.message || 'the worker could not be loaded'));
      signal?.addEventListener('abort', () => reject(signal.reason));
      const job: DriveJob = { subject, seconds, base: document.baseURI };
      worker.postMessage(job);
    });
    if ('error' in answer) throw new Error(`${subject.label}: ${answer.error}`);
    return answer;
  } finally {
    worker.terminate();
  }
}
