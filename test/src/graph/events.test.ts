/** The events of a node: what they carry, and which of them an app can prevent. */
import { expect, test } from 'vitest';
import { NoiseSuppressorErrorEvent, OverloadEvent, VoiceActivityEvent } from '../../../src/graph/events';
import { NoiseSuppressorError } from '../../../src/shared/errors';

test('an overload can be prevented, and nothing else', () => {
  const error = new NoiseSuppressorError('processor-failed', 'broken');
  const overload = new OverloadEvent(0.8, 3);
  const others = [new VoiceActivityEvent('speechstart', 0.7, 1.5), new NoiseSuppressorErrorEvent(error)];
  const target = new EventTarget();
  for (const event of [overload, ...others]) {
    target.addEventListener(event.type, (heard) => heard.preventDefault());
    expect(target.dispatchEvent(event), event.type).toBe(event !== overload);
  }
  expect(overload).toMatchObject({ type: 'overload', load: 0.8, consecutive: 3 });
  expect(others[0]).toMatchObject({ type: 'speechstart', probability: 0.7, contextTime: 1.5 });
  expect(others[1]).toMatchObject({ type: 'error', error });
});
