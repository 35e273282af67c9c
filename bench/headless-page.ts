/** What bench/headless.mjs calls in its page. */
import { memoryBytes, prepare, type Rendering } from './render';
import { loadSubjects, type Subject } from './subjects';

let subjects: Subject[] = [];
/** Kept from being collected, and its audio thread with it, until the next one. */
let rendering: Rendering | undefined;

function find(id: string): Subject {
  const subject = subjects.find((candidate) => candidate.id === id);
  if (!subject) throw new Error(`no subject ${id}`);
  return subject;
}

const bench = {
  async subjects(): Promise<Subject[]> {
    subjects = await loadSubjects();
    return subjects;
  },
  async warmUp(id: string, seconds: number): Promise<void> {
    rendering = await prepare(find(id), seconds);
    await rendering.warmUp();
  },
  async finish(): Promise<{ wall: number; audio: number }> {
    if (!rendering) throw new Error('nothing to finish');
    return rendering.finish();
  },
  memoryBytes(id: string): Promise<number> {
    return memoryBytes(find(id));
  },
};

export type HeadlessBench = typeof bench;

(globalThis as { bench?: HeadlessBench }).bench = bench;
