/**
 * The frame pipeline: one hop of 480 samples in, one hop out, 1440 samples later.
 *
 *   input -> DC blocker -> analysis (newest frame n):      Y_n, band energies
 *                      -> pitch search + Viterbi:         period of frame n - 2
 *                      -> comb filter of frame n - 2:     P, coherences
 *   70 features -> network -> gains, strengths of frame n - 2
 *   frame n - 2: (1 - r) Y + r P, renormalised, times g, Wiener filter of the bins -> overlap-add -> hop n - 3
 *
 * Everything is allocated by the constructor; every method is real-time safe.
 */

import {
  BANDS,
  BANDS_BYTES,
  BINS,
  BINS_BYTES,
  COMB_PAST,
  DELAY,
  FEATURES,
  FRAME,
  FRAME_BYTES,
  HISTORY,
  LOOKAHEAD,
  MIN_PERIOD,
  WINDOW,
} from './constants';
import { comfortFloor } from './enhance/comfort';
import { Link } from './enhance/link';
import { postFilter } from './enhance/postfilter';
import { WienerFilter } from './enhance/wiener';
import { energyFeatures, pitchFeatures } from './features';
import { Network, NetworkState } from './network/percepnet';
import { pitchCoherence } from './pitch/coherence';
import { combFilter } from './pitch/comb';
import { futurePeriod, refinePeriod } from './pitch/refine';
import { PitchSearch } from './pitch/search';
import { Viterbi } from './pitch/viterbi';
import { DcBlocker } from './signal/dcblock';
import { bandProducts, interpolate } from './signal/erb';
import { irfft, rfft } from './signal/fft';
import { applyWindow } from './signal/window';

/** f32 of a spectrum, padded so that vectors of four bins fit. */
const SPECTRUM: i32 = 2 * (BINS + 3);
const FRAMES: i32 = LOOKAHEAD + 1;
/** Hops that fit behind the history before it is moved to the front again. */
const HISTORY_HOPS: i32 = 4;
/** Hops in the delay line of the dry input. */
const DRY_HOPS: i32 = DELAY / FRAME + 1;

/** Frames of analysis before the decision of a resumed stream rests on live spectra alone. */
const WARM_UP: i32 = FRAMES + 1;

/** Larger samples (+60 dBFS) are cut before analysis: their squares must stay finite. */
const LIMIT: f32 = 1000;
/** Larger ones, and what is no number, count as 0: they would end as infinity in whatever comes after. */
const BROKEN: f32 = 1e30;
/** Smaller ones are silence: denormals are slow. */
const DENORMAL: f32 = 1e-15;

/**
 * The topmost band, from 18 kHz on, in bytes. No recording that networks are trained on reaches so high, so what they say there was
 * never taught: it stays as quiet as the band below.
 */
const TOP_BAND: usize = BANDS_BYTES - 4;

/** Scratch shared by all streams: nothing in it outlives a call. */
const TIME = new StaticArray<f32>(WINDOW);
const MIXED = new StaticArray<f32>(SPECTRUM);
const BIN_GAINS = new StaticArray<f32>(BINS + 3);
const BIN_WEIGHTS = new StaticArray<f32>(BINS + 3);
const MIXED_ENERGY = new StaticArray<f32>(BANDS);
const FLOORS = new StaticArray<f32>(BANDS);
const MAKE_UP = new StaticArray<f32>(BANDS);
const LEAST_WEIGHTS = new StaticArray<f32>(BANDS);

/** Four values of y + r (p - y). */
function blend(y: usize, p: usize, target: usize, r: v128): void {
  const noisy = v128.load(y);
  v128.store(target, f32x4.add(noisy, f32x4.mul(r, f32x4.sub(v128.load(p), noisy))));
}

/** gains[k] *= weights[k] for all bins. */
function weigh(gains: usize, weights: usize): void {
  for (let k: usize = 0; k < BINS_BYTES; k += 16) {
    v128.store(gains + k, f32x4.mul(v128.load(gains + k), v128.load(weights + k)));
  }
}

/** spectrum[k] *= gains[k] for all bins; both are padded to a multiple of four. */
function scaleBins(spectrum: usize, gains: usize): void {
  for (let k: usize = 0; k < BINS_BYTES; k += 16) {
    const g = v128.load(gains + k);
    const at = spectrum + (k << 1);
    v128.store(at, f32x4.mul(v128.shuffle<f32>(g, g, 0, 0, 1, 1), v128.load(at)));
    v128.store(at + 16, f32x4.mul(v128.shuffle<f32>(g, g, 2, 2, 3, 3), v128.load(at, 16)));
  }
}

