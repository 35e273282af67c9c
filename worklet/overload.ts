import { FRAME_MS } from '../src/channel/timing';

/** Frames in one measuring window: 1 s. Date.now() counts whole milliseconds, so only sums over many frames mean something. */
export const WINDOW_FRAMES = 100;
/** One frame in this many is timed: reading the clock makes a boxed number where the engine has not optimised it away. */
const TIMED_EVERY = 5;
/** Milliseconds of the timed frames of a window. */
const WINDOW_MS = (WINDOW_FRAMES / TIMED_EVERY) * FRAME_MS;
/** Share of real time spent in the core above which the audio thread counts as overloaded. */
const MAX_LOAD = 0.7;
/** Callbacks in one window that came after a gap in the audio clock. */
const MAX_GAPS = 3;
/** Milliseconds a window of sound may come later than the one before: more was not there when it had to be played. */
const MAX_LAG_MS = 250;
/** Windows one after the other that came so late before it counts as overload: a busy moment is none. */
const MAX_LATE_WINDOWS = 3;
/** Between two timed frames: a longer pause is a suspended context or a frozen page. */
const PAUSE_MS = 600;
/** Times are taken modulo this plus one. */
const CLOCK_MASK = 0x3fffffff;
/** Windows until the first retry; each further one waits twice as long. */
const FIRST_RETRY_WINDOWS = 15;
const MAX_RETRIES = 3;
/** Windows without overload after which the retries count from zero again. */
const FORGIVEN_AFTER_WINDOWS = 60;

export type OverloadChange = 'none' | 'overload' | 'retry';

/**
 * Watches how the audio thread keeps up, window by window. In bypass it counts down to the next try: after 15, 30 and 60 s,
 * then never again until `clear`. Real-time safe.
 */
export class OverloadDetector {
  /** True between an overload and the next try. */
  overloaded = false;
  overloads = 0;
  lateCallbacks = 0;
  /** Windows in overload one after the other, tries included. */
  consecutive = 0;
  /** Mean share of real time in the last window, and the highest of all. */
  load = 0;
  peakLoad = 0;
  private frames = 0;
  private busyMs = 0;
  private gaps = 0;
  private retries = 0;
  private waiting = 0;
  private calm = 0;
  /** Time between the timed frames of this window, and the last reading. */
  private wallMs = 0;
  private lastClock = 0;
  private lateWindows = 0;

  /** A gap was seen on the audio clock. */
  late(): void {
    this.lateCallbacks++;
    this.gaps++;
  }

  /** The clock, in whole milliseconds, before each timed frame. */
  clock(now: number): void {
    const since = (now - this.lastClock) & CLOCK_MASK;
    this.lastClock = now;
    // Sound comes in bursts as long as the device's buffer: only the sum over a window means something.
    if (since < PAUSE_MS) this.wallMs += since;
  }

  /** Whether the next frame is to be timed. */
  get timesNext(): boolean {
    return this.frames % TIMED_EVERY === 0;
  }

  /** One frame is done; `ms` is its duration when it was timed, else 0. What to do now. */
  frame(ms: number, bypassing: boolean): OverloadChange {
    this.busyMs += ms;
    if (++this.frames < WINDOW_FRAMES) return 'none';
    this.load = this.busyMs / WINDOW_MS;
    if (this.load > this.peakLoad) this.peakLoad = this.load;
    const late = this.wallMs > WINDOW_FRAMES * FRAME_MS + MAX_LAG_MS;
    if (late) this.lateCallbacks++;
    this.lateWindows = late ? this.lateWindows + 1 : 0;
    const over = this.load > MAX_LOAD || this.gaps >= MAX_GAPS || this.lateWindows >= MAX_LATE_WINDOWS;
    this.frames = 0;
    this.busyMs = 0;
    this.wallMs = 0;
    this.gaps = 0;
    if (this.overloaded) return this.wait();
    if (bypassing || !over) {
      this.consecutive = 0;
      if (this.retries > 0 && !bypassing && ++this.calm >= FORGIVEN_AFTER_WINDOWS) this.retries = 0;
      return 'none';
    }
    this.calm = 0;
    this.consecutive++;
    this.overloads++;
    return 'overload';
  }

  /** Enter bypass and start the wait for the next try. */
  enter(): void {
    this.overloaded = true;
    this.waiting = this.retries < MAX_RETRIES ? FIRST_RETRY_WINDOWS * 2 ** this.retries : Number.POSITIVE_INFINITY;
    this.retries++;
  }

  /** Leave bypass now and forget the tries. */
  clear(): void {
    this.overloaded = false;
    this.retries = 0;
    this.calm = 0;
    this.consecutive = 0;
  }

  private wait(): OverloadChange {
    if (--this.waiting > 0) return 'none';
    this.overloaded = false;
    return 'retry';
  }
}
