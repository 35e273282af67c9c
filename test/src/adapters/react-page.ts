/** Our hook in a component of React's own, of the version that the bundle brings, as an app has them. */

import { type NoiseSuppression, type NoiseSuppressionOptions, useNoiseSuppression } from 'percepnet-wasm/react';
import { createElement, StrictMode, useEffect, version } from 'react';
import { flushSync } from 'react-dom';
import { createRoot } from 'react-dom/client';
import { Microphone } from '../../../examples/react/microphone';

const root = createRoot(document.body.appendChild(document.createElement('div')));

/** Microphones that were given out, in their order. */
const taken: MediaStreamTrack[] = [];
/** What the hook gave, render after render. */
const given: NoiseSuppression[] = [];
const devices = navigator.mediaDevices;
const getUserMedia = devices.getUserMedia.bind(devices);

function Caller({ options }: { options: NoiseSuppressionOptions }): null {
  const suppression = useNoiseSuppression(options);
  useEffect(() => {
    given.push(suppression);
  }, [suppression]);
  return null;
}

const adapter = {
  version,
  taken,
  given,
  /** Microphones that nobody has given back. */
  live: () => taken.filter((track) => track.readyState === 'live').length,
  /** In StrictMode; null unmounts. Another key is another component. */
  render(options: NoiseSuppressionOptions | null, key = 'one'): void {
    const tree = options && createElement(StrictMode, null, createElement(Caller, { options, key }));
    flushSync(() => root.render(tree));
  },
  /** The example, whose tracks come out here. */
  example(onTrack: (track: MediaStreamTrack | null) => void): void {
    flushSync(() => root.render(createElement(StrictMode, null, createElement(Microphone, { onTrack }))));
  },
  unmount: () => root.render(null),
  /** Waits for a state, 10 s at most. */
  async until(test: (suppression: NoiseSuppression) => boolean): Promise<NoiseSuppression> {
    const end = performance.now() + 10_000;
    for (;;) {
      const last = given.at(-1);
      if (last && test(last)) return last;
      if (performance.now() > end) throw new Error(`the state stays ${last?.state} ${last?.error ?? ''}`);
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  },
  /** How getUserMedia answers from now on. */
  answer(how: (constraints: MediaStreamConstraints, ask: typeof getUserMedia) => Promise<MediaStream>): void {
    devices.getUserMedia = async (constraints = {}) => {
      const stream = await how(constraints, getUserMedia);
      taken.push(...stream.getTracks());
      return stream;
    };
  },
};
adapter.answer((constraints, ask) => ask(constraints));
globalThis.react = adapter;

declare global {
  var react: typeof adapter;
}
