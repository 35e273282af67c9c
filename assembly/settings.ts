/**
 * Every number of the core that was chosen rather than derived: [unit] what it does, where it comes from, and the section of
 * training/EXPERIMENTS.md that set it. `npm run build:core` writes them to build/settings.json, which training reads, so that none stands
 * twice. Sizes are in constants.ts; guards against denormals and 0 / 0 stand where they are used.
 */

// What comes in

/** [Hz] Corner of the DC blocker: the phase of a voice must stay. EXPERIMENTS: "Voices of everywhere". */
export const DC_CORNER: f64 = 1;
/**
 * [Hz] Corner of the second-order high-pass before the pitch search and, as |H|^2, on the energies of the bands: below the lowest voice, 60 Hz.
 * It was on all the sound until the DC blocker came; other corners were not tried, and a network must learn anew with one. EXPERIMENTS: none.
 */
export const RUMBLE_CORNER: f64 = 40;

// Features

/**
 * [mean power, 1 at full scale] Added to each band, and to each bin of the finer stage: -110 dBFS, below any microphone's noise. As old as the
 * features: no network has learnt with another. EXPERIMENTS: none.
 */
export const FEATURE_FLOOR: f32 = 1e-11;
/** [per decade of power] 25 dB are a unit: floor to full scale is -2.4 to 2. As old as the features. EXPERIMENTS: none. */
export const FEATURE_SCALE: f32 = 0.4;
/** [units] -50 dBFS is at 0, near the middle of that. As old as the features. EXPERIMENTS: none. */
export const FEATURE_OFFSET: f32 = 2;

// Pitch

/** [share of the energy] White noise added to the LPC analysis: a tame predictor keeps the strong harmonics. EXPERIMENTS: "Another comb filter". */
export const PITCH_WHITENING: f32 = 1.03;
/** [share] Of the residual before in each: exc(n) = e(n) + 0.7 e(n - 1). EXPERIMENTS: "Another comb filter". */
export const PITCH_SOFTENING: f32 = 0.7;
/** [ratio of scores] A lag that is not so far above its half is taken for its double. EXPERIMENTS: "Another comb filter". */
export const PITCH_DOUBLING_GUARD: f32 = 1.1;
/** [factor of the score] What is left of such a lag. EXPERIMENTS: "Another comb filter". */
export const PITCH_DOUBLING_PENALTY: f32 = 0.7;
/** [lags of 12 kHz a frame] How far a path may move. EXPERIMENTS: "Another comb filter". */
export const PITCH_REACH: i32 = 5;
/** [score a squared lag] Price of moving. EXPERIMENTS: "Another comb filter". */
export const PITCH_SLOPE: f32 = 0.005;
/** [score] Price of leaving the path: a new voice or an onset. EXPERIMENTS: "Another comb filter". */
export const PITCH_JUMP: f32 = 0.6;

// Network

/**
 * [share a frame] Most of its state that a unit keeps for the next frame: a time constant of 20 s. Networks are trained on seconds; a gate
 * that stays open beyond would carry the sound of hours ago, which no training has seen: without it the level of equal rounds rose by 0.08 dB in
 * a day, with it by 0.002, and PESQ stays within 0.002. Other values were not tried. EXPERIMENTS: none.
 */
export const RETAIN: f32 = 1 - 1 / 2048;
/**
 * [bands] With gains of their own. No recording that networks are trained on reaches the topmost band, from 18 kHz on: it stays as quiet as
 * the band below. EXPERIMENTS: "The topmost band".
 */
export const TAUGHT_BANDS: i32 = 33;

// Two channels

/** [share a frame] Weight of a frame in the spectra that are compared: over about 0.1 s, a syllable. Not scored: no set has two channels. EXPERIMENTS: none. */
export const LINK_SMOOTHING: f32 = 0.1;
/**
 * [coherence] Of two sources, by chance, in so few frames: two steady noises come to 0.06, to 0.23 in one band of a thousand, voices, whose power
 * lies in fewer frames, to more. EXPERIMENTS: none.
 */
