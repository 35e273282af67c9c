/**
 * The 70 inputs of the network: 34 log energies of the newest frame, and of the frame in decision 34 pitch
 * coherences, the period and the correlation (arXiv 2008.04259, section 4).
 */
import { BANDS, BANDS_BYTES, MAX_PERIOD, MEAN_POWER, MIN_PERIOD } from './constants';
import { FEATURE_FLOOR, FEATURE_OFFSET, FEATURE_SCALE } from './settings';

const OCTAVES: f32 = Mathf.log2((MAX_PERIOD as f32) / (MIN_PERIOD as f32));

/** Log energies, -50 dBFS at 0 and 25 dB a unit: about -2.4..2. Real-time safe. */
export function energyFeatures(energies: usize, features: usize): void {
  for (let b: usize = 0; b < BANDS_BYTES; b += 4) {
    const power = MEAN_POWER * load<f32>(energies + b);
    store<f32>(features + b, FEATURE_SCALE * Mathf.log10(power + FEATURE_FLOOR) + FEATURE_OFFSET);
  }
}

/** Period on a log scale, -1 (800 Hz) to 1 (60 Hz), and correlation, 0..1. Real-time safe. */
export function pitchFeatures(period: i32, correlation: f32, features: usize): void {
  const octaves = Mathf.log2((period as f32) / (MIN_PERIOD as f32));
  store<f32>(features + 8 * BANDS, (2 * octaves) / OCTAVES - 1);
  store<f32>(features + 8 * BANDS, correlation, 4);
}
