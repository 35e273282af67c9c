/**
 * DC blocker of the audio path: y(n) = x(n) - x(n-1) + R y(n-1), corner at 10 Hz. First order and this low because its phase
 * is heard by no one but counted by every waveform measure: 6 degrees at 100 Hz. Rumble above is the network's business.
 * f64: the pole lies 0.0013 from the unit circle.
 */
import { SAMPLE_RATE } from '../constants';

const CORNER: f64 = 10;
const R: f64 = 1 - (2.0 * Math.PI * CORNER) / (SAMPLE_RATE as f64);
/** Below this the state is cut to zero: decaying denormals are slow on x86. */
const DENORMAL: f64 = 1e-20;

export class DcBlocker {
  private lastInput: f64 = 0;
  private lastOutput: f64 = 0;

  /** Filters n f32 from source to target; in place is allowed. Real-time safe. */
  process(source: usize, target: usize, n: i32): void {
    let x1 = this.lastInput;
    let y1 = this.lastOutput;
    for (let i: usize = 0; i < (n as usize) << 2; i += 4) {
      const x = load<f32>(source + i) as f64;
      y1 = x - x1 + R * y1;
      x1 = x;
      store<f32>(target + i, y1 as f32);
    }
    this.lastInput = x1;
    this.lastOutput = Math.abs(y1) < DENORMAL ? 0 : y1;
  }

  reset(): void {
    this.lastInput = 0;
    this.lastOutput = 0;
  }
}
