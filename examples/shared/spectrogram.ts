/** Spectrograms on canvases: one that scrolls with an AnalyserNode, and one of a whole recording. */
import { PowerSpectrum } from './fft';
import { COLOURS, colour } from './shades';

/** What an AnalyserNode's decibels lack for a full-scale sine to read 0: half its amplitude, under a Blackman window (0.42). */
const ANALYSER_OFFSET = -20 * Math.log10(0.5 * 0.42);
/** Columns a second of the scrolling view. */
const COLUMNS_PER_SECOND = 60;
/** Frequencies written beside the plot. */
const LABELS = 3;

/** Writes 0..maxHertz beside the plot of a canvas. */
export function labelScale(canvas: HTMLCanvasElement, maxHertz: number): void {
  const scale = canvas.parentElement?.querySelector('.scale');
  scale?.replaceChildren(
    ...Array.from({ length: LABELS }, (_, i) => {
      const label = document.createElement('span');
      const hertz = maxHertz * (1 - i / (LABELS - 1));
      label.textContent = maxHertz > 2000 ? `${hertz / 1000} kHz` : `${hertz} Hz`;
      return label;
    }),
  );
}

/** One pixel of the canvas for one of the screen. */
export function fitToScreen(canvas: HTMLCanvasElement): void {
  const ratio = Math.min(2, globalThis.devicePixelRatio || 1);
  const width = Math.max(1, Math.round(canvas.clientWidth * ratio));
  const height = Math.max(1, Math.round(canvas.clientHeight * ratio));
  if (canvas.width !== width || canvas.height !== height) {
    canvas.width = width;
    canvas.height = height;
  }
}

/** Columns kept dark ahead of where the next one goes, where nothing is to move. */
const AHEAD = 12;

/**
 * Scrolls from right to left; draw() is to be called for each frame of the screen. For those who want less motion it stands still and
 * is written over from left to right.
 */
export class ScrollingSpectrogram {
  private readonly context: CanvasRenderingContext2D;
  private readonly bins: Float32Array<ArrayBuffer>;
  private column = new ImageData(1, 1);
  private last = 0;
  private owed = 0;
  private max = 20000;
  private readonly still = matchMedia('(prefers-reduced-motion: reduce)');
  /** Where the next column goes then. */
  private at = 0;

  constructor(
    private readonly canvas: HTMLCanvasElement,
    private readonly analyser: AnalyserNode,
  ) {
    this.context = canvas.getContext('2d', { alpha: false, desynchronized: true }) as CanvasRenderingContext2D;
    this.bins = new Float32Array(analyser.frequencyBinCount);
    fitToScreen(canvas);
    this.clear();
  }

  set maxHertz(value: number) {
    this.max = value;
    labelScale(this.canvas, value);
    this.clear();
  }

  clear(): void {
    this.context.fillStyle = 'rgb(7 10 19)';
    this.context.fillRect(0, 0, this.canvas.width, this.canvas.height);
  }

  /** @param now milliseconds, as requestAnimationFrame gives them */
  draw(now: number): void {
    const { canvas, context, analyser, bins } = this;
    const before = canvas.width;
    fitToScreen(canvas);
    if (canvas.width !== before) this.clear();
    const ratio = Math.min(2, globalThis.devicePixelRatio || 1);
    // A page in the background gets no frames: nothing to catch up with then.
    this.owed += (Math.min(100, now - this.last) / 1000) * COLUMNS_PER_SECOND * ratio;
    this.last = now;
    const step = Math.floor(this.owed);
    if (step === 0) return;
    this.owed -= step;
    analyser.getFloatFrequencyData(bins);
    if (this.column.height !== canvas.height) this.column = new ImageData(1, canvas.height);
    const pixels = new Uint32Array(this.column.data.buffer);
    const hertzPerBin = analyser.context.sampleRate / analyser.fftSize;
    for (let y = 0; y < canvas.height; y++) {
      const hertz = (1 - (y + 0.5) / canvas.height) * this.max;
      pixels[y] = colour((bins[Math.round(hertz / hertzPerBin)] ?? Number.NEGATIVE_INFINITY) + ANALYSER_OFFSET);
    }
    if (this.still.matches) {
      this.write(step);
      return;
    }
    context.drawImage(canvas, -step, 0);
    for (let x = canvas.width - step; x < canvas.width; x++) context.putImageData(this.column, x, 0);
  }

  private write(step: number): void {
    const { canvas, context } = this;
    for (let i = 0; i < step; i++) {
      context.putImageData(this.column, this.at, 0);
      this.at = (this.at + 1) % canvas.width;
    }
    context.fillRect(this.at, 0, AHEAD, canvas.height);
  }
}

const FINE = new PowerSpectrum(4096);
const COARSE = new PowerSpectrum(2048);
/** Below this top the harmonics of a voice are to be told apart, above it its consonants. */
const FINE_BELOW_HERTZ = 2500;

/** The pixels of a picture of 0..maxHertz, row by row, to be filled and then shown. */
function pictureOf(
  canvas: HTMLCanvasElement,
  maxHertz: number,
): { width: number; height: number; pixels: Uint32Array; show(): void } {
  const context = canvas.getContext('2d', { alpha: false }) as CanvasRenderingContext2D;
  fitToScreen(canvas);
  labelScale(canvas, maxHertz);
  const { width, height } = canvas;
  const image = new ImageData(width, height);
  return { width, height, pixels: new Uint32Array(image.data.buffer), show: () => context.putImageData(image, 0, 0) };
}

/** Draws a whole recording, 0..maxHertz upwards, once. */
export function drawRecording(
  canvas: HTMLCanvasElement,
  samples: Float32Array,
  sampleRate: number,
  maxHertz: number,
): void {
  const spectra = maxHertz < FINE_BELOW_HERTZ ? FINE : COARSE;
  const { width, height, pixels, show } = pictureOf(canvas, maxHertz);
  for (let x = 0; x < width; x++) {
    const spectrum = spectra.around(samples, Math.round(((x + 0.5) / width) * samples.length));
    const binsPerHertz = (2 * spectrum.length) / sampleRate;
    for (let y = 0; y < height; y++) {
      const bin = Math.round((1 - (y + 0.5) / height) * maxHertz * binsPerHertz);
      pixels[y * width + x] = colour(10 * Math.log10(spectrum[bin] ?? 0));
    }
  }
  show();
}

/** Draws what was gathered column by column: the shade of each bin, 0 Hz to half the rate. */
export function drawShades(
  canvas: HTMLCanvasElement,
  shades: Uint8Array,
  columns: number,
  sampleRate: number,
  maxHertz: number,
): void {
  const { width, height, pixels, show } = pictureOf(canvas, maxHertz);
  const bins = shades.length / columns;
  for (let y = 0; y < height; y++) {
    const bin = Math.round(((1 - (y + 0.5) / height) * maxHertz * 2 * bins) / sampleRate);
    for (let x = 0; x < width; x++) {
      const column = Math.floor((x / width) * columns);
      pixels[y * width + x] = COLOURS[bin < bins ? shades[column * bins + bin]! : 0]!;
    }
  }
  show();
}
