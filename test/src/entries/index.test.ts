/** The library can be imported where there is no browser. */
import { expect, test } from 'vitest';

test('importing and asking for support works on a server', async () => {
  const { NoiseSuppressorNode, recommendedConstraints } = await import('../../../src/entries/index');
  expect(NoiseSuppressorNode.isSupported()).toBe(false);
  const report = await NoiseSuppressorNode.checkSupport();
  expect(report.supported).toBe(false);
  expect(report.reasons).toContain('no-audio-worklet');
  expect(recommendedConstraints({ autoGainControl: true })).toEqual({
    echoCancellation: true,
    noiseSuppression: false,
    voiceIsolation: false,
    channelCount: 1,
    autoGainControl: true,
  });
});
