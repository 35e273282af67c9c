/**
 * The frame pipeline: one hop of 480 samples in, one hop out, 1440 samples later.
 *
 *   input -> stream -> analysis ------> features, Y, P of frame n - 2
 *              |          |                |
 *              |          |             decisions ---> gains, strengths, speech of frame n - 2
 *              |          v                |
 *           delayed    enhancer <----------+
 *            input        |
 *              |       synthesis ----> hop n - 3
 *              v          v
 *            stream: the one, the other, or a crossfade -> output
 *
 * Everything is allocated by the constructor; every method is real-time safe.
 */
import { Analysis } from './analysis';
import { FRAME_BYTES } from './constants';
import { Decisions } from './decisions';
import { Enhancer } from './enhance/enhancer';
import { Link } from './enhance/link';
import { Network } from './network/percepnet';
import { REST_AFTER } from './settings';
import { Stream } from './stream';
import { Synthesis } from './synthesis';

export class Suppressor {
  readonly stream: Stream = new Stream();
  readonly analysis: Analysis = new Analysis();
  readonly decisions: Decisions;
  readonly enhancer: Enhancer;
  readonly synthesis: Synthesis = new Synthesis();
  /** Of two channels, the left one's. */
  private readonly link: Link = new Link();
  private lastStrength: f32 = 1;
  /** Hops one after the other that were nothing at all, of one of two channels. */
  private silence: i32 = 0;

  /** @param network null: every gain is one */
  constructor(network: Network | null) {
    this.decisions = new Decisions(network);
    this.enhancer = new Enhancer(network ? network.finer : null);
  }

  reset(): void {
    this.stream.reset();
    this.analysis.reset();
    this.decisions.reset();
    this.enhancer.reset();
    this.synthesis.reset();
    this.link.reset();
    this.lastStrength = 1;
    this.silence = 0;
  }

  /**
   * The hop in `stream.input` becomes the hop in `stream.output`.
   * @param strength 0..1: no band falls below 1 - strength; 0 gives the delayed input bit for bit
   * @returns speech probability, 0..1; 0 without a network
   */
  process(strength: f32): f32 {
    this.analyse();
    this.decide();
    this.synthesise(strength);
    return this.decisions.speech;
  }

  /**
   * Two channels, each with a network's state of its own, whose gains are linked where they hear one source (enhance/link.ts). One in
   * which there is nothing costs next to nothing.
   */
  processLinked(other: Suppressor, strength: f32): f32 {
    this.hear();
    other.hear();
    const speech = this.link.process(this.analysis, this.decisions, other.analysis, other.decisions);
    this.tell(strength);
    other.tell(strength);
    return speech;
  }

  /** A channel at rest hears nothing, decides nothing and gives zeros; what it has learnt of its sound stays for when it is back. */
  private get rests(): bool {
    return this.silence > REST_AFTER;
  }

  /** Takes the hop of one of two channels, and decides on the frame two hops before. */
  private hear(): void {
    const silence = this.silence;
    this.accept();
    if (this.analysis.isSilent) this.silence = min(silence, REST_AFTER) + 1;
    if (this.rests) {
      this.decisions.speech = 0;
      return;
    }
    this.analysis.process();
    this.decide();
  }

  /** The hop of one of two channels that goes out. */
  private tell(strength: f32): void {
    if (!this.rests) {
      this.synthesise(strength);
      return;
    }
    memory.fill(changetype<usize>(this.stream.output), 0, FRAME_BYTES);
    this.lastStrength = strength;
    this.stream.leave(strength);
  }

  /** Work of the next hop that can be done before it is there. Whether there is more. */
  prepare(): bool {
    return this.decisions.prepare();
  }

  /** One hop of the delayed input, bit for bit; the hop after a suppressed one fades over. */
  bypass(): void {
    if (this.stream.wet) {
      this.analyse();
      this.decide();
      this.enhance(this.lastStrength);
    } else {
      this.accept();
    }
    this.stream.leaveDry();
  }

  private accept(): void {
    this.silence = 0;
    this.analysis.accept(this.stream.accept());
  }

  /** Takes the hop in `stream.input`. */
  analyse(): void {
    this.accept();
    this.analysis.process();
  }

  /** Decides on the frame two hops before. */
  decide(): void {
    this.decisions.process(changetype<usize>(this.analysis.features));
  }

  /** Turns decisions into the hop in `stream.output`. */
  synthesise(strength: f32): void {
    this.enhance(strength);
    this.stream.leave(strength);
  }

  private enhance(strength: f32): void {
    const spectrum = this.enhancer.process(this.analysis, this.decisions, strength);
    this.synthesis.process(spectrum, changetype<usize>(this.stream.output));
    this.lastStrength = strength;
  }
}
