/** Sample counts and delays of the worklet's chain. Pure arithmetic, used on both sides of the port. */

import { DELAY as CORE_DELAY, SAMPLE_RATE as CORE_RATE, FRAME, RESAMPLER_HALF_WIDTH } from '../core/shape';

export { CORE_DELAY, CORE_RATE, FRAME };

/** Milliseconds of a frame. */
export const FRAME_MS = (1000 * FRAME) / CORE_RATE;

/** Delay of a resampler in samples of its input rate. */
export function resamplerDelay(inRate: number, outRate: number): number {
  return Math.ceil((RESAMPLER_HALF_WIDTH * Math.max(1, inRate / outRate)) / 2) * 2;
}

/**
 * Samples the chain has given out after `count` samples went in, the FIFO's head start not counted.
 * @param zeros of 48 kHz that went ahead of the way back, as wholeDelay() has them; what came of them does not count
 */
export function producedAfter(count: number, rate: number, zeros = 0): number {
  if (rate === CORE_RATE) return Math.floor(count / FRAME) * FRAME;
  // The resampler has written ceil(n out / in) samples after n.
  const frames = Math.floor(Math.ceil((count * CORE_RATE) / rate) / FRAME);
  const written = (n: number): number => Math.ceil((n * rate) / CORE_RATE);
  return written(zeros + frames * FRAME) - written(zeros);
}

/** The least number of samples that fills whole frames: 10 ms where those are a whole number of samples. */
export function wholeFrames(rate: number): number {
  return (rate * FRAME) / greatestCommonDivisor(rate * FRAME, CORE_RATE);
}

function greatestCommonDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestCommonDivisor(b, a % b);
}

/**
 * Least head start in samples that never lets the output FIFO run dry when blocks of `quantum` samples come and go:
 * the largest of consumed minus produced over one period. At 48 kHz this is FRAME - gcd(FRAME, quantum). A quantum of 1
 * gives the bound for blocks of any, even changing, lengths.
 * @param zeros as for producedAfter()
 */
export function headStart(rate: number, quantum: number, zeros = 0): number {
  // The pattern repeats when a whole number of frames fits a whole number of quanta.
  const samples = wholeFrames(rate);
  const period = samples / greatestCommonDivisor(samples, quantum);
  let most = 0;
  for (let k = 1; k <= period; k++) {
    most = Math.max(most, k * quantum - producedAfter(k * quantum, rate, zeros));
  }
  return most;
}

/** Seconds from input to output of the chain whose FIFO starts with `start` samples. */
export function chainLatency(rate: number, start: number): number {
  if (rate === CORE_RATE) return (CORE_DELAY + start) / rate;
  const before = resamplerDelay(rate, CORE_RATE) / rate;
  const after = resamplerDelay(CORE_RATE, rate) / CORE_RATE;
  return before + CORE_DELAY / CORE_RATE + after + start / rate;
}

/**
 * For recordings, whose delay is taken away: how many zeros of 48 kHz to put ahead of the way back, and how many samples of `rate` come
 * late then. The delay at 48 kHz is a whole number of samples of `rate` only at multiples of a step.
 */
export function wholeDelay(rate: number): { zeros: number; samples: number } {
  if (rate === CORE_RATE) return { zeros: 0, samples: CORE_DELAY };
  const step = CORE_RATE / greatestCommonDivisor(CORE_RATE, rate);
  const least = CORE_DELAY + resamplerDelay(CORE_RATE, rate);
  const delay = Math.ceil(least / step) * step;
  return { zeros: delay - least, samples: resamplerDelay(rate, CORE_RATE) + (delay * rate) / CORE_RATE };
}
