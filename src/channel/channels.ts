import type { CoreExports } from '../core/exports';
import { Fifo } from './fifo';
import { CORE_RATE, FRAME } from './timing';

/** Longest block handed to a resampler at once; longer ones are cut. */
const MAX_BLOCK = 1024;

/** The core cannot make what was asked for; nothing in it is broken. */
export class NoRoom extends Error {}

/** Who has the core run on a frame, by run() or bypass(), once all channels have one. */
export interface FrameRunner {
  frame(): void;
}

/** One of them: handles and views of the core's memory, and what is ready to go out. */
class Channel {
  readonly suppressor: number;
  readonly toCore: number;
  readonly fromCore: number;
  readonly ready: Fifo;
  /** Views of the core's memory; taken anew when it has grown. */
  frameIn!: Float32Array;
  frameOut!: Float32Array;
  resamplerIn!: Float32Array;
  resampled!: Float32Array;
  backIn!: Float32Array;
  back!: Float32Array;

  constructor(
    private readonly core: CoreExports,
    network: number,
    private readonly rate: number,
    capacity: number,
    start: number,
  ) {
    this.suppressor = core.suppressorCreate(network);
    this.toCore = rate === CORE_RATE ? -1 : core.resamplerCreate(rate, CORE_RATE, MAX_BLOCK);
    this.fromCore = rate === CORE_RATE ? -1 : core.resamplerCreate(CORE_RATE, rate, FRAME);
    this.ready = new Fifo(capacity, start);
  }

  /** Throws when the core had no room for all of it. */
  check(): void {
    if (this.suppressor < 0) throw new NoRoom(`the core has no suppressor left (${this.suppressor})`);
    if (this.rate !== CORE_RATE && (this.toCore < 0 || this.fromCore < 0))
      throw new NoRoom('the core has no resampler left');
  }

  takeViews(): void {
    const { core, rate } = this;
    const buffer = core.memory.buffer;
    this.frameIn = new Float32Array(buffer, core.suppressorInput(this.suppressor), FRAME);
    this.frameOut = new Float32Array(buffer, core.suppressorOutput(this.suppressor), FRAME);
    if (rate === CORE_RATE) return;
    const most = Math.ceil((MAX_BLOCK * CORE_RATE) / rate) + 1;
    const mostBack = Math.ceil((FRAME * rate) / CORE_RATE) + 1;
    this.resamplerIn = new Float32Array(buffer, core.resamplerInput(this.toCore), MAX_BLOCK);
    this.resampled = new Float32Array(buffer, core.resamplerOutput(this.toCore), most);
    this.backIn = new Float32Array(buffer, core.resamplerInput(this.fromCore), FRAME);
    this.back = new Float32Array(buffer, core.resamplerOutput(this.fromCore), mostBack);
  }

  /** What lies in `frameOut` is ready, at the rate of the outside. */
  finish(): void {
    const { core, rate, ready, frameOut, backIn } = this;
    if (rate === CORE_RATE) {
      ready.write(frameOut, 0, FRAME);
      return;
    }
    for (let i = 0; i < FRAME; i++) backIn[i] = frameOut[i]!;
    ready.write(this.back, 0, core.resamplerProcess(this.fromCore, FRAME));
  }

  destroy(): void {
    const { core } = this;
    core.suppressorDestroy(this.suppressor);
    if (this.rate === CORE_RATE) return;
    core.resamplerDestroy(this.toCore);
    core.resamplerDestroy(this.fromCore);
  }
}

/**
 * Channels in step: blocks of any length at any rate -> frames of 480 at 48 kHz -> core -> what is ready, at the rate again.
 * Two after each other (0 and 1, 2 and 3, ...) share their gains; a last odd one is alone.
 *
 * Real-time safe but for the constructor, grow, pad and destroy, and for the first write after the core's memory has grown. An exception of
 * the core passes through; nothing is to be used after one but by whoever made the core.
 */
export class Channels {
  private readonly all: Channel[] = [];
  /** Samples in the frame that is being filled. */
  private filled = 0;

  /**
   * @param network handle
   * @param rate hertz, whole
   * @param block samples of the longest write
   * @param start zeros that are ready from the start
   * @throws {NoRoom} when the core is full
   */
  constructor(
    private readonly core: CoreExports,
    network: number,
    private readonly rate: number,
    count: number,
    block: number,
    start: number,
    private readonly runner: FrameRunner,
  ) {
    const capacity = this.capacityFor(block, start);
    for (let c = 0; c < count; c++) this.all.push(new Channel(core, network, rate, capacity, start));
    try {
      for (const channel of this.all) channel.check();
    } catch (error) {
      this.destroy();
      throw error;
    }
    for (const channel of this.all) channel.takeViews();
  }

  /** Input and output of the core, of the first channel. */
  get frameIn(): Float32Array {
    return this.all[0]!.frameIn;
  }

  get frameOut(): Float32Array {
    return this.all[0]!.frameOut;
  }

  /** Samples that can be read. */
  get ready(): number {
    return this.all[0]!.ready.length;
  }

  /** Reads that found too little. */
  get underruns(): number {
    return this.all.reduce((sum, { ready }) => sum + ready.underruns, 0);
  }

  /** Takes input[c][0..count) of each channel, and has the core run on each frame that gets full. */
  write(input: readonly Float32Array[], count: number): void {
    const { all, rate } = this;
    // Somebody else's channel may have grown the shared memory, which empties every view.
    if (all[0]!.frameIn.length === 0) {
      for (let c = 0; c < all.length; c++) all[c]!.takeViews();
    }
    if (rate === CORE_RATE) this.take(input, count);
    else this.takeResampled(input, count);
  }

