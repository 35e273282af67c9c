/** When the worklet gives up, and for how long. */
import { describe, expect, test } from 'vitest';
import { OverloadDetector, WINDOW_FRAMES } from '../../worklet/overload';

/** One window in which each frame takes `ms`; the change it ends with. */
function second(detector: OverloadDetector, ms: number): string {
  let last = 'none';
  for (let i = 0; i < WINDOW_FRAMES; i++) {
    const change = detector.frame(detector.timesNext ? ms : 0, detector.overloaded);
    if (change !== 'none') last = change;
    if (change === 'overload') detector.enter();
  }
  return last;
}

describe('OverloadDetector', () => {
  test('measures the load', () => {
    const detector = new OverloadDetector();
    second(detector, 3);
    expect(detector.load).toBeCloseTo(0.3);
    second(detector, 1);
    expect(detector.load).toBeCloseTo(0.1);
    expect(detector.peakLoad).toBeCloseTo(0.3);
    expect(detector.overloads).toBe(0);
  });

  test('is overload from just above 0.7 of real time on', () => {
    // 20 of the 100 frames are timed: whole milliseconds that make 0.7 of their 200, and one more.
    const whole = (ms: number): string => {
      const detector = new OverloadDetector();
      let timed = 0;
      let last = 'none';
      for (let i = 0; i < WINDOW_FRAMES; i++) {
        const share = detector.timesNext ? Math.floor((++timed * ms) / 20) - Math.floor(((timed - 1) * ms) / 20) : 0;
        last = detector.frame(share, false);
      }
      expect(timed).toBe(20);
      return last;
    };
    expect([139, 140, 141].map(whole)).toEqual(['none', 'none', 'overload']);
  });

  test('tries again after 15, 30 and 60 seconds, then never', () => {
    const detector = new OverloadDetector();
    const waits: number[] = [];
    for (let round = 0; round < 3; round++) {
      expect(second(detector, 9)).toBe('overload');
      let seconds = 0;
      do seconds++;
      while (second(detector, 0) !== 'retry');
      waits.push(seconds);
    }
    expect(waits).toEqual([15, 30, 60]);
    expect(second(detector, 9)).toBe('overload');
    expect(detector.consecutive).toBe(4);
    for (let seconds = 0; seconds < 1000; seconds++) expect(second(detector, 0)).toBe('none');
    expect(detector.overloaded).toBe(true);
    detector.clear();
    expect(detector.overloaded).toBe(false);
    expect(second(detector, 1)).toBe('none');
  });

  test('a calm minute makes up for earlier tries', () => {
    const detector = new OverloadDetector();
    second(detector, 9);
    while (second(detector, 0) !== 'retry');
    for (let seconds = 0; seconds < 60; seconds++) second(detector, 1);
    expect(second(detector, 9)).toBe('overload');
    expect(detector.consecutive).toBe(1);
    let seconds = 0;
    do seconds++;
    while (second(detector, 0) !== 'retry');
    expect(seconds).toBe(15);
  });

  test('sound that comes later and later counts too, a busy second or a pause does not', () => {
    const detector = new OverloadDetector();
    let now = 1000;
    /** One window of sound that takes this long to come, in bursts of 40 ms. */
    const window = (ms: number): string => {
      const from = now;
      let last = 'none';
      for (let i = 0; i < WINDOW_FRAMES; i++) {
        now = from + Math.round((Math.floor(i / 4) * 4 * ms) / WINDOW_FRAMES);
        if (detector.timesNext) detector.clock(now);
        const change = detector.frame(0, detector.overloaded);
        if (change !== 'none') last = change;
      }
      now = from + ms;
      return last;
    };
    expect([1000, 1400, 1400, 1000, 1400].map(window)).toEqual(['none', 'none', 'none', 'none', 'none']);
    now += 5000;
    expect([1000, 1000].map(window)).toEqual(['none', 'none']);
    expect(detector.lateCallbacks).toBe(3);
    expect([1400, 1400, 1400].map(window)).toEqual(['none', 'none', 'overload']);
  });

  test('dropped callbacks count as overload too', () => {
    const detector = new OverloadDetector();
    for (let i = 0; i < 3; i++) detector.late();
    expect(second(detector, 0)).toBe('overload');
    expect(detector.lateCallbacks).toBe(3);
  });
});
