/** The core's numbers as others must know them. Written by scripts/shape.mjs (npm run build:core): change assembly/ instead. */

/** Sample rate of the core in hertz (arXiv 2008.04259, section 2: full band). */
export const SAMPLE_RATE = 48000;
/** Samples in a hop: 10 ms. */
export const FRAME = 480;
/** Samples in an analysis window: 20 ms, 50 % overlap. */
export const WINDOW = 960;
/** Bins of the real spectrum of one window, 50 Hz apart, 0 to 24 kHz. */
export const BINS = 481;
/** ERB-spaced bands, 0 to 20 kHz. */
export const BANDS = 34;
/** Frames the network sees beyond the one it decides on (the article: 20 ms). */
export const LOOKAHEAD = 2;
/** Delay of the core in samples: one hop of overlap-add and the look-ahead. */
export const DELAY = 1440;
/** Inputs of the network: band energies, coherences, period, correlation. */
export const FEATURES = 70;
/** Shortest pitch period in samples: 800 Hz. */
export const MIN_PERIOD = 60;
/** Longest pitch period in samples: 60 Hz. */
export const MAX_PERIOD = 800;
/** Periods on each side of the comb filter (M of the paper, which has 5: docs/decisions/comb.md). */
export const COMB_PERIODS = 3;
/** Bins of all bands below 8 kHz and of the one that reaches it: what training sees of spectra. */
export const TRAINING_BINS = 200;
/** Bins of the finer stage, 0 to 5 kHz: harmonics of any voice lie apart there, and DeepFilterNet filters them there too. */
export const FINER_BINS = 100;
/** Bins from one of its places to the next, and those that a place sees and tells of. */
export const FINER_STRIDE = 4;
export const FINER_KERNEL = 8;
export const FINER_PLACES = 25;
/** Numbers it sees of each bin, and tells of it (enhance/finer.ts). */
export const FINER_FEATURES = 9;
export const FINER_OUTPUTS = 8;
/** Networks, and streams, that one instance holds. */
export const MAX_NETWORKS = 4;
export const MAX_SUPPRESSORS = 64;
/** No such handle, or it is not held; for numbers, out of range. */
export const ERROR_HANDLE = -1;
/** All places are taken: MAX_NETWORKS, MAX_SUPPRESSORS. */
export const ERROR_FULL = -2;
/** A pointer leads outside the caller's own memory. */
export const ERROR_POINTER = -3;
/** The memory cannot grow as far. */
export const ERROR_MEMORY = -4;
/** Of a network that is refused: neither LAYER_COUNT layers nor those of a finer stage beside them. */
export const ERROR_LAYER_COUNT = -101;
/** A pointer is unaligned, leads outside the memory or to what is not the layer's own. */
export const ERROR_LAYER_POINTER = -102;
/** A layer has another kind than its place asks for. */
export const ERROR_LAYER_KIND = -103;
/** A layer's size does not fit its neighbours or the tile. */
export const ERROR_LAYER_SIZE = -104;
/** A block list is out of order or out of range. */
export const ERROR_LAYER_BLOCKS = -105;
export const DESCRIPTOR_WORDS = 8;
export const KIND_FLOAT = 0;
export const KIND_DENSE = 1;
export const KIND_CONV = 2;
export const KIND_GRU_INPUT = 3;
export const KIND_GRU_RECURRENT = 4;
export const LAYER_COUNT = 15;
export const FINER_LAYERS = 8;
export const TILE_ROWS = 16;
export const TILE_COLUMNS = 4;
export const MAX_TAPS = 16;
export const MAX_FINER_CHANNELS = 256;
/**
 * [samples of the lower rate] Half width of the kernel: Kaiser's length estimate for 87 dB over 0.1 Nyquist. By design, not by trial, all three:
 * resampler.test.ts finds errors below -95 dB up to 0.6 of Nyquist, -80 dB at 0.9 and beyond 1. EXPERIMENTS: none.
 */
export const RESAMPLER_HALF_WIDTH = 56;
export const MIN_RATE = 1000;
export const MAX_RATE = 768000;

/** Functions of the core, and how many numbers each takes. */
export const CORE_FUNCTIONS = {
  coreVersion: 0,
  alloc: 1,
  networkLoad: 2,
  suppressorCreate: 1,
  suppressorDestroy: 1,
  suppressorReset: 1,
  suppressorInput: 1,
  suppressorOutput: 1,
  suppressorFeatures: 1,
  suppressorGains: 1,
  suppressorStrengths: 1,
  suppressorPeriod: 1,
  suppressorProcess: 2,
  suppressorPrepare: 1,
  suppressorProcessLinked: 3,
  suppressorBypass: 1,
  resamplerCreate: 3,
  resamplerDelay: 1,
  resamplerDestroy: 1,
  resamplerInput: 1,
  resamplerOutput: 1,
  resamplerProcess: 2,
  resamplerReset: 1,
} as const;
