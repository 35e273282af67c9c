/**
 * Second-order Butterworth high-pass at 40 Hz: removes DC and rumble below the lowest voice.
 * Direct form II transposed in f64: at 40 Hz of 48 kHz, f32 state would add audible noise.
 */
import { SAMPLE_RATE } from '../constants';

const CUTOFF: f64 = 40;
/** Below this the state is cut to zero: decaying denormals are slow on x86. */
const DENORMAL: f64 = 1e-20;

const K = Math.tan((Math.PI * CUTOFF) / (SAMPLE_RATE as f64));
const NORM = 1.0 / (1.0 + Math.SQRT2 * K + K * K);
const B0 = NORM;
const A1 = 2.0 * (K * K - 1.0) * NORM;
const A2 = (1.0 - Math.SQRT2 * K + K * K) * NORM;

export class HighPass {
  private s1: f64 = 0;
  private s2: f64 = 0;

  /** Filters n f32 from source to target; in place is allowed. Real-time safe. */
  process(source: usize, target: usize, n: i32): void {
    let s1 = this.s1;
    let s2 = this.s2;
    const b0 = B0;
    const a1 = A1;
    const a2 = A2;
    for (let i: usize = 0; i < (n as usize) << 2; i += 4) {
      const x = load<f32>(source + i) as f64;
      const y = b0 * x + s1;
      s1 = -2.0 * b0 * x - a1 * y + s2;
      s2 = b0 * x - a2 * y;
      store<f32>(target + i, y as f32);
    }
    this.s1 = Math.abs(s1) < DENORMAL ? 0 : s1;
    this.s2 = Math.abs(s2) < DENORMAL ? 0 : s2;
  }

  reset(): void {
    this.s1 = 0;
    this.s2 = 0;
  }
}