export class Suppressor {
  readonly input: StaticArray<f32> = new StaticArray<f32>(FRAME);
  readonly output: StaticArray<f32> = new StaticArray<f32>(FRAME);
  readonly features: StaticArray<f32> = new StaticArray<f32>(FEATURES);
  /** Gains 0..1 of the frame in decision; after `synthesise` with the post-filter and the floors applied. */
  readonly gains: StaticArray<f32> = new StaticArray<f32>(BANDS);
  /** Strengths 0..1 of the comb filter in the frame in decision. */
  readonly strengths: StaticArray<f32> = new StaticArray<f32>(BANDS);
  /** Speech probability 0..1 of the frame in decision; 0 without a network. */
  speech: f32 = 0;
  /** Comb-filtered spectrum of the frame in decision and its band energies. */
  readonly comb: StaticArray<f32> = new StaticArray<f32>(SPECTRUM);
  readonly combEnergy: StaticArray<f32> = new StaticArray<f32>(BANDS);
  /** Periods in samples before and after the frame in decision. */
  period: i32 = MIN_PERIOD;
  futurePeriod: i32 = MIN_PERIOD;
  /** The article's envelope post-filter, for its ladder. */
  hasPostFilter: bool = false;
  /** The Wiener filter of the bins, which experiments leave out. */
  hasWiener: bool = true;

  /** Input without DC, newest last, and room for the hops to come. */
  private history: StaticArray<f32> = new StaticArray<f32>(HISTORY + HISTORY_HOPS * FRAME);
  /** Hops taken since the history was moved to the front. */
  private ahead: i32 = 0;
  /** Input as it came, DRY_HOPS hops as a ring, and the place of the newest. */
  private dry: StaticArray<f32> = new StaticArray<f32>(DRY_HOPS * FRAME);
  private newestDry: i32 = 0;
  /** Spectra and band energies of the newest frame and the look-ahead, as rings. */
  private spectra: StaticArray<f32> = new StaticArray<f32>(FRAMES * SPECTRUM);
  private energies: StaticArray<f32> = new StaticArray<f32>(FRAMES * BANDS);
  private newest: i32 = 0;
  /** Second half of the last synthesised frame. */
  private overlap: StaticArray<f32> = new StaticArray<f32>(FRAME);
  private dcBlocker: DcBlocker = new DcBlocker();
  private search: PitchSearch = new PitchSearch();
  private viterbi: Viterbi = new Viterbi();
  private wiener: WienerFilter = new WienerFilter();
  private link: Link = new Link();
  /** Null: no network, every gain is one. */
  private state: NetworkState | null = null;
  private lastStrength: f32 = 1;
  /** The last hop left through the wet path. */
  private wet: bool = true;
  /** Hops of analysis since the start or since the last bypassed one. */
  private warm: i32 = WARM_UP;

  constructor(network: Network | null) {
    if (network) this.state = new NetworkState(network);
  }

  reset(): void {
    const state = this.state;
    if (state) state.reset();
    memory.fill(changetype<usize>(this.history), 0, (HISTORY + HISTORY_HOPS * FRAME) << 2);
    memory.fill(changetype<usize>(this.dry), 0, (DRY_HOPS * FRAME) << 2);
    this.ahead = 0;
    memory.fill(changetype<usize>(this.spectra), 0, (FRAMES * SPECTRUM) << 2);
    memory.fill(changetype<usize>(this.energies), 0, (FRAMES * BANDS) << 2);
    memory.fill(changetype<usize>(this.overlap), 0, FRAME << 2);
    memory.fill(changetype<usize>(this.output), 0, FRAME << 2);
    this.dcBlocker.reset();
    this.search.reset();
    this.viterbi.reset();
    this.wiener.reset();
    this.link.reset();
    this.period = MIN_PERIOD;
    this.futurePeriod = MIN_PERIOD;
    this.speech = 0;
    this.lastStrength = 1;
    this.wet = true;
    this.warm = WARM_UP;
  }

  /** One past the newest sample of the history. */
  @inline
  get now(): usize {
    return changetype<usize>(this.history) + ((HISTORY + this.ahead * FRAME) << 2);
  }

  /** First sample of the frame in decision, with the comb filter's past and future around it. */
  @inline
  get windowInDecision(): usize {
    return this.now - ((HISTORY - COMB_PAST) << 2);
  }

  /** Spectrum Y of the frame in decision. */
  @inline
  get spectrumInDecision(): usize {
    return changetype<usize>(this.spectra) + ((((this.newest + 1) % FRAMES) * SPECTRUM) << 2);
  }

  /** Band energies of the frame in decision. */
  @inline
  get energyInDecision(): usize {
    return changetype<usize>(this.energies) + ((((this.newest + 1) % FRAMES) * BANDS) << 2);
  }

