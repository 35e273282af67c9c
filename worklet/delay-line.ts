import { Fifo } from '../src/channel/fifo';

/**
 * The input, `delay` samples late: what is heard when the core cannot be used. Kept filled all the time, so taking over
 * loses no sample. Real-time safe except the constructor and setDelay.
 */
export class DelayLine {
  private readonly fifo: Fifo;

  constructor(
    private delay: number,
    private longest: number,
  ) {
    this.fifo = new Fifo(delay + longest, delay);
  }

  /** Takes `count` samples in and gives the delayed ones out; the two may be the same array. */
  process(input: Float32Array, output: Float32Array, count: number): void {
    if (count > this.longest) {
      this.longest = count;
      this.fifo.grow(this.delay + count, 0);
    }
    this.fifo.write(input, 0, count);
    this.fifo.read(output, 0, count);
  }

  /** Longer from now on (shorter is ignored: a delay never jumps back). Allocates. */
  setDelay(delay: number): void {
    if (delay <= this.delay) return;
    this.fifo.grow(delay + this.longest, delay - this.delay);
    this.delay = delay;
  }
}
