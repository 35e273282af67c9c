/**
 * Many channels to one, so that a voice in any of them comes out whole.
 *
 *   y = SUM w_c x_c,  SUM |w_c| = 1
 *   |w_c| ~ clamp((12 dB + p_c / max p) / 9 dB, 0, 1)     all within 3 dB count alike (the mean), one 12 dB below not at all
 *   w_c < 0 for a channel that runs against the others (correlation below -0.5): their sum would cancel
 *
 * p is the energy of what is active in a channel: frames of 10 ms 10 dB above its floor, the least level of late. It follows at once upwards
 * and falls 20 dB a second while others are active, so talkers in turn and at once are all heard, while noise and silence, which have no
 * such frames, do not make a voice quieter. Weights move from frame to frame on a straight line. Real-time safe.
 */

/** Frames a second. */
const FRAMES = 100;
/** Share of the newest frame in smoothed levels and correlations: 0.1 s. */
const SMOOTHING = 0.1;
/** Rise of the floor in a frame, 5 dB a second, and fall of p, 20 dB a second. */
const FLOOR_RISE = 10 ** (5 / 10 / FRAMES);
const FALL = 10 ** (-20 / 10 / FRAMES);
/** 10 dB: more than this above its floor is active. */
const ACTIVE = 10;
/** Level that counts for a channel before anything was active, as a share of its energy: any voice is above it. */
const IDLE = 1e-3;
/** Range in dB from no weight to full weight, and how much more than full weight a channel as strong as the strongest would have. */
const RANGE_DB = 9;
const LEAST_DB = -12;
/** Correlation at which a channel counts as inverted. */
const AGAINST = -0.5;
/** Mean square of a frame below which nothing is decided: -120 dBFS. */
const SILENCE = 1e-12;
/** Larger samples, and what is no number, count as 0: their squares must stay finite. */
const BROKEN = 1e15;

export class Fold {
  /** Samples in a frame. */
  private readonly frame: number;
  /** Fractions live in arrays: as fields they would be boxed on each write. */
  private readonly weights: Float64Array;
  private readonly targets: Float64Array;
  private readonly signs: Float64Array;
  private readonly floors: Float64Array;
  private readonly peaks: Float64Array;
  /** Sums of products of this frame, and smoothed ones, as lower halves of n x n matrices. */
  private readonly sums: Float64Array;
  private readonly smoothed: Float64Array;
  private filled = 0;
  /** Channels of the last block. */
  private sides = 0;
  /** Anything but silence came; something active did. */
  private heard = false;
  private active = false;

  /**
   * @param rate hertz
   * @param most channels there can be; those beyond are left out
   */
  constructor(
    rate: number,
    private readonly most: number,
  ) {
    this.frame = Math.max(1, Math.round(rate / FRAMES));
    this.weights = new Float64Array(most);
    this.targets = new Float64Array(most);
    this.signs = new Float64Array(most).fill(1);
    this.floors = new Float64Array(most);
    this.peaks = new Float64Array(most);
    this.sums = new Float64Array(most * most);
    this.smoothed = new Float64Array(most * most);
  }

  /** Samples first to end of all channels, one at least, to `output` from 0 on. What is not finite counts as 0. */
  process(input: readonly Float32Array[], output: Float32Array, first: number, end: number): void {
    const sides = Math.min(input.length, this.most);
    if (sides !== this.sides) this.change(sides);
    for (let at = first; at < end; ) {
      const count = Math.min(end - at, this.frame - this.filled);
      this.measure(input, at, count);
      if (!this.heard) this.begin();
      this.mix(input, output, at, at - first, count);
      this.filled += count;
      at += count;
      if (this.filled === this.frame) this.decide();
    }
  }

  /** More or fewer channels from now on. */
  private change(sides: number): void {
    const { most, sums, smoothed } = this;
    for (let c = Math.min(sides, this.sides); c < most; c++) {
      smoothed.fill(0, c * most, c * most + most);
      this.floors[c] = 0;
      this.peaks[c] = 0;
      this.signs[c] = 1;
      this.weights[c] = 0;
      this.targets[c] = 0;
    }
    sums.fill(0);
    this.filled = 0;
    this.sides = sides;
    this.aim();
  }

