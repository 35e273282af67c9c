import { expect, test } from 'vitest';
import { FRAME } from '../../src/channel/timing';
import { Meter } from '../../worklet/meter';

test('levels of the last second, and the attenuation of frames without speech alone', () => {
  const meter = new Meter();
  expect(meter.attenuation).toBe(0);
  const constant = (value: number) => new Float32Array(FRAME).fill(value);
  const speech = Float64Array.of(0);
  // The output of a frame comes three frames after its input: noise before and after the speech.
  for (let n = 0; n < 400; n++) {
    const voiced = n >= 100 && n < 200;
    speech[0] = voiced ? 0.9 : 0.1;
    meter.frame(constant(0.1), constant(voiced ? 0.1 : 0.01), speech);
  }
  expect(meter.inputLevel).toBeCloseTo(-20, 3);
  expect(meter.outputLevel).toBeCloseTo(-40, 3);
  expect(meter.attenuation).toBeCloseTo(20, 0);
  speech[0] = -1;
  const before = meter.attenuation;
  for (let n = 0; n < 200; n++) meter.frame(constant(0.1), constant(0.1), speech);
  expect(meter.attenuation).toBe(before);
  expect(meter.outputLevel).toBeCloseTo(-20, 3);
});

test('compares what comes out with what went in three frames before, as it was then', () => {
  const meter = new Meter();
  // Each frame is louder than the one before by 1 dB and comes out three frames later, 20 dB down.
  const level = (n: number) => 10 ** ((n - 200) / 20);
  for (let n = 0; n < 150; n++) {
    const output = n < 3 ? 0 : 0.1 * level(n - 3);
    meter.frame(new Float32Array(FRAME).fill(level(n)), new Float32Array(FRAME).fill(output), Float64Array.of(0));
  }
  expect(meter.attenuation).toBeCloseTo(20, 3);
});

test('silence reads -140 dB', () => {
  const meter = new Meter();
  const silence = new Float32Array(FRAME);
  for (let n = 0; n < 100; n++) meter.frame(silence, silence, Float64Array.of(-1));
  expect(meter.inputLevel).toBe(-140);
});
