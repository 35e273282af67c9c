/**
 * The frame pipeline: one hop of 480 samples in, one hop out, 1440 samples later.
 *
 *   input -> DC blocker -> analysis (newest frame n):      Y_n, band energies
 *                      -> pitch search + Viterbi:         period of frame n - 2
 *                      -> comb filter of frame n - 2:     P, coherences
 *   70 features -> network -> gains, strengths of frame n - 2
 *   frame n - 2: (1 - r) Y + r P, renormalised, times g -> overlap-add -> hop n - 3
 *
 * Everything is allocated by the constructor; every method is real-time safe.
 */

import { bandProducts, interpolate } from './bands/erb';
import { postFilter } from './bands/postfilter';
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
import { energyFeatures, pitchFeatures } from './features';
import { Network, NetworkState } from './network/percepnet';
import { pitchCoherence } from './pitch/coherence';
import { combFilter } from './pitch/comb';
import { refinePeriod } from './pitch/refine';
import { PitchSearch } from './pitch/search';
import { Viterbi } from './pitch/viterbi';
import { DcBlocker } from './signal/dcblock';
import { irfft, rfft } from './signal/fft';
import { applyWindow } from './signal/window';

/** f32 of a spectrum, padded so that vectors of four bins fit. */
const SPECTRUM: i32 = 2 * (BINS + 3);
const FRAMES: i32 = LOOKAHEAD + 1;

/** Frames of analysis before the decision of a resumed stream rests on live spectra alone. */
const WARM_UP: i32 = FRAMES + 1;

/** Larger samples (+60 dBFS) are cut before analysis: their squares must stay finite. */
const LIMIT: f32 = 1000;
/** Smaller ones are silence: denormals are slow. */
const DENORMAL: f32 = 1e-15;

/** Scratch shared by all streams: nothing in it outlives a call. */
const TIME = new StaticArray<f32>(WINDOW);
const MIXED = new StaticArray<f32>(SPECTRUM);
const BIN_GAINS = new StaticArray<f32>(BINS + 3);
const MIXED_ENERGY = new StaticArray<f32>(BANDS);

