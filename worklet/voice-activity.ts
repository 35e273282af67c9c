export interface VoiceActivitySettings {
  /** Probability at or above which speech starts. */
  start: number;
  /** Probability below which speech may end. */
  stop: number;
  /** Frames below `stop` before it ends. */
  holdFrames: number;
}

/** Turns the speech probability of each frame into starts and ends: two thresholds and a hold. Real-time safe. */
export class VoiceActivity {
  speaking = false;
  private quiet = 0;

  constructor(private readonly settings: VoiceActivitySettings) {}

  /** True when the decision changed with this frame; `speech[0]` is its probability of speech, -1 when not processed. */
  update(speech: Float64Array): boolean {
    const { start, stop, holdFrames } = this.settings;
    const probability = speech[0];
    if (probability < 0) return this.reset();
    if (!this.speaking) {
      if (probability < start) return false;
      this.quiet = 0;
      this.speaking = true;
      return true;
    }
    this.quiet = probability < stop ? this.quiet + 1 : 0;
    if (this.quiet <= holdFrames) return false;
    this.speaking = false;
    return true;
  }

  /** True when this ended a speech. */
  reset(): boolean {
    const was = this.speaking;
    this.speaking = false;
    this.quiet = 0;
    return was;
  }
}
