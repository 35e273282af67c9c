/** What is kept of the past, and the one place that counts around rings. Constructors allocate; all else is real-time safe. */
import { FRAME, FRAME_BYTES } from '../constants';

/** The newest block of `size` f32 and the `slots - 1` before it. */
export class Ring {
  private readonly values: StaticArray<f32>;
  private newest: i32 = 0;

  constructor(
    private readonly slots: i32,
    private readonly size: i32,
  ) {
    this.values = new StaticArray<f32>(slots * size);
  }

  /** Moves on by one block and gives its place, where the oldest block still is. */
  advance(): usize {
    this.newest = (this.newest + 1) % this.slots;
    return this.before(0);
  }

  /** The block `count` blocks before the newest, 0..slots - 1. */
  before(count: i32): usize {
    const slot = (this.newest + this.slots - count) % this.slots;
    return changetype<usize>(this.values) + ((slot * this.size) << 2);
  }

  /** Zeroes all blocks. */
  reset(): void {
    memory.fill(changetype<usize>(this.values), 0, (this.slots * this.size) << 2);
  }
}

/** Hops that fit behind the samples kept, before all is moved to the front again. */
const HOPS: i32 = 4;

/** The newest `kept` samples in one piece. */
export class History {
  private readonly samples: StaticArray<f32>;
  /** Hops taken since all was moved to the front. */
  private ahead: i32 = 0;

  constructor(private readonly kept: i32) {
    this.samples = new StaticArray<f32>(kept + HOPS * FRAME);
  }

  /** Makes room for a hop and gives its place. */
  advance(): usize {
    if (++this.ahead > HOPS) {
      const start = changetype<usize>(this.samples);
      memory.copy(start, start + (HOPS + 1) * FRAME_BYTES, (this.kept - FRAME) << 2);
      this.ahead = 0;
    }
    return this.end - FRAME_BYTES;
  }

  /** One past the newest sample. */
  get end(): usize {
    return changetype<usize>(this.samples) + ((this.kept + this.ahead * FRAME) << 2);
  }

  reset(): void {
    memory.fill(changetype<usize>(this.samples), 0, (this.kept + HOPS * FRAME) << 2);
    this.ahead = 0;
  }
}
