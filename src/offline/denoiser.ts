/** Sound as it comes, without Web Audio. */
import '../shared/disposable';
import { NoRoom } from '../channel/channels';
import { Fifo } from '../channel/fifo';
import type { NetworkInfo } from '../core/model';
import { DELAY as CORE_DELAY, SAMPLE_RATE as CORE_RATE, FRAME } from '../core/shape';
import { assetsOf } from '../loading/asset-options';
import { NoiseSuppressorError } from '../shared/errors';
import { acquireCore, failed, type SharedCore } from './cores';
import { checkDenoiser, checkSamples, checkStrength, type DenoiseOptions } from './options';

/** Frames of the past that are kept for a new core: what the pitch search looks back on, and the network's first steps. */
const PAST = 12;
/** Frames in the ring: the past, and the one that is being filled. */
const RING = PAST + 1;
/** Frames of the delay: the input of so many frames ago is the output of now. */
const DELAY = CORE_DELAY / FRAME;

/** A f32 buffer in the core's memory whose view survives growth of that memory. */
class CoreBuffer {
  private cached: Float32Array;

  constructor(
    private readonly memory: WebAssembly.Memory,
    private readonly at: number,
    private readonly length: number,
  ) {
    this.cached = new Float32Array(memory.buffer, at, length);
  }

  /** Allocates only after the memory has grown. */
  get view(): Float32Array {
    if (this.cached.buffer !== this.memory.buffer) {
      this.cached = new Float32Array(this.memory.buffer, this.at, this.length);
    }
    return this.cached;
  }
}

/** One channel: views of the core's memory, which a new core replaces, and what is not the core's. */
class Side {
  suppressor = -1;
  input!: CoreBuffer;
  output!: CoreBuffer;
  /** Input, RING frames as a ring. */
  readonly past = new Float32Array(RING * FRAME);
  /** Samples that are ready to go out. */
  readonly ready = new Fifo(3 * FRAME);

  open({ exports, network }: SharedCore): void {
    this.suppressor = exports.suppressorCreate(network);
    if (this.suppressor < 0) throw new NoRoom(`the core has no suppressor left (${this.suppressor})`);
    this.input = new CoreBuffer(exports.memory, exports.suppressorInput(this.suppressor), FRAME);
    this.output = new CoreBuffer(exports.memory, exports.suppressorOutput(this.suppressor), FRAME);
  }
}

/**
 * Block by block, for custom pipelines: out comes the input of `delay` samples ago, denoised. process(), reset() and strength are
 * real-time safe: they allocate nothing, but for the first block that is no multiple of frameLength. To have the end of a recording,
 * put in `delay` zeros after it. A core that traps is replaced, and goes on where the other stopped.
 * @example
 * ```ts
 * const denoiser = await Denoiser.create({ strength: 0.9 });
 * denoiser.process(block, block); // 10 ms are 480 samples at 48 kHz
 * ```
 */
export class Denoiser {
  /** Hertz. */
  readonly sampleRate = CORE_RATE;
  /** Samples per channel that are processed at once: 10 ms. Blocks of a multiple of it have the least delay. */
  readonly frameLength = FRAME;
  /** Which network runs. */
  readonly network: NetworkInfo;
  private core: SharedCore | null;
  private readonly sides: Side[];
  private currentStrength: number;
  /** Frame of the ring that is being filled, and samples in it. */
  private frame = 0;
  private filled = 0;
  private headStart = 0;
  /** Speech probability of the last frame; in an array, as a field it would be boxed. */
  private readonly speech = new Float64Array(1);
  /** Why the last core failed, until process() has thrown it. */
  private fault: NoiseSuppressorError | null = null;

  /**
   * Loads core and network, and makes one.
   * @throws {NoiseSuppressorError} 'invalid-input' for an option that is none, which it names, or a sampleRate other than 48000
   * (denoise() takes any); 'aborted', 'timeout'; and what loading the assets throws
   */
  static async create(options: Omit<DenoiseOptions, 'onProgress'> = {}): Promise<Denoiser> {
    checkDenoiser(options);
    const { sampleRate = CORE_RATE, strength = 1, signal } = options;
    if (sampleRate !== CORE_RATE) {
      const text = `sampleRate is ${CORE_RATE} in a Denoiser, not ${sampleRate}: resample, or use denoise()`;
      throw new NoiseSuppressorError('invalid-input', text);
    }
    const checkAborted = (): void => {
      if (signal?.aborted) throw new NoiseSuppressorError('aborted', 'create() was aborted', { cause: signal.reason });
    };
    checkAborted();
    const channels = options.channels === 'stereo' ? 2 : 1;
    const acquired = await acquireCore(assetsOf(options), channels, options);
    // Somebody else may have broken it meanwhile.
    const core = acquired.broken ? acquired.renew() : acquired;
    try {
      checkAborted();
      return new Denoiser(core, channels, strength);
    } catch (error) {
      core.release();
      throw failed(core, error);
    }
  }

  private constructor(core: SharedCore, channels: number, strength: number) {
    this.core = core;
    this.network = core.info;
    this.currentStrength = strength;
    this.sides = Array.from({ length: channels }, () => new Side());
    for (const side of this.sides) side.open(core);
  }

