/** Sound as it comes, without Web Audio. */
import '../shared/disposable';
import type { NetworkInfo } from '../core/model';
import { SAMPLE_RATE as CORE_RATE } from '../core/shape';
import { assetsOf } from '../loading/asset-options';
import { NoiseSuppressorError } from '../shared/errors';
import { Aligned, copyFinite } from './aligned';
import { acquireCore, failed, type SharedCore } from './cores';
import { Lasting } from './lasting';
import { checkDenoiser, checkSamples, checkStrength, type DenoiseOptions } from './options';
import { type Chunk, channelsOf, joined, type Kind, kindOfChunk, toFloats } from './samples';

/**
 * Sound as it comes, at any rate, in pieces of any length, in two ways. `process(chunk)` gives what is ready and `flush()` the rest:
 * together as many samples as went in, in step with them. `process(input, output)` gives as many samples as go in, `delay` later.
 * A core that traps is replaced, and goes on where the other stopped.
 * @example
 * ```ts
 * const denoiser = await Denoiser.create({ sampleRate: 16000 });
 * for await (const chunk of pcm) send(denoiser.process(chunk)); // Int16Array or Float32Array, as chunk is
 * send(denoiser.flush());
 * ```
 */
export class Denoiser {
  /** Hertz, of input and output. */
  readonly sampleRate: number;
  /**
   * Samples per channel that are processed at once: 10 ms where those are a whole number of samples, else the least multiple that is one
   * (441 at 22050 Hz). Blocks of a multiple of it have the least delay.
   */
  readonly frameLength: number;
  /** Which network runs. */
  readonly network: NetworkInfo;
  /** Null once destroyed. */
  private line: Lasting | null;
  /** Delay of blocks of a multiple of frameLength, and what others add to it. */
  private readonly least: number;
  private readonly wait: number;
  private readonly sides: number;
  private currentStrength: number;
  /** True from the first block on that was no multiple of frameLength. */
  private odd = false;
  /** How it is used since the last reset. */
  private use: 'any' | 'blocks' | 'chunks' = 'any';
  /** A block of each channel on its way. */
  private readonly parts: readonly Float32Array[];
  private aligned: Aligned | null = null;
  /** What process(chunk) has ready, in pieces of each channel, and the kind of the last chunk. */
  private readonly pieces: Float32Array[][] = [];
  private kind: Kind;
  /** Whether process(chunk) has told that the sound passes as it is. */
  private told = false;

