/** A core's channels at any rate, as late as a whole number of samples. */
import { Channels, type FrameRunner } from '../channel/channels';
import { wholeDelay } from '../channel/timing';
import { CoreLost, failed, type SharedCore } from './cores';

/** Samples in, and as many out later. */
export interface Line {
  /** Samples by which what is read is later than what was written. */
  readonly late: number;
  /** Samples that can be read. */
  readonly ready: number;
  /** Takes input[c][0..count) of each channel: finite samples. */
  write(input: readonly Float32Array[], count: number): void;
  /** Gives output[c][0..count) of each channel. */
  read(output: readonly Float32Array[], count: number): void;
}

/** Real-time safe but for the constructor, lead and destroy. */
export class Chain implements Line, FrameRunner {
  late: number;
  private readonly channels: Channels;
  private readonly zeros: number;

  /**
   * @param rate hertz, whole
   * @param block samples of the longest write
   * @param strength [0] is 0..1
   * @param speech [0] becomes the probability of speech of the last frame
   * @throws {NoiseSuppressorError} 'wasm-rejected' when the core is full, CoreLost when somebody else has broken it
   */
  constructor(
    private readonly core: SharedCore,
    rate: number,
    count: number,
    private readonly block: number,
    private readonly strength: Float32Array,
    private readonly speech = new Float64Array(1),
  ) {
    if (core.broken) throw new CoreLost();
    const { zeros, samples } = wholeDelay(rate);
    this.zeros = zeros;
    try {
      this.channels = new Channels(core.exports, core.network, rate, count, block, 0, this);
      this.late = samples - this.channels.pad(zeros);
    } catch (error) {
      throw failed(core, error);
    }
  }

  get ready(): number {
    return this.channels.ready;
  }

  /** @throws {NoiseSuppressorError} 'processor-failed' when the core traps, CoreLost when it did so for somebody else */
  write(input: readonly Float32Array[], count: number): void {
    if (this.core.broken) throw new CoreLost();
    try {
      this.channels.write(input, count);
    } catch (error) {
      throw failed(this.core, error);
    }
  }

  read(output: readonly Float32Array[], count: number): void {
    this.channels.read(output, count);
  }

  /** `zeros` more in front of what is ready. */
  lead(zeros: number): void {
    this.channels.grow(this.block, this.ready, zeros);
  }

  /** As when it was made, with `start` zeros that are ready. @throws as write() */
  begin(start: number): void {
    if (this.core.broken) throw new CoreLost();
    this.channels.begin(start);
    this.channels.pad(this.zeros);
  }

  /** Called when a frame is full. */
  frame(): void {
    this.channels.run(this.strength, this.speech);
  }

  destroy(): void {
    if (!this.core.broken) this.channels.destroy();
  }
}
