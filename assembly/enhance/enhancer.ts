/**
 * From decisions to the spectrum that is heard, stage by stage:
 *
 *   comfort -> floors -> gains g, never below them
 *   Y, P -> Z = (1 - r) Y + r P                          the comb filter's share of each band
 *        -> levels c_b = ||y_b|| / ||z_b||               which the comb filter must not change
 *   Z, noise -> weights w of the bins, make-up m          Wiener filter
 *   S = w (m c g) Z
 *   E = finer stage of S, Y, P and the noise             where the network has one; otherwise S
 *   spectrum = (1 - strength) Y + strength E
 *
 * The constructor allocates; every method is real-time safe.
 */
import { Analysis } from '../analysis';
import { BANDS, BANDS_BYTES, BINS_PADDED, SPECTRUM } from '../constants';
import { Decisions } from '../decisions';
import { FinerNetwork } from '../network/finer';
import { bandProducts } from '../signal/erb';
import { attenuate } from './attenuation';
import { comfortFloor, holdFloors } from './comfort';
import { Finer } from './finer';
import { applyGains } from './gains';
import { mixComb, restoreLevels } from './mix';
import { NoiseEstimator } from './noise';
import { WienerFilter } from './wiener';

/** Scratch shared by all streams: nothing in it outlives a call but the spectrum, which its caller reads at once. */
const FLOORS = new StaticArray<f32>(BANDS);
const FLOOR_WEIGHTS = new StaticArray<f32>(BANDS);
const MIXED = new StaticArray<f32>(SPECTRUM);
const MIXED_ENERGY = new StaticArray<f32>(BANDS);
const LEVELS = new StaticArray<f32>(BANDS);
const MAKE_UP = new StaticArray<f32>(BANDS);
const WEIGHTS = new StaticArray<f32>(BINS_PADDED);

export class Enhancer {
  /** Gains of the last frame, 0..1, with floors. */
  readonly gains: StaticArray<f32> = new StaticArray<f32>(BANDS);
  /** Strengths of the comb filter in the last frame, 0..1. */
  readonly strengths: StaticArray<f32> = new StaticArray<f32>(BANDS);
  /** The Wiener filter of the bins; the ladder and experiments leave it out. */
  filtersBins: bool = true;

  private readonly noise: NoiseEstimator = new NoiseEstimator();
  private readonly wiener: WienerFilter = new WienerFilter();
  private finer: Finer | null = null;

  /** @param network of the finer stage; null: none */
  constructor(network: FinerNetwork | null) {
    if (network) this.finer = new Finer(network);
  }

  reset(): void {
    this.noise.reset();
    this.wiener.reset();
    const finer = this.finer;
    if (finer) finer.reset();
  }

  /**
   * @param frame the analysed frame
   * @param decisions on it
   * @param strength 0..1: no band falls below 1 - strength
   * @returns 481 (re, im) pairs, until the next call for any stream
   */
  process(frame: Analysis, decisions: Decisions, strength: f32): usize {
    const noisy = frame.spectrum;
    const energy = frame.energy;
    const decided = changetype<usize>(decisions.gains);
    const gains = changetype<usize>(this.gains);
    const strengths = changetype<usize>(this.strengths);
    const floors = changetype<usize>(FLOORS);
    const floorWeights = changetype<usize>(FLOOR_WEIGHTS);
    memory.copy(strengths, changetype<usize>(decisions.strengths), BANDS_BYTES);
    comfortFloor(energy, floors);
    holdFloors(decided, floors, gains, floorWeights);

    const mixed = changetype<usize>(MIXED);
    const mixedEnergy = changetype<usize>(MIXED_ENERGY);
    const levels = changetype<usize>(LEVELS);
    mixComb(noisy, changetype<usize>(frame.comb), strengths, mixed);
    bandProducts(mixed, mixed, mixedEnergy);
    restoreLevels(energy, mixedEnergy, levels);

    const weights = changetype<usize>(WEIGHTS);
    const makeUp = changetype<usize>(MAKE_UP);
    if (this.filtersBins) {
      this.noise.learn(noisy, decided);
      this.wiener.process(this.noise, mixed, mixedEnergy, gains, strengths, floorWeights, weights, makeUp);
    } else {
      for (let k = 0; k < BINS_PADDED; k++) unchecked((WEIGHTS[k] = 1));
      for (let b = 0; b < BANDS; b++) unchecked((MAKE_UP[b] = 1));
    }
    applyGains(gains, levels, makeUp, weights, mixed);
    const finer = this.finer;
    if (finer) finer.process(frame, changetype<usize>(this.noise.powers), decisions.context, mixed);
    attenuate(noisy, strength, mixed, gains, strengths);
    return mixed;
  }
}
