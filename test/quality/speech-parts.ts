/** Which frames of clean speech begin a word or are s, f, sh: as evaluation/scores/speech_parts.py, for the tests. Frames are 10 ms at 48 kHz. */
import { FRAME } from '../../src/core/shape';

const RATE = 48000;
/** The first 50 ms of a word. */
const ONSET_FRAMES = 5;
/** Frames before it that lie 5 dB or more below the level at which a word has begun, dB re the active level. */
const ONSET_PAUSE = 10;
const ONSET_RISE = 2;
const ONSET_LEVEL = -20;
const FRICATIVE_LEVEL = -30;
/** Hertz: voices have their energy below the first, fricatives above the second, by so many dB. */
const FRICATIVE_SPLIT = [2000, 3000] as const;
const FRICATIVE_RATIO = 6;

function energies(x: Float32Array): Float64Array {
  return Float64Array.from({ length: Math.floor(x.length / FRAME) }, (_, n) => {
    let sum = 0;
    for (let i = n * FRAME; i < (n + 1) * FRAME; i++) sum += x[i]! ** 2;
    return sum;
  });
}

/** Mean energy of the frames within 30 dB of the loudest. */
export function activeEnergy(x: Float32Array): number {
  const energy = energies(x);
  const loudest = Math.max(...energy);
  const active = energy.filter((e) => e >= 1e-3 * loudest);
  return active.reduce((sum, e) => sum + e, 0) / active.length;
}

/** dB of each frame re the active energy. */
function levels(clean: Float32Array): number[] {
  const active = activeEnergy(clean);
  return Array.from(energies(clean), (e) => 10 * Math.log10(e / active + 1e-12));
}

/** Second-order Butterworth low-pass or high-pass, twice, there and back: no delay. */
function filtered(x: Float32Array, hertz: number, high: boolean): Float32Array {
  const w = (2 * Math.PI * hertz) / RATE;
  const [cosine, alpha] = [Math.cos(w), Math.sin(w) / Math.SQRT2];
  const a0 = 1 + alpha;
  const edge = (high ? 1 + cosine : 1 - cosine) / 2 / a0;
  const middle = high ? -2 * edge : 2 * edge;
  const [a1, a2] = [(-2 * cosine) / a0, (1 - alpha) / a0];
  const pass = (input: Float32Array): Float32Array => {
    let [x1, x2, y1, y2] = [0, 0, 0, 0];
    return input.map((x0) => {
      const y0 = edge * x0 + middle * x1 + edge * x2 - a1 * y1 - a2 * y2;
      [x2, x1, y2, y1] = [x1, x0, y1, y0];
      return y0;
    });
  };
  return pass(pass(x).reverse()).reverse();
}

/** Frames of the first 50 ms of words after a pause. */
export function onsets(clean: Float32Array): number[] {
  const lead = ONSET_PAUSE + ONSET_RISE;
  const level = [...Array(lead).fill(Number.NEGATIVE_INFINITY), ...levels(clean)];
  const frames: number[] = [];
  for (let n = lead; n < level.length - ONSET_FRAMES; n++) {
    const pause = level.slice(n - lead, n - ONSET_RISE);
    if (level[n] <= ONSET_LEVEL || level[n - 1] > ONSET_LEVEL || pause.some((l) => l >= ONSET_LEVEL - 5)) continue;
    for (let i = 0; i < ONSET_FRAMES; i++) frames.push(n - lead + i);
  }
  return frames;
}

/** Frames of unvoiced s, f, sh. */
export function fricatives(clean: Float32Array): number[] {
  const low = energies(filtered(clean, FRICATIVE_SPLIT[0], false));
  const high = energies(filtered(clean, FRICATIVE_SPLIT[1], true));
  return levels(clean).flatMap((level, n) =>
    level > FRICATIVE_LEVEL && high[n]! > 10 ** (FRICATIVE_RATIO / 10) * low[n]! ? [n] : [],
  );
}

/** dB of the output re the clean speech over these frames. */
export function change(clean: Float32Array, output: Float32Array, frames: readonly number[]): number {
  const sum = (x: Float32Array) => {
    const energy = energies(x);
    return frames.reduce((total, n) => total + energy[n]!, 0);
  };
  return 10 * Math.log10(sum(output) / sum(clean));
}