  /**
   * Loads core and network, and makes one.
   * @throws {NoiseSuppressorError} 'invalid-input' for an option that is none, which it names; 'aborted', 'timeout'; and what loading
   * the assets throws
   */
  static async create(options: Omit<DenoiseOptions, 'onProgress' | 'workers'> = {}): Promise<Denoiser> {
    checkDenoiser(options);
    const { sampleRate = CORE_RATE, strength = 1, signal } = options;
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
      return new Denoiser(core, Math.round(sampleRate), channels, strength);
    } catch (error) {
      core.release();
      throw failed(core, error);
    }
  }

  private constructor(core: SharedCore, rate: number, channels: number, strength: number) {
    const line = new Lasting(core, rate, channels);
    this.line = line;
    this.sampleRate = rate;
    this.frameLength = line.block;
    this.least = line.late;
    this.wait = line.wait;
    this.network = core.info;
    this.currentStrength = strength;
    line.strength[0] = strength;
    this.sides = channels;
    this.parts = Array.from({ length: channels }, () => new Float32Array(line.block));
    this.kind = { integers: false, list: channels > 1 };
  }

  /**
   * Samples from input to output: by so many process(input, output) is late, and so many process(chunk) holds back at most. 1440 (30 ms)
   * at 48 kHz, 592 (37 ms) at 16 kHz, 352 (44 ms) at 8 kHz, as long as every block was a multiple of frameLength; up to 10 ms more from
   * the first one that was not, for good (1919 at 48 kHz). That block comes out of process(input, output) with so many zeros in front
   * of what was due.
   */
  get delay(): number {
    return this.least + (this.odd ? this.wait : 0);
  }

  /** 0..1, from the next frame on. */
  get strength(): number {
    return this.currentStrength;
  }

  set strength(value: number) {
    this.currentStrength = checkStrength(value);
    if (this.line) this.line.strength[0] = value;
  }

  /** Probability of speech in the last whole frame, 0..1. */
  get speechProbability(): number {
    return this.line?.speech[0] ?? 0;
  }

  /**
   * Takes a chunk of any length and gives, in step with all that went in, what is ready of it: nothing at first, at most `delay` samples
   * fewer than went in later. 16-bit PCM is rounded and clipped.
   * @param chunk samples in +-1, or 16-bit PCM; in stereo a list of left and right, of one length and kind
   * @returns new arrays of the kind of `chunk`
   * @throws {NoiseSuppressorError} 'invalid-input' for what is no such chunk, or between calls with an output (reset() first): the chunk
   * was not taken; 'destroyed'; 'processor-failed', once, when the core traps and so does a new one: the chunk was taken, and comes
   * out of the next call as it went in
   */
  process(chunk: Float32Array): Float32Array;
  process(chunk: Int16Array): Int16Array;
  process(chunk: readonly Float32Array[]): Float32Array[];
  process(chunk: readonly Int16Array[]): Int16Array[];
  /**
   * A block of any length: as many samples come out as go in, `delay` later. Gives the speech probability, 0..1, of the last whole frame.
   * Real-time safe, as are reset() and strength: allocates nothing, but for the first block that is no multiple of frameLength. To have the
   * end of a recording, put in `delay` zeros after it.
   * @param input samples in +-1; in stereo all of the left channel followed by as many of the right one
   * @param output as input; may be the same array, and share no part of its memory otherwise. What it has beyond the length of input stays
   * as it is
   * @throws {NoiseSuppressorError} 'invalid-input' for what is no Float32Array, an odd number of samples in stereo, an output shorter than
   * input or laid over it, or between calls without one (reset() first); 'destroyed'; 'processor-failed' when the core traps and so does
   * a new one: the block is whole even then, with the delayed input where the core failed
   */
  process(input: Float32Array, output: Float32Array): number;
  process(input: Chunk, output?: Float32Array): Chunk | number {
    this.living();
    // biome-ignore lint/complexity/noArguments: an output that is undefined by mistake is told, and a rest parameter would allocate.
    return arguments.length < 2 ? this.takeChunk(input) : this.takeBlock(input as Float32Array, output as Float32Array);
  }

  /**
   * What process(chunk) still holds back, so that all that went in has come out; then begins anew, as reset() does.
   * @returns of the kind of the last chunk; empty when there was none
   * @throws {NoiseSuppressorError} 'destroyed'; 'invalid-input' after calls with an output; 'processor-failed' as process(chunk): the next
   * flush() gives it
   */
  flush<Kind extends Chunk = Float32Array>(): Kind {
    this.living();
    this.enter('chunks');
    this.aligned?.finish();
    this.tell();
    const rest = this.taken();
    this.reset();
    return rest as Kind;
  }

  /** Forgets all that was heard, and what was not given out yet; `delay` stays. */
  reset(): void {
    this.living().reset();
    this.use = 'any';
    this.aligned = null;
    this.pieces.length = 0;
    this.told = false;
  }

  /** Idempotent. */
  destroy(): void {
    this.line?.destroy();
    this.line = null;
  }

  /** As destroy(), for `using`. */
  [Symbol.dispose](): void {
    this.destroy();
  }

  private living(): Lasting {
    if (!this.line) throw new NoiseSuppressorError('destroyed', 'this Denoiser was destroyed');
    return this.line;
  }

  private enter(use: 'blocks' | 'chunks'): void {
    if (this.use === use) return;
    if (this.use !== 'any') {
      const text = 'process(chunk) and process(input, output) give the sound at different times: reset() between them';
      throw new NoiseSuppressorError('invalid-input', text);
    }
    this.use = use;
  }

  private takeChunk(chunk: Chunk): Chunk {
    const line = this.living();
    const channels = channelsOf(chunk, this.sides);
    this.enter('chunks');
    this.kind = kindOfChunk(chunk);
    const length = channels[0]!.length;
    this.odd ||= length % this.frameLength !== 0;
    this.aligned ??= new Aligned(line, this.sides, line.block, (samples) => {
      this.pieces.push(samples.map((piece) => piece.slice()));
    });
    this.aligned.push(channels.map(toFloats), 0, length);
    this.tell();
    return this.taken();
  }

  /** Once while it lasts. */
  private tell(): void {
    const line = this.living();
    const fault = line.takeFault();
    const known = this.told;
    this.told = fault !== null || (known && !line.works);
    if (fault && !known) throw fault;
  }

  private taken(): Chunk {
    return joined(this.pieces.splice(0), this.sides, this.kind);
  }

  private takeBlock(input: Float32Array, output: Float32Array): number {
    const { parts, sides } = this;
    const line = this.living();
    checkSamples('input', input);
    checkSamples('output', output);
    const length = input.length / sides;
    if (!Number.isInteger(length)) {
      const text = `input has as many samples for the right as for the left channel, not ${input.length} together`;
      throw new NoiseSuppressorError('invalid-input', text);
    }
    if (output.length < input.length) {
      const text = `output has room for the ${input.length} samples of input, not ${output.length}`;
      throw new NoiseSuppressorError('invalid-input', text);
    }
    const shift = output.byteOffset - input.byteOffset;
    if (shift !== 0 && output.buffer === input.buffer && Math.abs(shift) < input.byteLength) {
      const text =
        'output lies over a part of input, which would be written before it is read: give the same array, or another';
      throw new NoiseSuppressorError('invalid-input', text);
    }
    this.enter('blocks');
    this.odd ||= length % this.frameLength !== 0;
    if (this.odd && !line.leads) line.lead(line.wait);
    let fault: NoiseSuppressorError | null = null;
    for (let at = 0; at < length; at += line.block) {
      const count = Math.min(line.block, length - at);
      for (let c = 0; c < sides; c++) copyFinite(input, c * length + at, parts[c]!, count);
      line.write(parts, count);
      fault ??= line.takeFault();
      line.read(parts, count);
      for (let c = 0; c < sides; c++) {
        const part = parts[c]!;
        for (let i = 0; i < count; i++) output[c * length + at + i] = part[i]!;
      }
    }
    if (fault) throw fault;
    return line.speech[0]!;
  }
}
