/** What is drawn of a recording: levels and spectra of so many columns, gathered while it passes. */
import { LOUD_FRAME_SECONDS, loudnessOf, power } from '../shared/audio';
import { PowerSpectrum } from '../shared/fft';
import { shade } from '../shared/shades';

export const COLUMNS = 1000;
const SPECTRUM = new PowerSpectrum(2048);
export const BINS = SPECTRUM.size / 2;

export interface Picture {
  readonly sampleRate: number;
  /** Lowest and highest sample of each column. */
  readonly low: Float32Array;
  readonly high: Float32Array;
  /** Column by column, the shade of each bin from 0 Hz up to half the rate. */
  readonly shades: Uint8Array;
  /** Root mean square of the loud parts. */
  readonly loudness: number;
}

export class PictureMaker {
  private readonly low = new Float32Array(COLUMNS);
  private readonly high = new Float32Array(COLUMNS);
  private readonly shades = new Uint8Array(COLUMNS * BINS);
  private readonly powers: number[] = [];
  private readonly frame: Float32Array;
  private framed = 0;
  /** The last samples, and how many came before them. */
  private recent = new Float32Array(0);
  private start = 0;
  private received = 0;
  private drawn = 0;

  constructor(
    private readonly length: number,
    private readonly sampleRate: number,
  ) {
    this.frame = new Float32Array(Math.round(LOUD_FRAME_SECONDS * sampleRate));
  }

  push(samples: Float32Array): void {
    this.level(samples);
    const kept = this.recent.subarray(Math.max(0, this.recent.length - SPECTRUM.size));
    this.start = this.received - kept.length;
    const recent = new Float32Array(kept.length + samples.length);
    recent.set(kept);
    recent.set(samples, kept.length);
    this.recent = recent;
    this.received += samples.length;
    while (this.drawn < COLUMNS && this.centre + BINS <= this.received) this.draw();
  }

  finish(): Picture {
    while (this.drawn < COLUMNS) this.draw();
    const { sampleRate, low, high, shades, powers } = this;
    return { sampleRate, low, high, shades, loudness: loudnessOf(powers) };
  }

  /** Sample in the middle of the next column. */
  private get centre(): number {
    return Math.round(((this.drawn + 0.5) / COLUMNS) * this.length);
  }

  private draw(): void {
    const spectrum = SPECTRUM.around(this.recent, this.centre - this.start);
    const at = this.drawn * BINS;
    for (let bin = 0; bin < BINS; bin++) this.shades[at + bin] = shade(10 * Math.log10(spectrum[bin]!));
    this.drawn++;
  }

  private level(samples: Float32Array): void {
    const { low, high, frame, length } = this;
    for (const [n, x] of samples.entries()) {
      const column = Math.min(COLUMNS - 1, Math.floor(((this.received + n) / length) * COLUMNS));
      if (x < low[column]!) low[column] = x;
      else if (x > high[column]!) high[column] = x;
      frame[this.framed++] = x;
      if (this.framed < frame.length) continue;
      this.powers.push(power(frame));
      this.framed = 0;
    }
  }
}
