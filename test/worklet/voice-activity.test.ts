/** How speech starts and ends. */
import { describe, expect, test } from 'vitest';
import { VoiceActivity } from '../../worklet/voice-activity';

describe('VoiceActivity', () => {
  const settings = { start: 0.6, stop: 0.4, holdFrames: 3 };
  const run = (probabilities: number[]): boolean[] => {
    const voice = new VoiceActivity(settings);
    return probabilities.map((probability) => {
      voice.update(Float64Array.of(probability));
      return voice.speaking;
    });
  };

  test('starts at once and ends after the hold', () => {
    expect(run([0.5, 0.6, 0.5, 0.3, 0.3, 0.3, 0.3, 0.3])).toEqual([false, true, true, true, true, true, false, false]);
  });

  test('does not end while the probability keeps coming back', () => {
    expect(run([0.9, 0.1, 0.1, 0.1, 0.5, 0.1, 0.1, 0.1])).not.toContain(false);
  });

  test('ends with the processing', () => {
    expect(run([0.9, -1, 0.5])).toEqual([true, false, false]);
  });

  test('tells each change once', () => {
    const voice = new VoiceActivity(settings);
    const changes = [0.9, 0.9, 0, 0, 0, 0, 0].map((p) => voice.update(Float64Array.of(p)));
    expect(changes.filter(Boolean)).toHaveLength(2);
  });
});
