/** Waveform of a whole recording on a canvas: the highest and lowest sample of each column. */
import { fitToScreen } from './spectrogram';

const SILENT_PIXELS = 1;

export function drawWaveform(canvas: HTMLCanvasElement, samples: Float32Array, peak: number): void {
  const context = canvas.getContext('2d') as CanvasRenderingContext2D;
  fitToScreen(canvas);
  const { width, height } = canvas;
  context.clearRect(0, 0, width, height);
  context.fillStyle = getComputedStyle(canvas).color;
  const scale = height / 2 / Math.max(peak, 1e-4);
  for (let x = 0; x < width; x++) {
    const from = Math.floor((x / width) * samples.length);
    const to = Math.max(from + 1, Math.floor(((x + 1) / width) * samples.length));
    let low = 0;
    let high = 0;
    for (let n = from; n < to; n++) {
      const value = samples[n]!;
      if (value > high) high = value;
      else if (value < low) low = value;
    }
    const top = height / 2 - high * scale;
    context.fillRect(x, top, 1, Math.max(SILENT_PIXELS, (high - low) * scale));
  }
}

export function peakOf(samples: Float32Array): number {
  let peak = 0;
  for (const x of samples) peak = Math.max(peak, Math.abs(x));
  return peak;
}
