/** Channels that outlive their core: what a fault would have lost is made again by another one, or passes as it is. */
import { headStart, producedAfter, wholeDelay, wholeFrames } from '../channel/timing';
import type { NoiseSuppressorError } from '../shared/errors';
import { Chain, type Line } from './chain';
import type { SharedCore } from './cores';

/** Milliseconds of the past that a new core hears first: what the pitch search looks back on, and the network's first steps. */
const PAST_MS = 120;

/** Real-time safe but for the constructor, lead, destroy, and for what follows a fault. */
export class Lasting implements Line {
  /** Samples of the longest write. What is a multiple of it comes out whole. */
  readonly block: number;
  /** Samples that blocks of other lengths may wait for more. */
  readonly wait: number;
  readonly strength = new Float32Array(1);
  /** [0] is the probability of speech of the last frame. */
  readonly speech = new Float64Array(1);
  private fault: NoiseSuppressorError | null = null;
  private readonly ownLate: number;
  private readonly zeros: number;
  private chain: Chain | null;
  /** Zeros that lead, for good. */
  private start = 0;
  /** Each channel's input of late, as a ring; where it is written next, how many samples of it count. */
  private readonly past: readonly Float32Array[];
  private at = 0;
  private held = 0;
  /** Samples since whole frames were full last. */
  private phase = 0;
  /** Samples that can be read while there is no chain. */
  private owed = 0;
  private readonly scratch: readonly Float32Array[];

  /** @throws {NoiseSuppressorError} as Chain does */
  constructor(
    private core: SharedCore,
    private readonly rate: number,
    private readonly count: number,
  ) {
    this.block = wholeFrames(rate);
    this.zeros = wholeDelay(rate).zeros;
    this.wait = headStart(rate, 1, this.zeros);
    // What may be owed, the past of that, and as much as whole frames may begin before it.
    const length = this.block + this.wait + Math.ceil((PAST_MS * rate) / 1000) + this.block;
    const lines = (samples: number): Float32Array[] => Array.from({ length: count }, () => new Float32Array(samples));
    this.past = lines(length);
    this.scratch = lines(this.block);
    this.chain = this.open();
    this.ownLate = this.chain.late;
  }

  get late(): number {
    return this.ownLate + this.start;
  }

  /** Whether zeros lead. */
  get leads(): boolean {
    return this.start > 0;
  }

  /** Whether there is a core. */
  get works(): boolean {
    return this.chain !== null;
  }

  /** Why neither the core nor another could run on a frame, which has passed as it came; null when asked again. */
  takeFault(): NoiseSuppressorError | null {
    const { fault } = this;
    this.fault = null;
    return fault;
  }

  get ready(): number {
    return this.chain ? this.chain.ready : this.owed;
  }

  /** Never throws: see takeFault(). */
  write(input: readonly Float32Array[], count: number): void {
    const { rate, zeros, phase, ready } = this;
    this.remember(input, count);
    if (this.chain) {
      try {
        this.chain.write(input, count);
        return;
      } catch (error) {
        this.fault = error as NoiseSuppressorError;
      }
    }
    const due = producedAfter(phase + count, rate, zeros) - producedAfter(phase, rate, zeros);
    if (!this.chain && due === 0) return;
    this.owed = ready + due;
    this.chain = this.renewed();
    if (this.chain) this.fault = null;
    else this.speech[0] = 0;
  }

  read(output: readonly Float32Array[], count: number): void {
    if (this.chain) this.chain.read(output, count);
    else this.pass(output, count);
  }

  /** `zeros` in front of what is ready, for good. */
  lead(zeros: number): void {
    this.start += zeros;
    if (this.chain) this.chain.lead(zeros);
    else this.owed += zeros;
  }

  /** Forgets all that was heard; `late` stays. */
  reset(): void {
    for (let c = 0; c < this.count; c++) this.past[c]!.fill(0);
    this.at = 0;
    this.held = 0;
    this.phase = 0;
    this.owed = this.start;
    this.fault = null;
    this.speech[0] = 0;
    try {
      this.chain?.begin(this.start);
    } catch {
      this.chain = null;
    }
  }

  destroy(): void {
    this.chain?.destroy();
    this.chain = null;
    this.core.release();
  }

  private open(): Chain {
    return new Chain(this.core, this.rate, this.count, 2 * this.block, this.strength, this.speech);
  }

  private remember(input: readonly Float32Array[], count: number): void {
    const { past, at, block } = this;
    const length = past[0]!.length;
    for (let c = 0; c < past.length; c++) {
      const ring = past[c]!;
      const samples = input[c]!;
      for (let i = 0, to = at; i < count; i++) {
        ring[to] = samples[i]!;
        to = to + 1 === length ? 0 : to + 1;
      }
    }
    this.at = (at + count) % length;
    this.held = Math.min(this.held + count, length);
    this.phase = (this.phase + count) % block;
  }

  /** Another core that has heard the past and holds what is owed, or null, with the reason in `fault`. */
  private renewed(): Chain | null {
    try {
      this.core = this.core.renew();
      const chain = this.open();
      this.replay(chain);
      return chain;
    } catch (error) {
      this.fault = error as NoiseSuppressorError;
      return null;
    }
  }

  private replay(chain: Chain): void {
    const { rate, zeros, phase, block, scratch } = this;
    const least = this.owed + Math.ceil((PAST_MS * rate) / 1000);
    // From where frames were full, so that those of the new core lie as those of the old one did.
    const heard = Math.min(this.held, phase + Math.ceil(Math.max(0, least - phase) / block) * block);
    let surplus = producedAfter(heard, rate, zeros) - this.owed;
    for (let left = heard; left > 0; left -= block) {
      const count = Math.min(block, left);
      this.copyPast(left, scratch, count);
      chain.write(scratch, count);
      const dropped = Math.min(Math.max(0, surplus), chain.ready);
      chain.read(scratch, dropped);
      surplus -= dropped;
    }
    if (surplus < 0) chain.lead(-surplus);
  }

  /** The delayed input. */
  private pass(output: readonly Float32Array[], count: number): void {
    const waiting = this.phase - producedAfter(this.phase, this.rate, this.zeros);
    this.copyPast(waiting + this.owed + this.ownLate, output, count);
    this.owed -= count;
  }

  /** `count` samples of each channel, the first of them `back` before the next one. */
  private copyPast(back: number, output: readonly Float32Array[], count: number): void {
    const { past, at } = this;
    const length = past[0]!.length;
    for (let c = 0; c < past.length; c++) {
      const ring = past[c]!;
      const samples = output[c]!;
      for (let i = 0; i < count; i++) samples[i] = ring[(at - back + i + length) % length]!;
    }
  }
}
