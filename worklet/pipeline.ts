import { Channels, type FrameRunner } from '../src/channel/channels';
import { chainLatency, headStart } from '../src/channel/timing';
import type { CoreExports } from '../src/core/exports';
import { Meter } from './meter';

/** Dummy frames that touch every weight and let the engine optimise the core before it counts. */
const WARM_UP_FRAMES = 12;
const FULL_STRENGTH = Float32Array.of(1);

/** Called after each frame, on the audio thread. */
export interface FrameObserver {
  /** Before the core runs on a frame. */
  frameStart(): void;
  /** After it; `speech[0]` is the probability of speech, -1 in bypass. */
  frameEnd(speech: Float64Array): void;
}

/**
 * The chain of channels with one constant delay: as many samples come out of a block as go in. Real-time safe: process. Not: constructor,
 * adopt, moveTo, destroy. An exception of the core passes through; the pipeline is not to be used after one, or after one of another
 * pipeline on the same core, unless it is moved.
 */
export class Pipeline implements FrameRunner {
  framesProcessed = 0;
  framesBypassed = 0;
  /** Speech probability of the last frame, -1 in bypass. */
  private readonly speech = new Float64Array(1);
  /** Seconds from input to output. */
  latency: number;
  readonly meter = new Meter();
  private channels: Channels;
  private start: number;
  private started = false;
  /** True once the length of the blocks has changed in flight. */
  private variable = false;
  /** Of the block that is being processed. */
  private strength: Float32Array = FULL_STRENGTH;
  private bypassing = false;

  constructor(
    core: CoreExports,
    network: number,
    private readonly rate: number,
    private readonly count: number,
    private quantum: number,
    private readonly observer: FrameObserver,
    warm: boolean,
    /** Whether callbacks that complete no frame take over a part of the next frame's work. */
    private readonly spread = true,
  ) {
    this.start = headStart(rate, quantum);
    this.latency = chainLatency(rate, this.start);
    this.channels = new Channels(core, network, rate, count, quantum, this.start, this);
    this.channels.warmUp(warm ? 1 : WARM_UP_FRAMES, FULL_STRENGTH, this.speech);
  }

  /**
   * Goes on, from silence, on another core, with the delay it has: for `latency` and what the network needs to hear, what comes out is not
   * to be used. Allocates.
   */
  moveTo(core: CoreExports, network: number): void {
    this.channels = new Channels(core, network, this.rate, this.count, this.quantum, this.start, this);
  }

  /**
   * Takes input[c][0..count) of each channel, gives output[c][0..count), at `strength[0]`. False when that changed `latency`.
   */
  process(
    input: Float32Array[],
    output: Float32Array[],
    count: number,
    strength: Float32Array,
    bypass: boolean,
  ): boolean {
    let kept = true;
    if (count !== this.quantum && !(this.variable && count < this.quantum)) kept = this.adopt(count);
    this.started = true;
    this.strength = strength;
    this.bypassing = bypass;
    const { channels } = this;
    const before = this.framesProcessed;
    channels.write(input, count);
    // No frame was due: time for work of the next one.
    if (this.spread && !bypass && this.framesProcessed === before) channels.prepare();
    channels.read(output, count);
    return kept;
  }

  /** Called when a frame is full. */
  frame(): void {
    const { channels, observer, speech } = this;
    observer.frameStart();
    if (this.bypassing) {
      channels.bypass();
      speech[0] = -1;
      this.framesBypassed++;
    } else {
      channels.run(this.strength, speech);
      this.framesProcessed++;
    }
    observer.frameEnd(speech);
    this.meter.frame(channels.frameIn, channels.frameOut, speech);
  }

  /** Speech probability of the last frame, 0..1. */
  get probability(): number {
    return Math.max(0, this.speech[0]);
  }

  /** Blocks that came out short because a frame was late. The delay is made so that there are none. */
  get underruns(): number {
    return this.channels.underruns;
  }

  /** Forgets what the core has adapted to. The sound in flight is lost with it, the delay is not. */
  reset(): void {
    this.channels.reset();
    this.speech[0] = 0;
  }

  destroy(): void {
    this.channels.destroy();
  }

  /**
   * A block length that was not foreseen. Before the first sound the chain is timed anew; later the delay grows once, to
   * what suits blocks of any length. True when the delay stayed. Allocates.
   */
  private adopt(count: number): boolean {
    const start = this.started ? Math.max(this.start, headStart(this.rate, 1)) : headStart(this.rate, count);
    const more = start - this.start;
    this.variable = this.started;
    this.quantum = this.started ? Math.max(this.quantum, count) : count;
    this.start = start;
    this.latency = chainLatency(this.rate, start);
    this.channels.grow(this.quantum, start, Math.max(0, more));
    if (!this.started) this.channels.restart(start);
    return more === 0;
  }
}