  /** The first sound there is: it is weighed before it is mixed. */
  private begin(): void {
    const { sums, most, sides, frame } = this;
    for (let c = 0; c < sides; c++) if (sums[c * most + c]! > SILENCE * frame) this.heard = true;
    if (!this.heard) return;
    for (let c = 0; c < sides; c++) {
      this.peaks[c] = IDLE * sums[c * most + c]!;
      for (let d = 0; d <= c; d++) this.smoothed[c * most + d] = sums[c * most + d]! / frame;
    }
    this.aim();
    this.weights.set(this.targets);
  }

  private measure(input: readonly Float32Array[], at: number, count: number): void {
    const { sums, most, sides } = this;
    for (let c = 0; c < sides; c++) {
      const a = input[c]!;
      for (let d = 0; d <= c; d++) {
        const b = input[d]!;
        let sum = 0;
        for (let i = at; i < at + count; i++) {
          const x = a[i]!;
          const y = b[i]!;
          if (x < BROKEN && x > -BROKEN && y < BROKEN && y > -BROKEN) sum += x * y;
        }
        sums[c * most + d] = sums[c * most + d]! + sum;
      }
    }
  }

  private mix(input: readonly Float32Array[], output: Float32Array, at: number, to: number, count: number): void {
    const { weights, targets, sides } = this;
    const left = this.frame - this.filled;
    for (let c = 0; c < sides; c++) {
      const from = input[c]!;
      let weight = weights[c]!;
      const step = (targets[c]! - weight) / left;
      for (let i = 0; i < count; i++) {
        const x = from[at + i]!;
        weight += step;
        const share = x - x === 0 ? weight * x : 0;
        output[to + i] = c === 0 ? share : output[to + i]! + share;
      }
      weights[c] = count === left ? targets[c]! : weight;
    }
  }

  /** A frame is whole: what its channels weigh from now on. */
  private decide(): void {
    const { sums, smoothed, floors, peaks, most, sides, frame } = this;
    let active = false;
    for (let c = 0; c < sides; c++) {
      for (let d = 0; d <= c; d++) {
        const i = c * most + d;
        smoothed[i] = smoothed[i]! + SMOOTHING * (sums[i]! / frame - smoothed[i]!);
      }
      const energy = sums[c * most + c]! / frame;
      // Sound after nothing sets the floor: it is noise until it changes.
      if (floors[c] === 0 || energy < floors[c]!) floors[c] = energy;
      else floors[c] = Math.min(energy, floors[c]! * FLOOR_RISE);
      if (energy > ACTIVE * floors[c]! && energy > SILENCE) active = true;
    }
    if (active) this.active = true;
    for (let c = 0; c < sides; c++) {
      const energy = sums[c * most + c]! / frame;
      if (!this.active) peaks[c] = IDLE * energy;
      else if (active) peaks[c] = Math.max(energy - ACTIVE * floors[c]!, FALL * peaks[c]!);
    }
    sums.fill(0);
    this.filled = 0;
    this.aim();
  }

  /** Finds the weights to be reached by the end of the next frame. */
  private aim(): void {
    const { smoothed, peaks, signs, targets, most, sides } = this;
    let strongest = 0;
    for (let c = 1; c < sides; c++) if (peaks[c]! > peaks[strongest]!) strongest = c;
    let total = 0;
    for (let c = 0; c < sides; c++) {
      const db = peaks[strongest]! > 0 ? 10 * Math.log10(peaks[c]! / peaks[strongest]!) : 0;
      const share = Math.max(0, Math.min(1, (db - LEAST_DB) / RANGE_DB));
      const common = smoothed[Math.max(c, strongest) * most + Math.min(c, strongest)]!;
      const both = Math.sqrt(smoothed[c * most + c]! * smoothed[strongest * most + strongest]!);
      if (c !== strongest && common * signs[c]! * signs[strongest]! < AGAINST * both) signs[c] = -signs[c]!;
      targets[c] = signs[c]! * share;
      total += share;
    }
    for (let c = 0; c < sides; c++) targets[c] = targets[c]! / total;
  }
}
