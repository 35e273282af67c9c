/**
 * Second-order Butterworth high-pass before the pitch search: rumble below the lowest voice must not look periodic.
 * Direct form II transposed in f64: so close to the unit circle, f32 state would add noise.
 */
import { RUMBLE_CORNER } from '../settings';

/** Below this the state is cut to zero: decaying denormals are slow on x86. */
const DENORMAL: f64 = 1e-20;

export class HighPass {
  private s1: f64 = 0;
  private s2: f64 = 0;
  private readonly b0: f64;
  private readonly a1: f64;
  private readonly a2: f64;

  /** @param rate sample rate in hertz */
  constructor(rate: i32) {
    const k = Math.tan((Math.PI * RUMBLE_CORNER) / (rate as f64));
    this.b0 = 1.0 / (1.0 + Math.SQRT2 * k + k * k);
    this.a1 = 2.0 * (k * k - 1.0) * this.b0;
    this.a2 = (1.0 - Math.SQRT2 * k + k * k) * this.b0;
  }

  /** Filters n f32 from source to target; in place is allowed. Real-time safe. */
  process(source: usize, target: usize, n: i32): void {
    let s1 = this.s1;
    let s2 = this.s2;
    const b0 = this.b0;
    const a1 = this.a1;
    const a2 = this.a2;
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
