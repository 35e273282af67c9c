/**
 * Ideal gains and strengths from clean speech beside the noisy signal: targets for training and the ladder of the
 * article. Not part of the core that ships. Formulas re-derived from arXiv 2008.04259, sections 2 and 3.
 */

import { Analysis } from '../analysis';
import { BANDS, BANDS_BYTES, BINS_BYTES, COMB_PAST, FRAME, HISTORY, SPECTRUM, UNIT_ENERGY, WINDOW } from '../constants';
import { pitchCoherence } from '../pitch/coherence';
import { combFilter, combNoise } from '../pitch/comb';
import { ORACLE_NOISE as N0 } from '../settings';
import { DcBlocker } from '../signal/dcblock';
import { History } from '../signal/delay';
import { bandProducts } from '../signal/erb';
import { rfft } from '../signal/fft';
import { applyWindow } from '../signal/window';

/** Below this product of magnitudes a band is silent. */
const SILENCE: f32 = 1e-9;

/** Values of one frame in `statistics`: five per band and the level of the clean frame. */
export const STATISTICS: i32 = 5 * BANDS + 1;

const TIME = new StaticArray<f32>(WINDOW);
const CLEAN_COMB = new StaticArray<f32>(SPECTRUM);
const CLEAN_COMB_ENERGY = new StaticArray<f32>(BANDS);

/**
 * How periodic a band is, 0..1, by its coherence q with the comb filter's output, whose taps hold a share s2 of what is not periodic:
 * q = a^2 / sqrt(a^2 + s2 (1 - a^2)), solved for a.
 */
function periodicity(q: f32, s2: f32): f32 {
  const b: f32 = (<f32>1 - s2) * q * q;
  return Mathf.sqrt(<f32>0.5 * (b + Mathf.sqrt(b * b + <f32>4 * s2 * q * q)));
}

/**
 * Strength r that makes (1 - r) y + r p as periodic as clean speech. Of the noise of y it leaves f(r) = (1 - r)^2 + s2 r^2, and what it
 * may leave is F = y^2 (1 - x^2) / (x^2 (1 - y^2)): 0 if y is as periodic already, 1 / (1 + s2), where f is smallest, if nothing is.
 * @param x, y how periodic the clean and the noisy band are, 0..1
 */
function idealStrength(x: f32, y: f32, s2: f32): f32 {
  if (y >= x) return 0;
  const allowed = (y * y * (<f32>1 - x * x)) / max<f32>(x * x * (<f32>1 - y * y), 1e-9);
  return (<f32>1 - Mathf.sqrt(max<f32>(0, <f32>1 - (<f32>1 + s2) * (<f32>1 - allowed)))) / (<f32>1 + s2);
}

export class Oracle {
  readonly input: StaticArray<f32> = new StaticArray<f32>(FRAME);
  /** Clean spectrum of the frame in decision. */
  readonly spectrum: StaticArray<f32> = new StaticArray<f32>(SPECTRUM);
  readonly energy: StaticArray<f32> = new StaticArray<f32>(BANDS);
  /** g_b = ||x_b|| / ||y_b||, at most 1, times g_att where the comb falls short. */
  readonly gains: StaticArray<f32> = new StaticArray<f32>(BANDS);
  readonly strengths: StaticArray<f32> = new StaticArray<f32>(BANDS);
  /**
   * What a loss on the enhanced spectrum needs, per band: ||x|| / ||y||, Re[x^H y] / ||x|| ||y||, ||p|| / ||y||,
   * Re[x^H p] / ||x|| ||p||, q_x; then the clean level of the frame in dBFS.
   */
  readonly statistics: StaticArray<f32> = new StaticArray<f32>(STATISTICS);
  private readonly history: History = new History(HISTORY);
  private readonly dcBlocker: DcBlocker = new DcBlocker();

  reset(): void {
    this.history.reset();
    this.dcBlocker.reset();
  }