  /**
   * Samples from input to output: 1440 (30 ms) as long as every block was a multiple of frameLength; 1919 from the first one that was
   * not, for good. That block comes out with 479 zeros in front of what was due.
   */
  get delay(): number {
    return CORE_DELAY + this.headStart;
  }

  /** 0..1, from the next frame on. */
  get strength(): number {
    return this.currentStrength;
  }

  set strength(value: number) {
    this.currentStrength = checkStrength(value);
  }

  /**
   * A block of any length: as many samples come out as go in. Returns the speech probability, 0..1, of the last whole frame.
   * @param input samples in +-1; in stereo all of the left channel followed by as many of the right one
   * @param output as input; may be the same array. What it has beyond the length of input stays as it is
   * @throws {NoiseSuppressorError} 'invalid-input' for what is no Float32Array, an odd number of samples in stereo, or an output
   * shorter than input; 'destroyed'; 'processor-failed' when the core traps and so does a new one: the block is whole even then,
   * with the delayed input where the core failed
   */
  process(input: Float32Array, output: Float32Array): number {
    this.living();
    const { sides } = this;
    checkSamples('input', input);
    checkSamples('output', output);
    const length = input.length / sides.length;
    if (!Number.isInteger(length)) {
      const text = `input has as many samples for the right as for the left channel, not ${input.length} together`;
      throw new NoiseSuppressorError('invalid-input', text);
    }
    if (output.length < input.length) {
      const text = `output has room for the ${input.length} samples of input, not ${output.length}`;
      throw new NoiseSuppressorError('invalid-input', text);
    }
    if (length % FRAME !== 0 && this.headStart === 0) {
      this.headStart = FRAME - 1;
      for (const { ready } of sides) ready.grow(3 * FRAME, this.headStart);
    }
    for (let at = 0; at < length; ) {
      const count = Math.min(length - at, FRAME - this.filled);
      const to = this.frame * FRAME + this.filled;
      for (let c = 0; c < sides.length; c++) {
        const { past } = sides[c]!;
        for (let i = 0; i < count; i++) past[to + i] = input[c * length + at + i]!;
      }
      this.filled += count;
      if (this.filled === FRAME) this.finishFrame();
      for (let c = 0; c < sides.length; c++) sides[c]!.ready.read(output, c * length + at, count);
      at += count;
    }
    const { fault } = this;
    this.fault = null;
    if (fault) throw fault;
    return this.speech[0]!;
  }

  /** Forgets all that was heard; `delay` stays. */
  reset(): void {
    const core = this.living();
    for (const { suppressor, past, ready } of this.sides) {
      if (!core.broken) core.exports.suppressorReset(suppressor);
      past.fill(0);
      ready.clear(this.headStart);
    }
    this.filled = 0;
    this.speech[0] = 0;
  }

  /** Idempotent. */
  destroy(): void {
    const { core } = this;
    if (!core) return;
    this.core = null;
    if (!core.broken) for (const { suppressor } of this.sides) core.exports.suppressorDestroy(suppressor);
    core.release();
  }

  /** As destroy(), for `using`. */
  [Symbol.dispose](): void {
    this.destroy();
  }

  private living(): SharedCore {
    if (!this.core) throw new NoiseSuppressorError('destroyed', 'this Denoiser was destroyed');
    return this.core;
  }

  /** The frame is whole: on this core, or, when it or somebody else's call broke it, on a new one. */
  private finishFrame(): void {
    const broken = this.living().broken;
    if (broken || !this.attempt(this.frame)) {
      if (this.renew() && this.attempt(this.frame)) this.fault = null;
      else this.passOn();
    }
    this.frame = (this.frame + 1) % RING;
    this.filled = 0;
  }

  /** Runs a frame of the ring; false, and the core out of use, when the core trapped. */
  private attempt(frame: number, silent = false): boolean {
    const { sides } = this;
    const core = this.living();
    try {
      for (let c = 0; c < sides.length; c++) {
        const { past, input } = sides[c]!;
        const { view } = input;
        for (let i = 0; i < FRAME; i++) view[i] = past[frame * FRAME + i]!;
      }
      const left = sides[0]!.suppressor;
      this.speech[0] =
        sides.length === 1
          ? core.exports.suppressorProcess(left, this.currentStrength)
          : core.exports.suppressorProcessLinked(left, sides[1]!.suppressor, this.currentStrength);
    } catch (error) {
      this.fault = failed(core, error);
      return false;
    }
    if (!silent) for (let c = 0; c < sides.length; c++) sides[c]!.ready.write(sides[c]!.output.view, 0, FRAME);
    return true;
  }

  /** Another core, which hears the last frames first. */
  private renew(): boolean {
    try {
      this.core = this.living().renew();
      for (const side of this.sides) side.open(this.core);
    } catch (error) {
      this.fault = failed(this.living(), error);
      return false;
    }
    for (let k = 1; k < RING; k++) if (!this.attempt((this.frame + k) % RING, true)) return false;
    return true;
  }

  /** The delayed input. */
  private passOn(): void {
    const from = (this.frame + RING - DELAY) % RING;
    for (const { past, ready } of this.sides) ready.write(past.slice(from * FRAME, (from + 1) * FRAME), 0, FRAME);
    this.speech[0] = 0;
  }
}