  /**
   * The hop in `input` becomes the hop in `output`.
   * @param strength 0..1, see `synthesise`
   * @returns speech probability, 0..1; 0 without a network
   */
  process(strength: f32): f32 {
    this.analyse();
    this.infer();
    this.synthesise(strength);
    return this.speech;
  }

  /** Work of the next hop that can be done before it is there (network/percepnet.ts). Whether there is more. */
  prepare(): bool {
    const state = this.state;
    return state ? state.prepare() : false;
  }

  /** Two channels, each with a network's state of its own, whose gains are linked where they hear one source (bands/link.ts). */
  processLinked(other: Suppressor, strength: f32): f32 {
    this.analyse();
    other.analyse();
    this.infer();
    other.infer();
    const together = this.link.process(
      this.spectrumInDecision,
      other.spectrumInDecision,
      this.energyInDecision,
      other.energyInDecision,
      changetype<usize>(this.gains),
      changetype<usize>(other.gains),
    );
    const speech = max(this.speech, other.speech);
    this.speech += together * (speech - this.speech);
    other.speech += together * (speech - other.speech);
    this.synthesise(strength);
    other.synthesise(strength);
    return speech;
  }

  /** One hop of the delayed input, bit for bit; the hop after a suppressed one fades over. */
  bypass(): void {
    if (this.wet) {
      this.analyse();
      this.infer();
      this.apply(this.lastStrength);
      this.leave(false);
    } else {
      this.accept();
      this.leave(false);
    }
    this.warm = 0;
  }

  /** Gains, strengths and speech probability of the frame in decision by the network. */
  infer(): void {
    const gains = changetype<usize>(this.gains);
    const strengths = changetype<usize>(this.strengths);
    const state = this.state;
    if (!state) {
      for (let b: usize = 0; b < BANDS_BYTES; b += 4) store<f32>(gains + b, 1);
      memory.fill(strengths, 0, BANDS_BYTES);
      return;
    }
    this.speech = state.step(changetype<usize>(this.features));
    memory.copy(gains, state.gains, BANDS_BYTES);
    memory.copy(strengths, state.strengths, BANDS_BYTES);
    const top = gains + TOP_BAND;
    store<f32>(top, min(load<f32>(top), load<f32>(top - 4)));
  }

  /** Takes the hop in `input`; leaves the features, and Y and P of the frame in decision. */
  analyse(): void {
    this.accept();
    const now = this.now;
    this.newest = (this.newest + 1) % FRAMES;
    const spectrum = changetype<usize>(this.spectra) + ((this.newest * SPECTRUM) << 2);
    const energies = changetype<usize>(this.energies) + ((this.newest * BANDS) << 2);
    const time = changetype<usize>(TIME);
    applyWindow(now - (WINDOW << 2), time);
    rfft(time, spectrum);
    bandProducts(spectrum, spectrum, energies);

    this.search.process(now);
    this.viterbi.process(changetype<usize>(this.search.scores));
    const window = this.windowInDecision;
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
    pitchCoherence(this.spectrumInDecision, comb, this.energyInDecision, combEnergy, features + 4 * BANDS);
    pitchFeatures(this.period, this.viterbi.correlation, features);
    if (this.warm < WARM_UP) this.warm++;
  }

  /**
   * Turns `gains` and `strengths` into the hop in `output`.
   * @param strength 0..1: no band falls below 1 - strength; 0 gives the delayed input bit for bit
   */
  synthesise(strength: f32): void {
    this.apply(strength);
    this.leave(strength > 0 && this.warm >= WARM_UP);
  }

  /** As `synthesise`, with a gain for each of the 481 bins in place of the bands and the comb filter. */
  synthesiseBins(binGains: usize): void {
    const spectrum = this.spectrumInDecision;
    const mixed = changetype<usize>(MIXED);
    memory.copy(mixed, spectrum, (BINS as usize) << 3);
    scaleBins(mixed, binGains);
    this.overlapAdd();
    this.leave(this.warm >= WARM_UP);
  }

  private apply(strength: f32): void {
    const gains = changetype<usize>(this.gains);
    const strengths = changetype<usize>(this.strengths);
    const floors = changetype<usize>(FLOORS);
    const energy = this.energyInDecision;
    if (this.hasPostFilter) postFilter(gains, energy);
    if (this.hasWiener) this.wiener.learn(this.spectrumInDecision, gains);
    for (let b: usize = 0; b < BANDS_BYTES; b += 4) {
      store<f32>(floors + b, 1 - strength);
      store<f32>(strengths + b, strength * load<f32>(strengths + b));
    }
    comfortFloor(floors, energy);
    const least = changetype<usize>(LEAST_WEIGHTS);
    for (let b: usize = 0; b < BANDS_BYTES; b += 4) {
      const floor = load<f32>(floors + b);
      const gain = max(floor, load<f32>(gains + b));
      store<f32>(gains + b, gain);
      store<f32>(least + b, floor / (gain + <f32>1e-20));
    }
    this.mix(energy);
    this.overlapAdd();
    this.lastStrength = strength;
  }

