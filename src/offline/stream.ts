/** Whole recordings through the core, block by block, at any sample rate and with the delay removed. For offline use only. */
import { Channels, type FrameRunner } from '../channel/channels';
import { wholeDelay } from '../channel/timing';
import { CoreLost, failed, type SharedCore } from './cores';

/** Samples taken at a time. */
const CHUNK = 960;

/** Takes `count` finished samples per channel; the arrays are only valid during the call. */
export type Sink = (channels: readonly Float32Array[], count: number) => void;

/**
 * A recording on its way through the core. Feed it with push(), end with finish(); the sink gets as many samples as went in,
 * in step with them. Channels are taken in pairs (0 and 1, 2 and 3, ...) that share their gains; a last odd one is alone.
 */
export class Stream implements FrameRunner {
  private readonly channels: Channels;
  private readonly strength: Float32Array;
  private readonly speech = new Float64Array(1);
  /** A chunk of each channel, on the way in and out. */
  private readonly chunks: readonly Float32Array[];
  /** Samples still to be dropped from the front of the output. */
  private late: number;
  private received = 0;
  private delivered = 0;

  constructor(
    private readonly core: SharedCore,
    rate: number,
    channelCount: number,
    strength: number,
    private readonly sink: Sink,
  ) {
    // Somebody else may have broken it since it was acquired.
    if (core.broken) throw new CoreLost();
    this.strength = Float32Array.of(strength);
    this.chunks = Array.from({ length: channelCount }, () => new Float32Array(CHUNK));
    const { zeros, samples } = wholeDelay(rate);
    try {
      this.channels = new Channels(core.exports, core.network, rate, channelCount, CHUNK, 0, this);
      this.late = samples - this.channels.pad(zeros);
    } catch (error) {
      throw failed(core, error);
    }
  }

  /**
   * Takes samples first to end of all channels. What is not finite counts as 0.
   * @throws {NoiseSuppressorError} 'processor-failed' when the core traps, CoreLost when it did so for somebody else
   */
  push(channels: readonly Float32Array[], first: number, end: number): void {
    this.received += end - first;
    for (let at = first; at < end; at += CHUNK) {
      const count = Math.min(CHUNK, end - at);
      for (const [c, chunk] of this.chunks.entries()) copyFinite(channels[c]!, at, chunk, count);
      this.run(count);
    }
  }

  /** Delivers the rest. Throws as push() does. */
  finish(): void {
    while (this.delivered < this.received) {
      for (const chunk of this.chunks) chunk.fill(0);
      this.run(CHUNK);
    }
  }

  /** Called when a frame is full. */
  frame(): void {
    this.channels.run(this.strength, this.speech);
  }

  destroy(): void {
    if (!this.core.broken) this.channels.destroy();
  }

  private run(count: number): void {
    if (this.core.broken) throw new CoreLost();
    try {
      this.channels.write(this.chunks, count);
    } catch (error) {
      throw failed(this.core, error);
    }
    this.deliver();
  }

  private deliver(): void {
    const { channels, chunks } = this;
    while (channels.ready > 0) {
      const count = Math.min(CHUNK, channels.ready);
      channels.read(chunks, count);
      const skip = Math.min(this.late, count);
      this.late -= skip;
      const length = Math.min(count - skip, this.received - this.delivered);
      if (length <= 0) continue;
      this.delivered += length;
      this.sink(
        chunks.map((chunk) => chunk.subarray(skip, skip + length)),
        length,
      );
    }
  }
}

function copyFinite(from: Float32Array, first: number, to: Float32Array, count: number): void {
  for (let i = 0; i < count; i++) {
    const x = from[first + i]!;
    // Infinity and NaN are the two that differ from themselves here.
    to[i] = x - x === 0 ? x : 0;
  }
}
