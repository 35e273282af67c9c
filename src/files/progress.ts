/** How far the work on files is, in words and as a line. Node only. */

const BAR_WIDTH = 30;
/** Milliseconds between two drawings. */
const REDRAW_MS = 100;

/** Seconds, as people read them. */
export function duration(seconds: number): string {
  if (seconds < 60) return `${seconds.toFixed(seconds < 10 ? 2 : 1)} s`;
  const whole = Math.round(seconds);
  const parts = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  if (parts[0] === 0) parts.shift();
  return parts.map((part, i) => (i === 0 ? String(part) : String(part).padStart(2, '0'))).join(':');
}

/** So much sound in so much time. */
export function pace(seconds: number, spent: number): string {
  return `${duration(seconds)} in ${duration(spent)}, ${Math.round(seconds / Math.max(spent, 1e-3))} x real time`;
}

/** A line that is redrawn ten times a second at most: all files together, weighed by their bytes. */
export class Progress {
  private readonly started = performance.now();
  private readonly shares: number[];
  private readonly whole: number;
  private drawn = 0;
  private ended = 0;

  /**
   * @param write where to; null draws nothing
   * @param weights of each file, above 0
   */
  constructor(
    private readonly write: ((text: string) => void) | null,
    private readonly name: string,
    private readonly weights: readonly number[],
  ) {
    this.shares = weights.map(() => 0);
    this.whole = weights.reduce((sum, weight) => sum + weight, 0);
  }

  /** A file is so far, 0 to 1. */
  show(file: number, share: number): void {
    this.shares[file] = share;
    const now = performance.now();
    if (!this.write || now - this.drawn < REDRAW_MS) return;
    this.drawn = now;
    const done = this.shares.reduce((sum, part, i) => sum + part * this.weights[i]!, 0) / this.whole;
    const left = ((now - this.started) / 1000) * (1 / done - 1);
    const full = Math.round(done * BAR_WIDTH);
    const bar = '#'.repeat(full) + '.'.repeat(BAR_WIDTH - full);
    const count = this.weights.length;
    const what = count === 1 ? this.name : `${this.ended} of ${count} files`;
    this.write(`\r${what}  [${bar}] ${Math.floor(done * 100)} %, ${duration(left)} left\x1b[K`);
  }

  /** A file is done, or has failed; the line is cleared, for what is said of it. */
  end(file: number): void {
    this.shares[file] = 1;
    this.ended++;
    if (this.drawn > 0) this.write?.('\r\x1b[K');
  }
}
