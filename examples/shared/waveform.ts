/** Waveform of a whole recording on a canvas: the highest and lowest sample of each column. */
import { fitToScreen } from './spectrogram';

const SILENT_PIXELS = 1;

/** @param peak what fills the height */
export function drawWaveform(canvas: HTMLCanvasElement, low: Float32Array, high: Float32Array, peak: number): void {
  const context = canvas.getContext('2d') as CanvasRenderingContext2D;
  fitToScreen(canvas);
  const { width, height } = canvas;
  context.clearRect(0, 0, width, height);
  context.fillStyle = getComputedStyle(canvas).color;
  const scale = height / 2 / Math.max(peak, 1e-4);
  const columns = low.length;
  for (let x = 0; x < width; x++) {
    const from = Math.floor((x / width) * columns);
    const to = Math.max(from + 1, Math.floor(((x + 1) / width) * columns));
    const top = Math.max(...high.subarray(from, to));
    const bottom = Math.min(...low.subarray(from, to));
    context.fillRect(x, height / 2 - top * scale, 1, Math.max(SILENT_PIXELS, (top - bottom) * scale));
  }
}

export function peakOf(low: Float32Array, high: Float32Array): number {
  return Math.max(...high, -Math.min(...low));
}
