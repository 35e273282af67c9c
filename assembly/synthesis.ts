/** From the spectrum of a frame back to samples. The constructor allocates; every method is real-time safe. */
import { FRAME, FRAME_BYTES, WINDOW } from './constants';
import { irfft } from './signal/fft';
import { applyWindow } from './signal/window';

/** Scratch shared by all streams: nothing in it outlives a call. */
const TIME = new StaticArray<f32>(WINDOW);

export class Synthesis {
  /** Second half of the last frame. */
  private readonly overlap: StaticArray<f32> = new StaticArray<f32>(FRAME);

  reset(): void {
    memory.fill(changetype<usize>(this.overlap), 0, FRAME_BYTES);
  }

  /**
   * Inverse FFT, window, overlap-add.
   * @param spectrum 481 (re, im) pairs
   * @param output receives FRAME f32
   */
  process(spectrum: usize, output: usize): void {
    const time = changetype<usize>(TIME);
    const overlap = changetype<usize>(this.overlap);
    irfft(spectrum, time);
    applyWindow(time, time);
    for (let i: usize = 0; i < FRAME_BYTES; i += 16) {
      v128.store(output + i, f32x4.add(v128.load(overlap + i), v128.load(time + i)));
    }
    memory.copy(overlap, time + FRAME_BYTES, FRAME_BYTES);
  }
}