/** Four values of y + r (p - y). */
function blend(y: usize, p: usize, target: usize, r: v128): void {
  const noisy = v128.load(y);
  v128.store(target, f32x4.add(noisy, f32x4.mul(r, f32x4.sub(v128.load(p), noisy))));
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
  /** Gains 0..1 of the frame in decision; after `synthesise` with the post-filter and the floor applied. */
  readonly gains: StaticArray<f32> = new StaticArray<f32>(BANDS);
  /** Strengths 0..1 of the comb filter in the frame in decision. */
  readonly strengths: StaticArray<f32> = new StaticArray<f32>(BANDS);
  /** Comb-filtered spectrum of the frame in decision and its band energies. */
  readonly comb: StaticArray<f32> = new StaticArray<f32>(SPECTRUM);
  readonly combEnergy: StaticArray<f32> = new StaticArray<f32>(BANDS);
  /** Period in samples of the frame in decision. */
  period: i32 = MIN_PERIOD;

  /** Input without DC, newest last. */
  private history: StaticArray<f32> = new StaticArray<f32>(HISTORY);
  /** Input as it came, DELAY + FRAME samples, newest last. */
  private dry: StaticArray<f32> = new StaticArray<f32>(DELAY + FRAME);
  /** Spectra and band energies of the newest frame and the look-ahead, as rings. */
  private spectra: StaticArray<f32> = new StaticArray<f32>(FRAMES * SPECTRUM);
  private energies: StaticArray<f32> = new StaticArray<f32>(FRAMES * BANDS);
  private newest: i32 = 0;
  /** Second half of the last synthesised frame. */
  private overlap: StaticArray<f32> = new StaticArray<f32>(FRAME);
  private dcBlocker: DcBlocker = new DcBlocker();
  private search: PitchSearch = new PitchSearch();
  private viterbi: Viterbi = new Viterbi();
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
    memory.fill(changetype<usize>(this.history), 0, HISTORY << 2);
    memory.fill(changetype<usize>(this.dry), 0, (DELAY + FRAME) << 2);
    memory.fill(changetype<usize>(this.spectra), 0, (FRAMES * SPECTRUM) << 2);
    memory.fill(changetype<usize>(this.energies), 0, (FRAMES * BANDS) << 2);
    memory.fill(changetype<usize>(this.overlap), 0, FRAME << 2);
    memory.fill(changetype<usize>(this.output), 0, FRAME << 2);
    this.dcBlocker.reset();
    this.search.reset();
    this.viterbi.reset();
    this.period = MIN_PERIOD;
    this.lastStrength = 1;
    this.wet = true;
    this.warm = WARM_UP;
  }

  /** First sample of the frame in decision, with the comb filter's past and future around it. */
  @inline
  get windowInDecision(): usize {
    return changetype<usize>(this.history) + (COMB_PAST << 2);
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
    const speech = this.infer();
    this.synthesise(strength, true);
    return speech;
  }

  /** Two channels of one source: each is analysed, and each band gets the lower gain of the two. */
  processLinked(other: Suppressor, strength: f32): f32 {
    this.analyse();
    other.analyse();
    const speech = max(this.infer(), other.infer());
    const gains = changetype<usize>(this.gains);
    const otherGains = changetype<usize>(other.gains);
    for (let b: usize = 0; b < BANDS_BYTES; b += 4) {
      const lower = min(load<f32>(gains + b), load<f32>(otherGains + b));
      store<f32>(gains + b, lower);
      store<f32>(otherGains + b, lower);
    }
    this.synthesise(strength, true);
    other.synthesise(strength, true);
    return speech;
  }

  /** One hop of the delayed input, bit for bit; the hop after a suppressed one fades over. */
  bypass(): void {
    if (this.wet) {
      this.analyse();
      this.infer();
      this.apply(this.lastStrength, true);
      this.leave(false);
    } else {
      this.accept();
      this.leave(false);
    }
    this.warm = 0;
  }

  /** Gains and strengths of the frame in decision by the network; returns the speech probability. */
  private infer(): f32 {
    const gains = changetype<usize>(this.gains);
    const strengths = changetype<usize>(this.strengths);
    const state = this.state;
    if (!state) {
      for (let b: usize = 0; b < BANDS_BYTES; b += 4) store<f32>(gains + b, 1);
      memory.fill(strengths, 0, BANDS_BYTES);
      return 0;
    }
    const speech = state.step(changetype<usize>(this.features));
    memory.copy(gains, state.gains, BANDS_BYTES);
    memory.copy(strengths, state.strengths, BANDS_BYTES);
    return speech;
  }

  /** Takes the hop in `input`; leaves the features, and Y and P of the frame in decision. */
  analyse(): void {
    this.accept();
    const history = changetype<usize>(this.history);
    this.newest = (this.newest + 1) % FRAMES;
    const spectrum = changetype<usize>(this.spectra) + ((this.newest * SPECTRUM) << 2);
    const energies = changetype<usize>(this.energies) + ((this.newest * BANDS) << 2);
    const time = changetype<usize>(TIME);
    applyWindow(history + ((HISTORY - WINDOW) << 2), time);
    rfft(time, spectrum);
    bandProducts(spectrum, spectrum, energies);

    this.search.process(history + (HISTORY << 2));
    this.viterbi.process(changetype<usize>(this.search.scores));
    this.period = refinePeriod(this.windowInDecision, this.viterbi.lag);

    const comb = changetype<usize>(this.comb);
    const combEnergy = changetype<usize>(this.combEnergy);
    combFilter(this.windowInDecision, this.period, time);
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
   * @param envelope applies the envelope post-filter to the gains first
   */
  synthesise(strength: f32, envelope: bool): void {
    this.apply(strength, envelope);
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

  private apply(strength: f32, envelope: bool): void {
    const gains = changetype<usize>(this.gains);
    const strengths = changetype<usize>(this.strengths);
    const energy = this.energyInDecision;
    if (envelope) postFilter(gains, energy);
    const floor: f32 = 1 - strength;
    for (let b: usize = 0; b < BANDS_BYTES; b += 4) {
      store<f32>(gains + b, max(floor, load<f32>(gains + b)));
      store<f32>(strengths + b, strength * load<f32>(strengths + b));
    }
    this.mix(energy);
    this.overlapAdd();
    this.lastStrength = strength;
  }

  /** Moves the hop in `input` into the delay lines; samples that are not finite become silence. */
  private accept(): void {
    const input = changetype<usize>(this.input);
    const dry = changetype<usize>(this.dry);
    const history = changetype<usize>(this.history);
    memory.copy(dry, dry + (FRAME << 2), DELAY << 2);
    memory.copy(history, history + (FRAME << 2), (HISTORY - FRAME) << 2);
    const hop = history + ((HISTORY - FRAME) << 2);
    for (let i: usize = 0; i < FRAME_BYTES; i += 4) {
      const x = load<f32>(input + i);
      const sample = x - x == 0 ? x : <f32>0;
      store<f32>(dry + (DELAY << 2) + i, sample);
      const magnitude = abs(sample);
      store<f32>(hop + i, magnitude < DENORMAL ? 0 : max<f32>(-LIMIT, min<f32>(LIMIT, sample)));
    }
    this.dcBlocker.process(hop, hop, FRAME);
  }

  /** MIXED = g c ((1 - r) Y + r P), c_b = ||y_b|| / ||z_b||: the comb filter must not change the level of a band. */
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
    for (let b: usize = 0; b < BANDS_BYTES; b += 4) {
      const ratio = load<f32>(energy + b) / (load<f32>(mixedEnergy + b) + <f32>1e-20);
      // 10 dB at most: where Y and P cancel there is nothing to restore.
      store<f32>(mixedEnergy + b, load<f32>(gains + b) * Mathf.sqrt(min<f32>(10, ratio)));
    }
    interpolate(mixedEnergy, bins);
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
    const dry = changetype<usize>(this.dry);
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