export const LINK_APART: f32 = 0.4;
/** [coherence] From which on the channels count as one source: 0.9 of the power of each is then of it. Not scored. EXPERIMENTS: none. */
export const LINK_TOGETHER: f32 = 0.8;
/**
 * [frames] Of nothing but zeros before one of two channels rests: 1 s, several times what the chain keeps of sound, so that all of that is zero.
 * EXPERIMENTS: none.
 */
export const REST_AFTER: i32 = 100;

// After the network

/** [ratio of energies] The level of a band is restored after the comb filter by 10 dB at most. EXPERIMENTS: "Another comb filter". */
export const COMB_MOST_RESTORED: f32 = 10;
/** [mean power, 1 at full scale] No band is pushed below -100 dBFS ... EXPERIMENTS: "Which part of the pauses". */
export const COMFORT_LEVEL: f32 = 1e-10;
/** [mean power, 1 at full scale] ... and none of the higher ones below -110 dBFS. EXPERIMENTS: "Which part of the pauses". */
export const COMFORT_LEVEL_HIGH: f32 = 1e-11;
/** [band] The first of those, at 3 kHz. EXPERIMENTS: "Which part of the pauses". */
export const COMFORT_HIGH_BAND: i32 = 17;
/** [share a frame] Weight of a frame without speech in the noise spectrum. EXPERIMENTS: "A Wiener filter of the bins". */
export const NOISE_LEARNING: f32 = 0.03;
/** [factor] Noise that is expected to that which was told or learnt. EXPERIMENTS: "Voices of everywhere". */
export const WIENER_OVERESTIMATE: f32 = 1.5;
/** [weight] Least of a bin in a band whose gain is 0 ... EXPERIMENTS: "Voices of everywhere". */
export const WIENER_LOWEST: f32 = 0.35;
/** [weight a gain] ... and what a gain of 1 adds: in a voice that is kept, holes are heard. EXPERIMENTS: "Voices of everywhere". */
export const WIENER_LOWEST_SLOPE: f32 = 0.2;
/** [ratio of energies] Less learnt noise than this share of what the gain tells: no noise. EXPERIMENTS: "The gain's word in voiced bands, and a loss on the finished spectra". */
export const WIENER_NOISELESS: f32 = 0.02;
/** [ratio of energies] A loss counts up to 6 dB when a quarter of it is given back. EXPERIMENTS: "A Wiener filter of the bins". */
export const WIENER_MOST_LOST: f32 = 4;

// Finer stage

/** [units of 25 dB] Log powers reach no farther. EXPERIMENTS: "A finer stage". */
export const FINER_LIMIT: f32 = 3;
/** [share a frame] Most of its state that a unit of it keeps: a time constant of 5 s, for it has learnt on 3 s. EXPERIMENTS: "A finer stage". */
export const FINER_RETAIN: f32 = 1 - 1 / 512;
/** [root of a gain] Most that taps on the noisy spectrum are multiplied by. EXPERIMENTS: "A finer stage". */
export const FINER_MOST: f32 = 1.5;

// Only on the article's ladder and in training's targets

/** [1] beta of arXiv 2008.04259, section 5. EXPERIMENTS: "Choice of the loss". */
export const POST_FILTER_BETA: f32 = 0.02;
/** [ratio of energies] n0 of arXiv 2008.04259, section 3: what the comb filter falls short of is attenuated by 15 dB at most. The article's value, not varied. EXPERIMENTS: none. */
export const ORACLE_NOISE: f32 = 0.03;

// Resampler

/**
 * [samples of the lower rate] Half width of the kernel: Kaiser's length estimate for 87 dB over 0.1 Nyquist. By design, not by trial, all three:
 * resampler.test.ts finds errors below -95 dB up to 0.6 of Nyquist, -80 dB at 0.9 and beyond 1. EXPERIMENTS: none.
 */
export const RESAMPLER_HALF_WIDTH: i32 = 56;
/** [1] Kaiser's beta for the stop band: 0.1102 (A - 8.7) with A = 84 dB. EXPERIMENTS: none. */
export const RESAMPLER_KAISER_BETA: f64 = 8.3;
/** [share of the lower Nyquist frequency] -6 dB point of the kernel: middle of the transition 0.9..1.0. EXPERIMENTS: none. */
export const RESAMPLER_CUTOFF: f64 = 0.95;
