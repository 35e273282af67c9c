/**
 * Entry of scripts/shape.mjs, which reads these numbers off the compiled module: what callers of the core must know, and every setting.
 * build/shape.json, build/settings.json and src/core/shape.ts are made of it.
 */
export {
  BANDS,
  BINS,
  COMB_PERIODS,
  DELAY,
  FEATURES,
  FINER_BINS,
  FINER_FEATURES,
  FINER_KERNEL,
  FINER_OUTPUTS,
  FINER_PLACES,
  FINER_STRIDE,
  FRAME,
  LOOKAHEAD,
  MAX_NETWORKS,
  MAX_PERIOD,
  MAX_SUPPRESSORS,
  MIN_PERIOD,
  SAMPLE_RATE,
  TRAINING_BINS,
  WINDOW,
} from '../constants';
export {
  ERROR_FULL,
  ERROR_HANDLE,
  ERROR_LAYER_BLOCKS,
  ERROR_LAYER_COUNT,
  ERROR_LAYER_KIND,
  ERROR_LAYER_POINTER,
  ERROR_LAYER_SIZE,
  ERROR_MEMORY,
  ERROR_POINTER,
} from '../errors';
export { LEVELS, P0, P1, P2, P3, Q1, Q2, Q3, TANH_LIMIT, ZERO_POINT } from '../network/activations';
export {
  DESCRIPTOR_WORDS,
  FINER_LAYERS,
  KIND_CONV,
  KIND_DENSE,
  KIND_FLOAT,
  KIND_GRU_INPUT,
  KIND_GRU_RECURRENT,
  LAYER_COUNT,
  MAX_FINER_CHANNELS,
  MAX_TAPS,
  TILE_COLUMNS,
  TILE_ROWS,
} from '../network/weights';
export * from '../settings';
export { CENTRES } from '../signal/erb';
export { MAX_RATE, MIN_RATE } from '../signal/resampler';
export { STATISTICS } from './oracle';
