/**
 * The way of the samples in and out: the delayed input beside the enhanced hop, and what the listener gets of the two.
 * The constructor allocates; every method is real-time safe.
 */
import { DELAY, FRAME, FRAME_BYTES, LOOKAHEAD } from './constants';
import { Ring } from './signal/delay';

/** Hops in the delay line of the dry input. */
const DRY_HOPS: i32 = DELAY / FRAME + 1;
/** Hops of analysis before the decision of a resumed stream rests on live spectra alone. */
const WARM_UP: i32 = LOOKAHEAD + 2;

/** Larger samples (+60 dBFS) are cut before analysis: their squares must stay finite. */
const LIMIT: f32 = 1000;
/** Larger ones, and what is no number, count as 0: they would end as infinity in whatever comes after. */
const BROKEN: f32 = 1e30;
/** Smaller ones are silence: denormals are slow. */
const DENORMAL: f32 = 1e-15;

/** Scratch shared by all streams: nothing in it outlives a call. */
const CLEANED = new StaticArray<f32>(FRAME);

export class Stream {
  readonly input: StaticArray<f32> = new StaticArray<f32>(FRAME);
  /** The enhanced hop is put here before it leaves. */
  readonly output: StaticArray<f32> = new StaticArray<f32>(FRAME);
  /** Whether the last hop left through the wet path. */
  wet: bool = true;

  /** Input as it came. */
  private readonly dry: Ring = new Ring(DRY_HOPS, FRAME);
  /** Analysed hops that have left since the start or since the last bypassed one. */
  private warm: i32 = WARM_UP;

  reset(): void {
    this.dry.reset();
    memory.fill(changetype<usize>(this.output), 0, FRAME_BYTES);
    this.wet = true;
    this.warm = WARM_UP;
  }

  /**
   * Takes the hop in `input`; samples that are not finite become silence.
   * @returns FRAME samples that analysis can stand, until the next call
   */
  accept(): usize {
    const input = changetype<usize>(this.input);
    const dry = this.dry.advance();
    const cleaned = changetype<usize>(CLEANED);
    const broken = f32x4.splat(BROKEN);
    const limit = f32x4.splat(LIMIT);
    const denormal = f32x4.splat(DENORMAL);
    for (let i: usize = 0; i < FRAME_BYTES; i += 16) {
      const x = v128.load(input + i);
      const sample = v128.and(x, f32x4.lt(f32x4.abs(x), broken));
      v128.store(dry + i, sample);
      const audible = v128.and(sample, f32x4.ge(f32x4.abs(sample), denormal));
      v128.store(cleaned + i, f32x4.pmax(f32x4.pmin(audible, limit), f32x4.neg(limit)));
    }
    return cleaned;
  }

  /** Lets the enhanced hop out; where strength is 0, or analysis has not warmed up, the delayed input. */
  leave(strength: f32): void {
    if (this.warm < WARM_UP) this.warm++;
    this.fade(strength > 0 && this.warm >= WARM_UP);
  }

  /** Lets the delayed input out. */
  leaveDry(): void {
    this.warm = 0;
    this.fade(false);
  }

  /** Wet, dry, or a crossfade of one frame from the one to the other. */
  private fade(wet: bool): void {
    const dry = this.dry.before(DRY_HOPS - 1);
    const output = changetype<usize>(this.output);
    if (wet != this.wet) {
      const step: f32 = 1.0 / (FRAME as f32);
      let share: f32 = 0.5 * step;
      for (let i: usize = 0; i < FRAME_BYTES; i += 4) {
        const from = load<f32>((wet ? dry : output) + i);
        const to = load<f32>((wet ? output : dry) + i);
        store<f32>(output + i, from + share * (to - from));
        share += step;
      }
      this.wet = wet;
    } else if (!wet) {
      memory.copy(output, dry, FRAME_BYTES);
    }
  }
}
