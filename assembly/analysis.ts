/**
 * What is heard of a frame, before anything is decided: the newest frame's bands, and of the frame in decision, LOOKAHEAD frames older,
 * spectrum, pitch and comb filter.
 *
 *   hop -> DC blocker -> history -> newest frame n:      Y_n, band energies
 *                                -> search + Viterbi:    period of frame n - 2
 *                                -> comb filter:         P of frame n - 2, coherences
 *                                -> 70 features
 *
 * The constructor allocates; every method is real-time safe.
 */
import {
  BANDS,
  COMB_PAST,
  FEATURES,
  FRAME,
  FRAME_BYTES,
  HISTORY,
  LOOKAHEAD,
  MIN_PERIOD,
  SPECTRUM,
  WINDOW,
  WINDOW_BYTES,
} from './constants';
import { energyFeatures, pitchFeatures } from './features';
import { pitchCoherence } from './pitch/coherence';
import { combFilter } from './pitch/comb';
import { futurePeriod, refinePeriod } from './pitch/refine';
import { PitchSearch } from './pitch/search';
import { Viterbi } from './pitch/viterbi';
import { DcBlocker } from './signal/dcblock';
import { History, Ring } from './signal/delay';
import { bandProducts } from './signal/erb';
import { rfft } from './signal/fft';
import { isZero } from './signal/vector';
import { applyWindow } from './signal/window';

/** Frames from the one before the frame in decision to the newest. */
const FRAMES: i32 = LOOKAHEAD + 2;

/** Scratch shared by all streams: nothing in it outlives a call. */
const TIME = new StaticArray<f32>(WINDOW);

export class Analysis {
  readonly features: StaticArray<f32> = new StaticArray<f32>(FEATURES);
  /** Comb-filtered spectrum P of the frame in decision and its band energies. */
  readonly comb: StaticArray<f32> = new StaticArray<f32>(SPECTRUM);
  readonly combEnergy: StaticArray<f32> = new StaticArray<f32>(BANDS);
  /** Periods in samples before and after the frame in decision. */
  period: i32 = MIN_PERIOD;
  futurePeriod: i32 = MIN_PERIOD;

  private readonly history: History = new History(HISTORY);
  private readonly spectra: Ring = new Ring(FRAMES, SPECTRUM);
  private readonly energies: Ring = new Ring(FRAMES, BANDS);
  private readonly dcBlocker: DcBlocker = new DcBlocker();
  private readonly search: PitchSearch = new PitchSearch();
  private readonly viterbi: Viterbi = new Viterbi();

  reset(): void {
    this.history.reset();
    this.spectra.reset();
    this.energies.reset();
    this.dcBlocker.reset();
    this.search.reset();
    this.viterbi.reset();
    this.period = MIN_PERIOD;
    this.futurePeriod = MIN_PERIOD;
  }

  /** Spectrum Y of the frame in decision: 481 (re, im) pairs and padding. */
  @inline
  get spectrum(): usize {
    return this.spectra.before(LOOKAHEAD);
  }

  /** Spectrum of the frame `count` before the newest, 0..LOOKAHEAD + 1. */
  spectrumAt(count: i32): usize {
    return this.spectra.before(count);
  }

  /** Band energies of the frame in decision. */
  @inline
  get energy(): usize {
    return this.energies.before(LOOKAHEAD);
  }

  /** Keeps a hop of FRAME finite samples: all that a bypassed stream does with it. */
  accept(hop: usize): void {
    this.dcBlocker.process(hop, this.history.advance(), FRAME);
  }

  /** Whether the hop that was accepted last is nothing at all, not even what is left of a DC. */
  get isSilent(): bool {
    return isZero(this.history.end - FRAME_BYTES, FRAME);
  }

  /** Analyses the hop that was accepted last. */
  process(): void {
    const end = this.history.end;
    const time = changetype<usize>(TIME);
    const newest = this.spectra.advance();
    const energies = this.energies.advance();
    applyWindow(end - WINDOW_BYTES, time);
    rfft(time, newest);
    bandProducts(newest, newest, energies);

    this.search.process(end);
    this.viterbi.process(changetype<usize>(this.search.scores));
    // First sample of the frame in decision, with the comb filter's past and future around it.
    const window = end - ((HISTORY - COMB_PAST) << 2);
    this.period = refinePeriod(window, this.viterbi.lag);
    this.futurePeriod = futurePeriod(window, this.period);

    const comb = changetype<usize>(this.comb);
    const combEnergy = changetype<usize>(this.combEnergy);
    combFilter(window, this.period, this.futurePeriod, time);
    applyWindow(time, time);
    rfft(time, comb);
    bandProducts(comb, comb, combEnergy);

    const features = changetype<usize>(this.features);
    energyFeatures(energies, features);
    pitchCoherence(this.spectrum, comb, this.energy, combEnergy, features + 4 * BANDS);
    pitchFeatures(this.period, this.viterbi.correlation, features);
  }
}
