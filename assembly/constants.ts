/** Sizes and rates of the pipeline, each with its unit and its origin. */

/** Sample rate of the core in hertz (arXiv 2008.04259, section 2: full band). */
export const SAMPLE_RATE: i32 = 48000;

/** Samples in a hop: 10 ms. */
export const FRAME: i32 = 480;

/** Samples in an analysis window: 20 ms, 50 % overlap. */
export const WINDOW: i32 = 960;

/** Bins of the real spectrum of one window, 50 Hz apart, 0 to 24 kHz. */
export const BINS: i32 = 481;

/** ERB-spaced bands, 0 to 20 kHz. */
export const BANDS: i32 = 34;

/** Frames the network sees beyond the one it decides on (the article: 20 ms). */
export const LOOKAHEAD: i32 = 2;

/** Delay of the core in samples: one hop of overlap-add and the look-ahead. */
export const DELAY: i32 = (1 + LOOKAHEAD) * FRAME;

/** Inputs of the network: band energies, coherences, period, correlation. */
export const FEATURES: i32 = 2 * BANDS + 2;

/** Shortest pitch period in samples: 800 Hz. */
export const MIN_PERIOD: i32 = 60;

/** Longest pitch period in samples: 60 Hz. */
export const MAX_PERIOD: i32 = 800;

/** Periods on each side of the comb filter (M of the paper, which has 5: docs/decisions/comb.md). */
export const COMB_PERIODS: i32 = 3;

/** Past samples the comb filter needs before its window. */
export const COMB_PAST: i32 = COMB_PERIODS * MAX_PERIOD;

/** Future samples the look-ahead leaves to the comb filter after its window. */
export const COMB_FUTURE: i32 = LOOKAHEAD * FRAME;

/** Samples of input without DC that are kept: comb past, the window in decision, look-ahead. */
export const HISTORY: i32 = COMB_PAST + WINDOW + COMB_FUTURE;

/** f32 of an array with a value for each bin, padded so that vectors of four bins fit. */
export const BINS_PADDED: i32 = BINS + 3;

/** f32 of a spectrum, (re, im) for each bin, padded alike. */
export const SPECTRUM: i32 = 2 * BINS_PADDED;

/** Bins of all bands below 8 kHz and of the one that reaches it: what training sees of spectra. */
export const TRAINING_BINS: i32 = 200;

/** Bins of the finer stage, 0 to 5 kHz: harmonics of any voice lie apart there, and DeepFilterNet filters them there too. */
export const FINER_BINS: i32 = 100;
/** Bins from one of its places to the next, and those that a place sees and tells of. */
export const FINER_STRIDE: i32 = 4;
export const FINER_KERNEL: i32 = 8;
export const FINER_PLACES: i32 = FINER_BINS / FINER_STRIDE;
/** Numbers it sees of each bin, and tells of it (enhance/finer.ts). */
export const FINER_FEATURES: i32 = 9;
export const FINER_OUTPUTS: i32 = 8;

/** Energy of an unnormalised spectrum whose mean power is 1 (a full-scale sine has half of it), and what turns energies into mean power. */
export const UNIT_ENERGY: f32 = (FRAME as f32) * (FRAME as f32);
export const MEAN_POWER: f32 = 1.0 / UNIT_ENERGY;

/** Networks, and streams, that one instance holds. */
export const MAX_NETWORKS: i32 = 4;
export const MAX_SUPPRESSORS: i32 = 64;

/** The same sizes in bytes of f32, for pointer loops. */
export const FRAME_BYTES: usize = (FRAME as usize) * 4;
export const WINDOW_BYTES: usize = (WINDOW as usize) * 4;
export const BINS_BYTES: usize = (BINS as usize) * 4;
export const BANDS_BYTES: usize = (BANDS as usize) * 4;
