/**
 * Entry of bench/stages.ts: the stages of a frame one by one, each on what the others left.
 *
 * The stages come in the order of `Suppressor.process`; the difference between their sum and `STAGE_FRAME` is what moving samples
 * and cold caches cost.
 */
import {
  BANDS,
  BINS_PADDED,
  COMB_PAST,
  FEATURES,
  FRAME,
  FRAME_BYTES,
  HISTORY,
  SAMPLE_RATE,
  SPECTRUM,
  WINDOW,
  WINDOW_BYTES,
} from '../constants';
import { Finer } from '../enhance/finer';
import { NoiseEstimator } from '../enhance/noise';
import { WienerFilter } from '../enhance/wiener';
import { energyFeatures } from '../features';
import { allocate } from '../memory';
import { Network, NetworkState } from '../network/percepnet';
import { checkLayers } from '../network/weights';
import { pitchCoherence } from '../pitch/coherence';
import { combFilter } from '../pitch/comb';
import { futurePeriod, refinePeriod } from '../pitch/refine';
import { PitchSearch } from '../pitch/search';
import { Viterbi } from '../pitch/viterbi';
import { DcBlocker } from '../signal/dcblock';
import { History } from '../signal/delay';
import { bandProducts, interpolate } from '../signal/erb';
import { irfft, rfft } from '../signal/fft';
import { resamplerCreate, resamplerInput, resamplerProcess } from '../signal/resampler';
import { applyWindow } from '../signal/window';
import { Suppressor } from '../suppressor';

const STAGE_DC_BLOCKER: i32 = 0;
const STAGE_ANALYSIS: i32 = 1;
const STAGE_BANDS: i32 = 2;
const STAGE_SEARCH: i32 = 3;
const STAGE_VITERBI: i32 = 4;
const STAGE_REFINE: i32 = 5;
const STAGE_COMB: i32 = 6;
const STAGE_FEATURES: i32 = 7;
const STAGE_NETWORK: i32 = 8;
const STAGE_INTERPOLATION: i32 = 9;
const STAGE_WIENER: i32 = 10;
const STAGE_FINER: i32 = 11;
const STAGE_SYNTHESIS: i32 = 12;
const STAGE_FRAME: i32 = 13;
const STAGE_RESAMPLING: i32 = 14;

/** Of the resampler: 10 ms in. */
const RESAMPLED_RATE: f64 = 44100;
const RESAMPLED_HOP: i32 = 441;

/** Same in the core: two spectra, sets of bands. */
const history = new History(HISTORY);
const time = new StaticArray<f32>(WINDOW);
const spectrum = new StaticArray<f32>(SPECTRUM);
const comb = new StaticArray<f32>(SPECTRUM);
const bins = new StaticArray<f32>(BINS_PADDED);
const energy = new StaticArray<f32>(BANDS);
const combEnergy = new StaticArray<f32>(BANDS);
const gains = new StaticArray<f32>(BANDS);
const makeUp = new StaticArray<f32>(BANDS);
const features = new StaticArray<f32>(FEATURES);

const blocker = new DcBlocker();
const search = new PitchSearch();
const viterbi = new Viterbi();
const noise = new NoiseEstimator();
const wiener = new WienerFilter();
let state: NetworkState | null = null;
let suppressor: Suppressor | null = null;
let finer: Finer | null = null;
const resampler = resamplerCreate(RESAMPLED_RATE, SAMPLE_RATE, RESAMPLED_HOP);
let period: i32 = 0;
let future: i32 = 0;

export function alloc(bytes: i32): usize {
  return allocate(bytes);
}

/** As the core's; a stream on it is made as well. */
export function networkLoad(layers: usize, count: i32): i32 {
  const code = checkLayers(layers, count);
  if (code != 0) return code;
  const network = new Network(layers, count);
  state = new NetworkState(network);
  suppressor = new Suppressor(network);
  const stage = network.finer;
  if (stage) finer = new Finer(stage);
  return 0;
}

/** 480 f32 of the next hop. */
export function input(): usize {
  return history.end - FRAME_BYTES;
}

/** Makes room for the next hop. */
export function advance(): void {
  history.advance();
}

/** Runs a stage `times` times on the hop at `input`. */
export function run(stage: i32, times: i32): void {
  const hop = input();
  const end = history.end;
  const window = end - ((HISTORY - COMB_PAST) << 2);
  const t = changetype<usize>(time);
  const y = changetype<usize>(spectrum);
  const p = changetype<usize>(comb);
  const ey = changetype<usize>(energy);
  const ep = changetype<usize>(combEnergy);
  const f = changetype<usize>(features);
  for (let i = 0; i < times; i++) {
    switch (stage) {
      case STAGE_DC_BLOCKER:
        blocker.process(hop, t, FRAME);
        break;
      case STAGE_ANALYSIS:
        applyWindow(end - WINDOW_BYTES, t);
        rfft(t, y);
        break;
      case STAGE_BANDS:
        bandProducts(y, y, ey);
        break;
      case STAGE_SEARCH:
        search.process(end);
        break;
      case STAGE_VITERBI:
        viterbi.process(changetype<usize>(search.scores));
        break;
      case STAGE_REFINE:
        period = refinePeriod(window, viterbi.lag);
        future = futurePeriod(window, period);
        break;
      case STAGE_COMB:
        combFilter(window, period, future, t);
        applyWindow(t, t);
        rfft(t, p);
        break;
      case STAGE_FEATURES:
        bandProducts(p, p, ep);
        energyFeatures(ey, f);
        pitchCoherence(y, p, ey, ep, f + 4 * BANDS);
        break;
      case STAGE_NETWORK:
        state!.step(f);
        break;
      case STAGE_INTERPOLATION:
        interpolate(ey, changetype<usize>(bins));
        break;
      case STAGE_WIENER: {
        const g = changetype<usize>(gains);
        noise.learn(y, g);
        wiener.process(noise, y, ey, g, g, g, changetype<usize>(bins), changetype<usize>(makeUp));
        break;
      }
      case STAGE_FINER: {
        const stage = finer;
        if (stage) stage.process(suppressor!.analysis, changetype<usize>(noise.powers), state!.context, p);
        break;
      }
      case STAGE_SYNTHESIS:
        irfft(y, t);
        applyWindow(t, t);
        break;
      case STAGE_FRAME: {
        const s = suppressor!;
        memory.copy(changetype<usize>(s.stream.input), hop, FRAME_BYTES);
        s.process(1);
        break;
      }
      case STAGE_RESAMPLING:
        memory.copy(resamplerInput(resampler), hop, (RESAMPLED_HOP as usize) << 2);
        resamplerProcess(resampler, RESAMPLED_HOP);
        break;
    }
  }
}
