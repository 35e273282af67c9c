/** Whole recordings through the core, block by block, at any sample rate and with the delay removed. For offline use only. */
import { Aligned, type Sink } from './aligned';
import { Chain } from './chain';
import type { SharedCore } from './cores';

/** Samples taken at a time. */
const CHUNK = 960;

/** A recording on its way through a core; when that traps, push() and finish() throw, and the recording has to begin anew. */
export class Stream extends Aligned {
  private readonly chain: Chain;

  /** @throws {NoiseSuppressorError} as Chain does */
  constructor(core: SharedCore, rate: number, channelCount: number, strength: number, sink: Sink) {
    const chain = new Chain(core, rate, channelCount, CHUNK, Float32Array.of(strength));
    super(chain, channelCount, CHUNK, sink);
    this.chain = chain;
  }

  destroy(): void {
    this.chain.destroy();
  }
}
