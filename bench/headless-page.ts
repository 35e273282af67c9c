/** What bench/headless.mjs calls in its page. */
import { hasRelaxedSimd } from '../src/loading/support';
import type { Driven } from './drive';
import { driveInWorker } from './drive-client';
import { prepare, type Rendering } from './render';
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
  drive(id: string, seconds: number): Promise<Driven> {
    return driveInWorker(find(id), seconds);
  },
  relaxedSimd: hasRelaxedSimd,
};

export type HeadlessBench = typeof bench;

(globalThis as { bench?: HeadlessBench }).bench = bench;
