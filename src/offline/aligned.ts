/** Sound block by block through a line, with its delay removed. */
import type { Line } from './chain';

/** Takes `count` finished samples per channel; the arrays are only valid during the call. */
export type Sink = (channels: readonly Float32Array[], count: number) => void;

/**
 * Sound on its way through a line. Feed it with push(), end with finish(); the sink gets as many samples as went in, in step with
 * them. Channels are taken in pairs (0 and 1, 2 and 3, ...) that share their gains; a last odd one is alone.
 */
export class Aligned {
  /** A block of each channel, on the way in and out. */
  private readonly blocks: readonly Float32Array[];
  /** Samples still to be dropped from the front of the output. */
  private late: number;
  private received = 0;
  private delivered = 0;

  /** @param block samples taken at a time */
  constructor(
    private readonly line: Line,
    channelCount: number,
    private readonly block: number,
    private readonly sink: Sink,
  ) {
    this.blocks = Array.from({ length: channelCount }, () => new Float32Array(block));
    this.late = line.late;
  }

  /** Takes samples first to end of all channels. What is not finite counts as 0. Throws as the line does. */
  push(channels: readonly Float32Array[], first: number, end: number): void {
    const { block, blocks } = this;
    this.received += end - first;
    for (let at = first; at < end; at += block) {
      const count = Math.min(block, end - at);
      for (const [c, samples] of blocks.entries()) copyFinite(channels[c]!, at, samples, count);
      this.run(count);
    }
  }

  /** Delivers the rest. Throws as the line does. */
  finish(): void {
    while (this.delivered < this.received) {
      for (const samples of this.blocks) samples.fill(0);
      this.run(this.block);
    }
  }

  private run(count: number): void {
    this.line.write(this.blocks, count);
    this.deliver();
  }

  private deliver(): void {
    const { line, blocks, block } = this;
    while (line.ready > 0) {
      const count = Math.min(block, line.ready);
      line.read(blocks, count);
      const skip = Math.min(this.late, count);
      this.late -= skip;
      const length = Math.min(count - skip, this.received - this.delivered);
      if (length <= 0) continue;
      this.delivered += length;
      this.sink(
        blocks.map((samples) => samples.subarray(skip, skip + length)),
        length,
      );
    }
  }
}

/** `count` samples from `first` on to the start of `to`; NaN and infinity, which no resampler would get rid of, as 0. */
export function copyFinite(from: Float32Array, first: number, to: Float32Array, count: number): void {
  for (let i = 0; i < count; i++) {
    const x = from[first + i]!;
    // Infinity and NaN are the two that differ from themselves here.
    to[i] = x - x === 0 ? x : 0;
  }
}