  /** Moves the hop in `input` into the delay lines; samples that are not finite become silence. */
  private accept(): void {
    const history = changetype<usize>(this.history);
    if (++this.ahead > HISTORY_HOPS) {
      memory.copy(history, history + ((HISTORY_HOPS * FRAME + FRAME) << 2), (HISTORY - FRAME) << 2);
      this.ahead = 0;
    }
    this.newestDry = (this.newestDry + 1) % DRY_HOPS;
    const input = changetype<usize>(this.input);
    const dry = changetype<usize>(this.dry) + (this.newestDry as usize) * FRAME_BYTES;
    const hop = this.now - FRAME_BYTES;
    const broken = f32x4.splat(BROKEN);
    const limit = f32x4.splat(LIMIT);
    const denormal = f32x4.splat(DENORMAL);
    for (let i: usize = 0; i < FRAME_BYTES; i += 16) {
      const x = v128.load(input + i);
      const sample = v128.and(x, f32x4.lt(f32x4.abs(x), broken));
      v128.store(dry + i, sample);
      const audible = v128.and(sample, f32x4.ge(f32x4.abs(sample), denormal));
      v128.store(hop + i, f32x4.pmax(f32x4.pmin(audible, limit), f32x4.neg(limit)));
    }
    this.dcBlocker.process(hop, hop, FRAME);
  }

  /** MIXED = w m g c ((1 - r) Y + r P), c_b = ||y_b|| / ||z_b||: the comb filter must not change the level of a band. */
  private mix(energy: usize): void {
    const spectrum = this.spectrumInDecision;
    const comb = changetype<usize>(this.comb);
    const mixed = changetype<usize>(MIXED);
    const bins = changetype<usize>(BIN_GAINS);
    interpolate(changetype<usize>(this.strengths), bins);
    for (let k: usize = 0; k < BINS_BYTES; k += 16) {
      const r = v128.load(bins + k);
      const at = k << 1;
      blend(spectrum + at, comb + at, mixed + at, v128.shuffle<f32>(r, r, 0, 0, 1, 1));
      blend(spectrum + at + 16, comb + at + 16, mixed + at + 16, v128.shuffle<f32>(r, r, 2, 2, 3, 3));
    }
    const mixedEnergy = changetype<usize>(MIXED_ENERGY);
    bandProducts(mixed, mixed, mixedEnergy);
    const gains = changetype<usize>(this.gains);
    const weights = changetype<usize>(BIN_WEIGHTS);
    const makeUp = changetype<usize>(MAKE_UP);
    // Of a weight floor / g at least: no bin falls below the floor of its band.
    if (this.hasWiener)
      this.wiener.process(
        mixed,
        mixedEnergy,
        gains,
        changetype<usize>(this.strengths),
        changetype<usize>(LEAST_WEIGHTS),
        weights,
        makeUp,
      );
    for (let b: usize = 0; b < BANDS_BYTES; b += 4) {
      const ratio = load<f32>(energy + b) / (load<f32>(mixedEnergy + b) + <f32>1e-20);
      // 10 dB at most: where Y and P cancel there is nothing to restore.
      const restored = load<f32>(gains + b) * Mathf.sqrt(min<f32>(10, ratio));
      store<f32>(mixedEnergy + b, this.hasWiener ? restored * load<f32>(makeUp + b) : restored);
    }
    interpolate(mixedEnergy, bins);
    if (this.hasWiener) weigh(bins, weights);
    scaleBins(mixed, bins);
  }

  /** Inverse FFT of MIXED, window, overlap-add into `output`. */
  private overlapAdd(): void {
    const time = changetype<usize>(TIME);
    irfft(changetype<usize>(MIXED), time);
    applyWindow(time, time);
    const overlap = changetype<usize>(this.overlap);
    const output = changetype<usize>(this.output);
    for (let i: usize = 0; i < FRAME_BYTES; i += 16) {
      v128.store(output + i, f32x4.add(v128.load(overlap + i), v128.load(time + i)));
    }
    memory.copy(overlap, time + (FRAME << 2), FRAME << 2);
  }

  /** Lets the hop out: wet, dry, or a crossfade of one frame from the one to the other. */
  private leave(wet: bool): void {
    // The place after the newest hop holds the oldest.
    const dry = changetype<usize>(this.dry) + (((this.newestDry + 1) % DRY_HOPS) as usize) * FRAME_BYTES;
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
      memory.copy(output, dry, FRAME << 2);
    }
  }
}
