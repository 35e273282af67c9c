/** How long a run of the bench takes: guessed before it begins, and put right by each step that is done. */
import type { Subject } from './subjects';

/** Callbacks under a fine clock, a round of the whole worklet, or the live node. */
export type Kind = 'callbacks' | 'round' | 'live';

export interface Step {
  readonly kind: Kind;
  readonly subject: Subject;
  /** Counts from 1. */
  readonly round: number;
}

export interface Choices {
  /** Of audio. */
  readonly seconds: number;
  readonly rounds: number;
  /** Seconds of real time for each network of ours, or 0. */
  readonly live: number;
}

/** Microseconds for 10 ms, about what the table of docs/performance.md has: they only make the first guess. */
const TYPICAL_US: Readonly<Record<string, number>> = {
  'pass-through': 12,
  lite: 95,
  full: 165,
  speex: 60,
  'rnnoise-0.1-simd': 190,
  'rnnoise-0.1': 210,
  'rnnoise-0.2': 480,
  'rnnoise-2025': 1100,
  gtcrn: 530,
};
const UNKNOWN_US = 300;
/** Seconds of audio before what is measured, and of loading, compiling and waiting, in drive.ts and render.ts. */
const BEFORE = { callbacks: { audio: 4, fixed: 1.3 }, round: { audio: 2, fixed: 0.6 }, live: { audio: 0, fixed: 0.5 } };

/** All steps in the order in which they are taken: subjects take turns, so that a busy moment hits none alone. */
export function stepsOf(subjects: readonly Subject[], { rounds, live }: Choices): Step[] {
  const all = (kind: Kind, round: number, of = subjects): Step[] => of.map((subject) => ({ kind, subject, round }));
  return [
    ...all('callbacks', 1),
    ...Array.from({ length: rounds }, (_, i) => all('round', i + 1)).flat(),
    ...(live > 0
      ? all(
          'live',
          1,
          subjects.filter(({ kind }) => kind === 'percepnet'),
        )
      : []),
  ];
}

/** Seconds that a step takes on a computer as fast as the one of the table. */
function guess({ kind, subject }: Step, { seconds, live }: Choices): number {
  const { audio, fixed } = BEFORE[kind];
  if (kind === 'live') return fixed + live;
  return fixed + ((audio + seconds) * (TYPICAL_US[subject.name] ?? UNKNOWN_US)) / 1e4;
}

export class Plan {
  readonly steps: readonly Step[];
  private readonly guesses: readonly number[];
  /** Seconds that the steps done took. */
  private readonly taken: number[] = [];

  constructor(
    subjects: readonly Subject[],
    choices: Choices,
    /** How much slower this computer is, as the last plan found. */
    private readonly slowness = 1,
  ) {
    this.steps = stepsOf(subjects, choices);
    this.guesses = this.steps.map((step) => guess(step, choices));
  }

  /** The step at hand has taken so long, in seconds. */
  done(seconds: number): void {
    this.taken.push(seconds);
  }

  /** Of this computer, by what was done so far; live steps take their time everywhere. */
  get pace(): number {
    const counted = this.steps.map(({ kind }, i) => kind !== 'live' && i < this.taken.length);
    const sum = (of: readonly number[]): number => of.reduce((all, x, i) => all + (counted[i] ? x : 0), 0);
    const guessed = sum(this.guesses);
    return guessed > 0 ? sum(this.taken) / guessed : this.slowness;
  }

  /** Seconds until the end, when the step at hand has taken `since` seconds. */
  left(since = 0): number {
    let sum = 0;
    for (let i = this.taken.length; i < this.steps.length; i++) sum += this.expected(i);
    // A step that takes longer than expected has no end in sight: it counts as nearly over, not as negative.
    const now = this.taken.length < this.steps.length ? this.expected(this.taken.length) : 0;
    return sum - Math.min(since, now);
  }

  /** Share of the time that is over, 0..1. */
  fraction(since = 0): number {
    const over = this.taken.reduce((all, x) => all + x, 0) + since;
    const left = this.left(since);
    return over + left === 0 ? 0 : over / (over + left);
  }

  /** A step takes what the same one took the last time; where there was none, its guess on this computer. */
  private expected(index: number): number {
    const { kind, subject } = this.steps[index]!;
    for (let i = this.taken.length - 1; i >= 0; i--) {
      const past = this.steps[i]!;
      if (past.kind === kind && past.subject === subject) return this.taken[i]!;
    }
    return kind === 'live' ? this.guesses[index]! : this.guesses[index]! * this.pace;
  }
}

/** '40 s' or '1 min 40 s', in steps of 5 s above ten: nobody knows it better. */
export function spoken(seconds: number): string {
  const step = seconds > 10 ? 5 : 1;
  const rounded = Math.max(1, Math.round(seconds / step) * step);
  const minutes = Math.floor(rounded / 60);
  const rest = rounded % 60;
  if (minutes === 0) return `${rest} s`;
  return rest === 0 ? `${minutes} min` : `${minutes} min ${rest} s`;
}