  /** Takes the clean hop in `input`, after the analysis took the noisy one. */
  process(noisy: Analysis): void {
    this.dcBlocker.process(changetype<usize>(this.input), this.history.advance(), FRAME);

    const time = changetype<usize>(TIME);
    const spectrum = changetype<usize>(this.spectrum);
    const energy = changetype<usize>(this.energy);
    const window = this.history.end - ((HISTORY - COMB_PAST) << 2);
    applyWindow(window, time);
    rfft(time, spectrum);
    bandProducts(spectrum, spectrum, energy);

    const cleanComb = changetype<usize>(CLEAN_COMB);
    const cleanCombEnergy = changetype<usize>(CLEAN_COMB_ENERGY);
    combFilter(window, noisy.period, noisy.futurePeriod, time);
    applyWindow(time, time);
    rfft(time, cleanComb);
    bandProducts(cleanComb, cleanComb, cleanCombEnergy);

    const statistics = changetype<usize>(this.statistics);
    const qx = statistics + ((4 * BANDS) << 2);
    pitchCoherence(spectrum, cleanComb, energy, cleanCombEnergy, qx);
    const energyY = noisy.energy;
    const combEnergy = changetype<usize>(noisy.combEnergy);
    pitchCoherence(spectrum, noisy.spectrum, energy, energyY, statistics + (BANDS << 2));
    pitchCoherence(spectrum, changetype<usize>(noisy.comb), energy, combEnergy, statistics + ((3 * BANDS) << 2));

    const s2 = combNoise(noisy.futurePeriod);
    const qy = changetype<usize>(noisy.features) + (BANDS << 2);
    let level: f32 = 0;
    for (let b: usize = 0; b < BANDS_BYTES; b += 4) {
      const y = Mathf.sqrt(load<f32>(energyY + b)) + SILENCE;
      const x = Mathf.sqrt(load<f32>(energy + b));
      const p = Mathf.sqrt(load<f32>(combEnergy + b));
      level += x * x;
      store<f32>(statistics + b, min<f32>(100, x / y));
      store<f32>(statistics + ((2 * BANDS) << 2) + b, min<f32>(100, p / y));
      this.ideal(b, x / y, load<f32>(qx + b), load<f32>(qy + b), s2);
    }
    const power = level / UNIT_ENERGY;
    store<f32>(statistics + ((5 * BANDS) << 2), <f32>10 * Mathf.log10(power + <f32>1e-12));
  }

  /** Gain of each of the 481 bins: |x| / |y|, at most 1. The best a magnitude with the noisy phase can do. */
  binGains(noisy: Analysis, gains: usize): void {
    const x = changetype<usize>(this.spectrum);
    const y = noisy.spectrum;
    for (let k: usize = 0; k < 2 * BINS_BYTES; k += 8) {
      const xr = load<f32>(x + k);
      const xi = load<f32>(x + k, 4);
      const yr = load<f32>(y + k);
      const yi = load<f32>(y + k, 4);
      const ratio = (xr * xr + xi * xi) / (yr * yr + yi * yi + <f32>1e-20);
      store<f32>(gains + (k >> 1), Mathf.sqrt(min<f32>(1, ratio)));
    }
  }

  private ideal(b: usize, ratio: f32, qx: f32, qy: f32, s2: f32): void {
    const x = periodicity(max<f32>(0, qx), s2);
    const y = periodicity(max<f32>(0, qy), s2);
    // How periodic the best mixture is.
    const least = s2 / (<f32>1 + s2);
    const best = y / Mathf.sqrt((<f32>1 - least) * y * y + least + SILENCE);
    let gain = min<f32>(1, ratio);
    if (best < x) gain *= Mathf.sqrt((1 + N0 - x * x) / (1 + N0 - best * best));
    store<f32>(changetype<usize>(this.gains) + b, gain);
    store<f32>(changetype<usize>(this.strengths) + b, idealStrength(x, y, s2));
  }
}
