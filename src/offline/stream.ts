/** Whole recordings through the core, block by block, at any sample rate and with the delay removed. For offline use only. */

import type { CoreExports } from '../core/exports';
import { DELAY as CORE_DELAY, SAMPLE_RATE as CORE_RATE, FRAME } from '../core/shape';
import { CoreLost, created, failed, type SharedCore } from './cores';

/** Input samples resampled at a time. */
const CHUNK = 960;

/** A f32 buffer in the core's memory whose view survives growth of that memory. */
export class CoreBuffer {
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

class StreamResampler {
  readonly input: CoreBuffer;
  readonly output: CoreBuffer;
  /** In samples of its input. */
  readonly delay: number;
  private readonly handle: number;

  constructor(
    private readonly core: CoreExports,
    from: number,
    to: number,
    maxInput: number,
  ) {
    this.handle = created(core.resamplerCreate(from, to, maxInput));
    this.delay = core.resamplerDelay(this.handle);
    this.input = new CoreBuffer(core.memory, core.resamplerInput(this.handle), maxInput);
    const maxOutput = Math.ceil((maxInput * to) / from) + 1;
    this.output = new CoreBuffer(core.memory, core.resamplerOutput(this.handle), maxOutput);
  }

  process(count: number): number {
    return this.core.resamplerProcess(this.handle, count);
  }

  destroy(): void {
    this.core.resamplerDestroy(this.handle);
  }
}

/** One channel: rate -> 48 kHz -> suppressor -> rate. */
class Channel {
  readonly suppressor: number;
  readonly input: CoreBuffer;
  readonly output: CoreBuffer;
  readonly toCore: StreamResampler | null = null;
  readonly fromCore: StreamResampler | null = null;

  constructor(
    private readonly core: CoreExports,
    network: number,
    rate: number,
  ) {
    this.suppressor = created(core.suppressorCreate(network));
    this.input = new CoreBuffer(core.memory, core.suppressorInput(this.suppressor), FRAME);
    this.output = new CoreBuffer(core.memory, core.suppressorOutput(this.suppressor), FRAME);
    if (rate !== CORE_RATE) {
      this.toCore = new StreamResampler(core, rate, CORE_RATE, CHUNK);
      this.fromCore = new StreamResampler(core, CORE_RATE, rate, FRAME);
    }
  }

  destroy(): void {
    this.core.suppressorDestroy(this.suppressor);
    this.toCore?.destroy();
    this.fromCore?.destroy();
  }
}

/** Takes `count` finished samples per channel; the arrays are only valid during the call. */
export type Sink = (channels: readonly Float32Array[], count: number) => void;

/**
 * A recording on its way through the core. Feed it with push(), end with finish(); the sink gets as many samples as went in,
 * in step with them. Channels are taken in pairs (0 and 1, 2 and 3, ...) that share their gains; a last odd one is alone.
 */
export class Stream {
  private readonly channels: Channel[] = [];
  /** Samples in the suppressors' input frames. */
  private filled = 0;
  /** Samples still to be dropped from the front of the output. */
  private late = CORE_DELAY;
  private received = 0;
  private delivered = 0;

  constructor(
    private readonly core: SharedCore,
    rate: number,
    channelCount: number,
    private readonly strength: number,
    private readonly sink: Sink,
  ) {
    // Somebody else may have broken it since it was acquired.
    if (core.broken) throw new CoreLost();
    try {
      for (let i = 0; i < channelCount; i++) this.channels.push(new Channel(core.exports, core.network, rate));
      const { toCore, fromCore } = this.channels[0] ?? {};
      if (toCore && fromCore) {
        // The delay at 48 kHz is a whole number of samples of `rate` only at multiples of `step`: zeros ahead make it one.
        const step = CORE_RATE / greatestCommonDivisor(CORE_RATE, rate);
        const delay = Math.ceil((CORE_DELAY + fromCore.delay) / step) * step;
        this.late = toCore.delay + (delay * rate) / CORE_RATE;
        this.prefill(delay - CORE_DELAY - fromCore.delay);
      }
    } catch (error) {
      this.destroy();
      throw failed(core, error);
    }
  }

  /**
   * Takes samples first to end of all channels. What is not finite counts as 0.
   * @throws {NoiseSuppressorError} 'processor-failed' when the core traps, CoreLost when it did so for somebody else
   */
  push(channels: readonly Float32Array[], first: number, end: number): void {
    this.received += end - first;
    for (let at = first; at < end; at += CHUNK) this.run(channels, at, Math.min(CHUNK, end - at));
  }

  /** Delivers the rest. Throws as push() does. */
  finish(): void {
    const silence = this.channels.map(() => new Float32Array(CHUNK));
    while (this.delivered < this.received) this.run(silence, 0, CHUNK);
  }

  destroy(): void {
    for (const channel of this.channels.splice(0)) if (!this.core.broken) channel.destroy();
  }

  private run(sources: readonly Float32Array[], first: number, count: number): void {
    if (this.core.broken) throw new CoreLost();
    try {
      this.feed(sources, first, count);
    } catch (error) {
      throw failed(this.core, error);
    }
  }

  private feed(sources: readonly Float32Array[], first: number, count: number): void {
    let ready = count;
    for (const [i, channel] of this.channels.entries()) {
      if (!channel.toCore) continue;
      copyFinite(sources[i]!, first, channel.toCore.input.view, 0, count);
      ready = channel.toCore.process(count);
    }
    for (let at = 0; at < ready; ) {
      const take = Math.min(ready - at, FRAME - this.filled);
      for (const [i, channel] of this.channels.entries()) {
        if (channel.toCore) copyFinite(channel.toCore.output.view, at, channel.input.view, this.filled, take);
        else copyFinite(sources[i]!, first + at, channel.input.view, this.filled, take);
      }
      this.filled += take;
      at += take;
      if (this.filled === FRAME) this.runFrame();
    }
  }

  private runFrame(): void {
    const { exports } = this.core;
    for (let i = 0; i < this.channels.length; i += 2) {
      const left = this.channels[i]!.suppressor;
      const right = this.channels[i + 1]?.suppressor;
      if (right === undefined) exports.suppressorProcess(left, this.strength);
      else exports.suppressorProcessLinked(left, right, this.strength);
    }
    this.filled = 0;
    let count = FRAME;
    for (const { fromCore, output } of this.channels) {
      if (!fromCore) continue;
      fromCore.input.view.set(output.view);
      count = fromCore.process(FRAME);
    }
    this.deliver(count);
  }

  private prefill(count: number): void {
    for (let at = 0; at < count; at += FRAME) {
      const length = Math.min(FRAME, count - at);
      let written = 0;
      for (const { fromCore } of this.channels) {
        fromCore!.input.view.fill(0, 0, length);
        written = fromCore!.process(length);
      }
      this.late -= written;
    }
  }

  private deliver(count: number): void {
    const skip = Math.min(Math.max(this.late, 0), count);
    this.late -= skip;
    const length = Math.min(count - skip, this.received - this.delivered);
    if (length <= 0) return;
    this.delivered += length;
    this.sink(
      this.channels.map(({ fromCore, output }) => (fromCore ?? { output }).output.view.subarray(skip, skip + length)),
      length,
    );
  }
}

function copyFinite(from: Float32Array, first: number, to: Float32Array, at: number, count: number): void {
  for (let i = 0; i < count; i++) {
    const x = from[first + i]!;
    // Infinity and NaN are the two that differ from themselves here.
    to[at + i] = x - x === 0 ? x : 0;
  }
}

function greatestCommonDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestCommonDivisor(b, a % b);
}