  /** Gives output[c][0..count) of each channel; zeros where less is ready. */
  read(output: readonly Float32Array[], count: number): void {
    const { all } = this;
    for (let c = 0; c < all.length; c++) all[c]!.ready.read(output[c]!, 0, count);
  }

  /**
   * The core on the frame of every channel.
   * @param strength [0] is 0..1
   * @param speech [0] becomes the probability of speech in the last pair. Both are arrays, here and wherever fractions pass between
   * functions on the audio thread: engines box a fraction that is an argument, a result or a field, and each box is an allocation
   */
  run(strength: Float32Array, speech: Float64Array): void {
    const { all, core } = this;
    for (let c = 0; c < all.length; c += 2) {
      const { suppressor } = all[c]!;
      speech[0] =
        c + 1 < all.length
          ? core.suppressorProcessLinked(suppressor, all[c + 1]!.suppressor, strength[0]!)
          : core.suppressorProcess(suppressor, strength[0]!);
    }
  }

  /** The core lets the frame of every channel through, as late as by run(). */
  bypass(): void {
    const { all, core } = this;
    for (let c = 0; c < all.length; c++) core.suppressorBypass(all[c]!.suppressor);
  }

  /** A part of the next frame's work ahead of time. Changes no result. */
  prepare(): void {
    const { all, core } = this;
    for (let c = 0; c < all.length; c++) core.suppressorPrepare(all[c]!.suppressor);
  }

  /** The core forgets what it has adapted to. The sound in flight is lost with it, the delay is not. */
  reset(): void {
    const { all, core } = this;
    for (let c = 0; c < all.length; c++) core.suppressorReset(all[c]!.suppressor);
  }

  /** Runs the core on silence, so that the engine optimises it and every weight is touched, and forgets that. */
  warmUp(frames: number, strength: Float32Array, speech: Float64Array): void {
    for (const { frameIn } of this.all) frameIn.fill(0);
    for (let i = 0; i < frames; i++) this.run(strength, speech);
    this.reset();
    speech[0] = 0;
  }

  /** Blocks of up to `block` samples from now on, and `zeros` in front of what is ready. */
  grow(block: number, start: number, zeros: number): void {
    for (const { ready } of this.all) ready.grow(this.capacityFor(block, start), zeros);
  }

  /** As when it was made, with `start` zeros that are ready: nothing was heard, nothing is in flight. */
  begin(start: number): void {
    const { all, core } = this;
    this.reset();
    for (let c = 0; c < all.length; c++) {
      if (this.rate === CORE_RATE) continue;
      core.resamplerReset(all[c]!.toCore);
      core.resamplerReset(all[c]!.fromCore);
    }
    this.filled = 0;
    this.restart(start);
  }

  /** Before the first write: `start` zeros are ready. */
  restart(start: number): void {
    for (const { ready } of this.all) ready.clear(start);
  }

  /**
   * Before the first write, at other rates than the core's: so many zeros of 48 kHz on the way back, to make a delay whole.
   * @returns what came of them, in samples of the rate, and is not to be read
   */
  pad(zeros: number): number {
    let dropped = 0;
    for (let at = 0; at < zeros; at += FRAME) {
      const count = Math.min(FRAME, zeros - at);
      let written = 0;
      for (const { backIn, fromCore } of this.all) {
        backIn.fill(0, 0, count);
        written = this.core.resamplerProcess(fromCore, count);
      }
      dropped += written;
    }
    return dropped;
  }

  destroy(): void {
    for (const channel of this.all) channel.destroy();
    this.all.length = 0;
  }

  private capacityFor(block: number, start: number): number {
    // A block may complete frames worth its own length plus one before it is read.
    return start + 2 * block + 2 * Math.ceil((FRAME * this.rate) / CORE_RATE);
  }

  private take(input: readonly Float32Array[], count: number): void {
    const { all } = this;
    let done = 0;
    while (done < count) {
      const { filled } = this;
      const part = Math.min(count - done, FRAME - filled);
      for (let c = 0; c < all.length; c++) {
        const source = input[c]!;
        const { frameIn } = all[c]!;
        if (part === source.length) frameIn.set(source, filled);
        else for (let i = 0; i < part; i++) frameIn[filled + i] = source[done + i]!;
      }
      done += part;
      this.advance(part);
    }
  }

  private takeResampled(input: readonly Float32Array[], count: number): void {
    const { all, core } = this;
    for (let from = 0; from < count; from += MAX_BLOCK) {
      const part = Math.min(count - from, MAX_BLOCK);
      let there = 0;
      for (let c = 0; c < all.length; c++) {
        const source = input[c]!;
        const { resamplerIn, toCore } = all[c]!;
        for (let i = 0; i < part; i++) resamplerIn[i] = source[from + i]!;
        there = core.resamplerProcess(toCore, part);
      }
      let done = 0;
      while (done < there) {
        const { filled } = this;
        const step = Math.min(there - done, FRAME - filled);
        for (let c = 0; c < all.length; c++) {
          const { frameIn, resampled } = all[c]!;
          for (let i = 0; i < step; i++) frameIn[filled + i] = resampled[done + i]!;
        }
        done += step;
        this.advance(step);
      }
    }
  }

  /** `count` samples more in the frame. */
  private advance(count: number): void {
    this.filled += count;
    if (this.filled < FRAME) return;
    this.filled = 0;
    this.runner.frame();
    const { all } = this;
    for (let c = 0; c < all.length; c++) all[c]!.finish();
  }
}
