/** The still pictures of the article page: bands, comb filter, pitch track. */
import { RATE } from '../shared/audio';
import { Chart } from '../shared/chart';
import { fitToScreen } from '../shared/spectrogram';
import type { PitchFrame } from './core-worker';

/** Width of a bin of the core's spectra, hertz. */
const BIN_HERTZ = 50;
const COMB_MAX_HERTZ = 2000;
const COMB_FLOOR_DB = -40;
/** Frames less periodic than this are not drawn at all. */
const LEAST_CORRELATION = 0.25;

const hertz = (value: number): string => (value >= 1000 ? `${value / 1000} k` : String(value));

export function drawBands(host: HTMLElement, shapes: readonly Float32Array[], chosen: number, log: boolean): void {
  const x = log
    ? { from: 50, to: 20000, log, ticks: [50, 100, 200, 500, 1000, 2000, 5000, 10000, 20000], label: hertz }
    : { from: 0, to: 20000, ticks: [0, 5000, 10000, 15000, 20000], label: hertz };
  const chart = new Chart(host, x, { from: 0, to: 1.05, ticks: [0, 0.5, 1], label: String });
  const outline = (shape: Float32Array): [number, number][] => {
    const used = [...shape.keys()].filter((k) => shape[k]! > 0 && k * BIN_HERTZ <= x.to);
    const first = used[0]!;
    const last = used.at(-1)!;
    return [
      ...(first > 0 ? [[(first - 1) * BIN_HERTZ, 0] as [number, number]] : []),
      ...used.map((k): [number, number] => [k * BIN_HERTZ, shape[k]!]),
      [(last + 1) * BIN_HERTZ, shape[last + 1] ?? 0],
    ];
  };
  for (const [b, shape] of shapes.entries()) if (b !== chosen) chart.line(outline(shape), 'curve faint');
  chart.line(outline(shapes[chosen]!), 'curve filled');
}

/** "1.4 to 1.8 kHz, strongest at 1.6 kHz" */
export function describeBand(shape: Float32Array): string {
  const used = [...shape.keys()].filter((k) => shape[k]! > 0);
  const peak = used.reduce((best, k) => (shape[k]! > shape[best]! ? k : best), used[0]!);
  const low = Math.max(0, (used[0]! - 1) * BIN_HERTZ);
  const high = (used.at(-1)! + 1) * BIN_HERTZ;
  return `${low} to ${Math.min(24000, high)} Hz, strongest at ${peak * BIN_HERTZ} Hz`;
}

/** |H(f)| of p(n) = SUM w_k y(n - k T). */
export function drawComb(host: HTMLElement, taps: Float32Array, period: number): void {
  const chart = new Chart(
    host,
    { from: 0, to: COMB_MAX_HERTZ, ticks: [0, 500, 1000, 1500, 2000], label: hertz },
    { from: COMB_FLOOR_DB, to: 3, ticks: [0, -10, -20, -30, -40], label: (db) => `${db} dB` },
  );
  const middle = (taps.length - 1) / 2;
  const points = Array.from({ length: 1201 }, (_, i): [number, number] => {
    const f = (i / 1200) * COMB_MAX_HERTZ;
    let re = 0;
    let im = 0;
    for (const [i, weight] of taps.entries()) {
      const phase = (2 * Math.PI * f * period * (i - middle)) / RATE;
      re += weight * Math.cos(phase);
      im -= weight * Math.sin(phase);
    }
    return [f, Math.max(COMB_FLOOR_DB, 10 * Math.log10(re * re + im * im + 1e-12))];
  });
  chart.line(points, 'curve');
}

export function drawTrack(canvas: HTMLCanvasElement, frames: readonly PitchFrame[], maxHertz: number): void {
  const context = canvas.getContext('2d') as CanvasRenderingContext2D;
  fitToScreen(canvas);
  const { width, height } = canvas;
  context.clearRect(0, 0, width, height);
  const step = width / frames.length;
  const size = Math.max(4, height / 50);
  for (const [n, { period, correlation }] of frames.entries()) {
    if (correlation < LEAST_CORRELATION) continue;
    const y = (1 - RATE / period / maxHertz) * height;
    context.globalAlpha = Math.min(1, 1.5 * correlation);
    context.fillStyle = '#7df9ff';
    context.fillRect(n * step, y - size / 2, Math.max(2, step), size);
  }
}
