import { Fifo } from '../src/channel/fifo';
import { CORE_RATE, chainLatency, FRAME, headStart } from '../src/channel/timing';
import type { CoreExports } from '../src/core/exports';
import { Meter } from './meter';

/** Longest block handed to a resampler at once; longer quanta are cut. */
const MAX_BLOCK = 1024;
/** Dummy frames that touch every weight and let the engine optimise the core before it counts. */
const WARM_UP_FRAMES = 12;
const WARM_UP_STRENGTH = Float32Array.of(1);

/** Called after each frame, on the audio thread. */
export interface FrameObserver {
  /** Before the core runs on a frame. */
  frameStart(): void;
  /** After it; `speech[0]` is the probability of speech, -1 in bypass. */
  frameEnd(speech: Float64Array): void;
}

/** The core cannot make what was asked for; nothing in it is broken. */
export class NoRoom extends Error {}

/** One channel: handles and views of the core's memory. */
class Channel {
  readonly suppressor: number;
  readonly toCore: number;
  readonly fromCore: number;
  readonly fifo: Fifo;
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
    fifoCapacity: number,
    start: number,
  ) {
    this.suppressor = core.suppressorCreate(network);
    this.toCore = rate === CORE_RATE ? -1 : core.resamplerCreate(rate, CORE_RATE, MAX_BLOCK);
    this.fromCore = rate === CORE_RATE ? -1 : core.resamplerCreate(CORE_RATE, rate, FRAME);
    this.fifo = new Fifo(fifoCapacity, start);
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

  reset(): void {
    this.core.suppressorReset(this.suppressor);
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
 * Blocks of any length at any rate -> frames of 480 at 48 kHz -> core -> blocks, with one constant delay.
 * Real-time safe: process. Not: constructor, adopt, moveTo, destroy. An exception of the core passes through; the pipeline is
 * not to be used after one, or after one of another pipeline on the same core, unless it is moved.
 */
export class Pipeline {
  framesProcessed = 0;
  framesBypassed = 0;
  /**
   * Speech probability of the last frame, -1 in bypass. An array, here and wherever fractions pass between functions on the
   * audio thread: engines box a fraction that is an argument, a result or a field, and each box is an allocation.
   */
  private readonly speech = new Float64Array(1);
  /** Seconds from input to output. */
  latency: number;
  private readonly channels: Channel[] = [];
  private start: number;
  /** Samples in the frame that is being filled. */
  private filled = 0;
  private started = false;
  /** True once the length of the blocks has changed in flight. */
  private variable = false;
  readonly meter = new Meter();

  constructor(
    private core: CoreExports,
    network: number,
    private readonly rate: number,
    channels: number,
    private quantum: number,
    private readonly observer: FrameObserver,
    warm: boolean,
    /** Whether callbacks that complete no frame take over a part of the next frame's work. */
    private readonly spread = true,
  ) {
    this.start = headStart(rate, quantum);
    this.latency = chainLatency(rate, this.start);
    this.open(core, network, channels);
    this.warmUp(warm ? 1 : WARM_UP_FRAMES);
  }

  /**
   * Goes on, from silence, on another core, with the delay it has: for `latency` and what the network needs to hear, what comes out is not
   * to be used. Allocates.
   */
  moveTo(core: CoreExports, network: number): void {
    const count = this.channels.length;
    this.channels.length = 0;
    this.filled = 0;
    this.open(core, network, count);
  }

  private open(core: CoreExports, network: number, count: number): void {
    this.core = core;
    for (let i = 0; i < count; i++) {
      this.channels.push(new Channel(core, network, this.rate, this.fifoCapacity(this.quantum), this.start));
    }
    try {
      for (const channel of this.channels) channel.check();
    } catch (error) {
      this.destroy();
      throw error;
    }
    for (const channel of this.channels) channel.takeViews();
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
    const { channels, rate } = this;
    let kept = true;
    if (count !== this.quantum && !(this.variable && count < this.quantum)) kept = this.adopt(count);
    this.started = true;
    // Another node's construction may have grown the shared memory, which empties every view.
    if (channels[0].frameIn.length === 0) {
      for (let c = 0; c < channels.length; c++) channels[c].takeViews();
    }
    const before = this.framesProcessed;
    if (rate === CORE_RATE) this.take(input, count, strength, bypass);
    else this.takeResampled(input, count, strength, bypass);
    // No frame was due: time for work of the next one.
    if (this.spread && !bypass && this.framesProcessed === before) {
      for (let c = 0; c < channels.length; c++) this.core.suppressorPrepare(channels[c].suppressor);
    }
    for (let c = 0; c < channels.length; c++) channels[c].fifo.read(output[c], 0, count);
    return kept;
  }

  /** Speech probability of the last frame, 0..1. */
  get probability(): number {
    return Math.max(0, this.speech[0]);
  }

  /** Blocks that came out short because a frame was late. The delay is made so that there are none. */
  get underruns(): number {
    return this.channels.reduce((sum, { fifo }) => sum + fifo.underruns, 0);
  }

  /** Forgets what the core has adapted to. The sound in flight is lost with it, the delay is not. */
  reset(): void {
    for (const channel of this.channels) channel.reset();
    this.speech[0] = 0;
  }

  destroy(): void {
    for (const channel of this.channels) channel.destroy();
    this.channels.length = 0;
  }

  private fifoCapacity(quantum: number): number {
    // A block may complete frames worth its own length plus one before it is read.
    return this.start + 2 * quantum + 2 * Math.ceil((FRAME * this.rate) / CORE_RATE);
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
    for (const { fifo } of this.channels) {
      fifo.grow(this.fifoCapacity(this.quantum), Math.max(0, more));
      if (!this.started) fifo.clear(start);
    }
    return more === 0;
  }

  /** Runs the core on silence until the engine has optimised it and every weight has been touched. */
  private warmUp(frames: number): void {
    for (const { frameIn } of this.channels) frameIn.fill(0);
    for (let i = 0; i < frames; i++) this.runCore(WARM_UP_STRENGTH);
    this.speech[0] = 0;
    for (const channel of this.channels) channel.reset();
  }

  private runCore(strength: Float32Array): void {
    const { channels, core } = this;
    const { suppressor } = channels[0];
    this.speech[0] =
      channels.length === 1
        ? core.suppressorProcess(suppressor, strength[0])
        : core.suppressorProcessLinked(suppressor, channels[1].suppressor, strength[0]);
  }

  private take(input: Float32Array[], count: number, strength: Float32Array, bypass: boolean): void {
    const { channels } = this;
    let done = 0;
    while (done < count) {
      const { filled } = this;
      const part = Math.min(count - done, FRAME - filled);
      for (let c = 0; c < channels.length; c++) {
        const source = input[c];
        const { frameIn } = channels[c];
        if (part === source.length) frameIn.set(source, filled);
        else for (let i = 0; i < part; i++) frameIn[filled + i] = source[done + i];
      }
      done += part;
      this.filled = filled + part;
      if (this.filled === FRAME) {
        this.filled = 0;
        this.frame(strength, bypass);
        for (let c = 0; c < channels.length; c++) {
          const channel = channels[c];
          channel.fifo.write(channel.frameOut, 0, FRAME);
        }
      }
    }
  }

  private takeResampled(input: Float32Array[], count: number, strength: Float32Array, bypass: boolean): void {
    const { channels, core } = this;
    for (let from = 0; from < count; from += MAX_BLOCK) {
      const part = Math.min(count - from, MAX_BLOCK);
      let there = 0;
      for (let c = 0; c < channels.length; c++) {
        const source = input[c];
        const channel = channels[c];
        const { resamplerIn } = channel;
        for (let i = 0; i < part; i++) resamplerIn[i] = source[from + i];
        there = core.resamplerProcess(channel.toCore, part);
      }
      let done = 0;
      while (done < there) {
        const { filled } = this;
        const step = Math.min(there - done, FRAME - filled);
        for (let c = 0; c < channels.length; c++) {
          const { frameIn, resampled } = channels[c];
          for (let i = 0; i < step; i++) frameIn[filled + i] = resampled[done + i];
        }
        done += step;
        this.filled = filled + step;
        if (this.filled < FRAME) break;
        this.filled = 0;
        this.frame(strength, bypass);
        for (let c = 0; c < channels.length; c++) {
          const channel = channels[c];
          const { backIn, frameOut } = channel;
          for (let i = 0; i < FRAME; i++) backIn[i] = frameOut[i];
          channel.fifo.write(channel.back, 0, core.resamplerProcess(channel.fromCore, FRAME));
        }
      }
    }
  }

  private frame(strength: Float32Array, bypass: boolean): void {
    const { channels, core, observer } = this;
    const first = channels[0];
    observer.frameStart();
    if (bypass) {
      for (let c = 0; c < channels.length; c++) core.suppressorBypass(channels[c].suppressor);
      this.speech[0] = -1;
      this.framesBypassed++;
    } else {
      this.runCore(strength);
      this.framesProcessed++;
    }
    observer.frameEnd(this.speech);
    this.meter.frame(first.frameIn, first.frameOut, this.speech);
  }
}
