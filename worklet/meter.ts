import { CORE_DELAY, FRAME } from '../src/channel/timing';

/** Frames of one window of the levels: 1 s. */
const WINDOW = 100;
/** Hops kept: the output hop of a call is the input hop of as many calls before as the core is late. */
const HISTORY = CORE_DELAY / FRAME + 1;
/** Speech probability below which a frame counts as noise. */
const NOISE = 0.3;
/** Weight of the past in the noise sums, per noise frame: a memory of some 10 s. */
const MEMORY = 0.999;
/** What silence reads, in decibels. */
const FLOOR_DB = -140;

// Places in `state`, which is an array because fields that hold fractions would be boxed on each write.
const INPUT = 0;
const OUTPUT = 1;
const INPUT_SUM = 2;
const OUTPUT_SUM = 3;
const NOISE_BEFORE = 4;
const NOISE_AFTER = 5;
const PAST = 6;

/** Levels before and after the core, and how far it takes noise down. Real-time safe. */
export class Meter {
  private readonly state = new Float64Array(PAST + HISTORY);
  private frames = 0;
  private at = 0;

  /** One frame in and out of the core; `speech[0]` is its probability of speech, -1 when not processed. */
  frame(input: Float32Array, output: Float32Array, speech: Float64Array): void {
    const { state } = this;
    let before = 0;
    let after = 0;
    for (let i = 0; i < FRAME; i++) {
      const x = input[i];
      const y = output[i];
      before += x * x;
      after += y * y;
    }
    state[PAST + this.at] = before;
    this.at = (this.at + 1) % HISTORY;
    state[INPUT_SUM] = state[INPUT_SUM] + before;
    state[OUTPUT_SUM] = state[OUTPUT_SUM] + after;
    if (++this.frames === WINDOW) {
      state[INPUT] = state[INPUT_SUM] / (WINDOW * FRAME);
      state[OUTPUT] = state[OUTPUT_SUM] / (WINDOW * FRAME);
      state[INPUT_SUM] = 0;
      state[OUTPUT_SUM] = 0;
      this.frames = 0;
    }
    if (speech[0] < 0 || speech[0] > NOISE) return;
    state[NOISE_BEFORE] = MEMORY * state[NOISE_BEFORE] + state[PAST + this.at];
    state[NOISE_AFTER] = MEMORY * state[NOISE_AFTER] + after;
  }

  /** dBFS (mean square) of the last whole window. */
  get inputLevel(): number {
    return decibels(this.state[INPUT]);
  }

  get outputLevel(): number {
    return decibels(this.state[OUTPUT]);
  }

  /** Decibels by which noise frames came out quieter than they went in; 0 before the first one. */
  get attenuation(): number {
    const before = this.state[NOISE_BEFORE];
    return before > 0 ? decibels(before) - decibels(this.state[NOISE_AFTER]) : 0;
  }
}

function decibels(power: number): number {
  return Math.max(FLOOR_DB, 10 * Math.log10(power));
}
