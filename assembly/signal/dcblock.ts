/**
 * DC blocker of the audio path: y(n) = x(n) - x(n-1) + R y(n-1), corner at 1 Hz. What it turns the phase of a voice by is heard by no one
 * but counted by every waveform measure: with a corner f_c the error at f is f_c / f of the signal, so 10 Hz (5.7 degrees at 100 Hz) held clean
 * low voices at an SI-SDR of 18 dB where 1 Hz allows 32. Rumble above is the network's business.
 * f64: the pole lies 0.00013 from the unit circle.
 */
import { SAMPLE_RATE } from '../constants';
import { DC_CORNER } from '../settings';

const R: f64 = 1 - (2.0 * Math.PI * DC_CORNER) / (SAMPLE_RATE as f64);
const R2: f64 = R * R;
const R3: f64 = R * R2;
const R4: f64 = R * R3;
/** Below this the state is cut to zero: decaying denormals are slow on x86. */
const DENORMAL: f64 = 1e-20;

export class DcBlocker {
  private lastInput: f64 = 0;
  private lastOutput: f64 = 0;

  /**
   * Filters n f32 from source to target, n a multiple of 4; in place is allowed. Real-time safe. Four samples a step:
   * y(n+3) = d(n+3) + R d(n+2) + R^2 d(n+1) + R^3 d(n) + R^4 y(n-1), so the next step waits for one product and one sum only.
   */
  process(source: usize, target: usize, n: i32): void {
    let x3 = this.lastInput;
    let y3 = this.lastOutput;
    for (let i: usize = 0; i < (n as usize) << 2; i += 16) {
      const before = x3;
      const x0 = load<f32>(source + i) as f64;
      const x1 = load<f32>(source + i, 4) as f64;
      const x2 = load<f32>(source + i, 8) as f64;
      x3 = load<f32>(source + i, 12) as f64;
      const s0 = x0 - before;
      const s1 = x1 - x0 + R * s0;
      const s2 = x2 - x1 + R * s1;
      const s3 = x3 - x2 + R * s2;
      store<f32>(target + i, (s0 + R * y3) as f32);
      store<f32>(target + i, (s1 + R2 * y3) as f32, 4);
      store<f32>(target + i, (s2 + R3 * y3) as f32, 8);
      y3 = s3 + R4 * y3;
      store<f32>(target + i, y3 as f32, 12);
    }
    this.lastInput = x3;
    this.lastOutput = Math.abs(y3) < DENORMAL ? 0 : y3;
  }

  reset(): void {
    this.lastInput = 0;
    this.lastOutput = 0;
  }
}
