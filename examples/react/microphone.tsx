/** A microphone in a React app: asked for at a click, sent with its noise taken out, given back when the component goes. */

import { useNoiseSuppression } from 'percepnet-wasm/react';
import { useEffect, useState } from 'react';

interface Props {
  /** What to send; null while there is nothing. For example `(track) => sender.replaceTrack(track)`. */
  onTrack(track: MediaStreamTrack | null): void;
}

export function Microphone({ onTrack }: Props) {
  const [strength, setStrength] = useState(1);
  const [original, setOriginal] = useState(false);
  const { track, state, error, start, stop } = useNoiseSuppression({ autoStart: false, strength, bypass: original });

  useEffect(() => {
    onTrack(track);
  }, [track, onTrack]);

  return (
    <fieldset>
      <legend>Microphone</legend>
      <button type="button" onClick={() => void (track ? stop() : start())}>
        {track ? 'Off' : 'On'}
      </button>
      <label>
        Strength
        <input
          type="range"
          min={0}
          max={1}
          step={0.05}
          value={strength}
          onChange={(event) => setStrength(event.target.valueAsNumber)}
        />
      </label>
      <label>
        <input type="checkbox" checked={original} onChange={(event) => setOriginal(event.target.checked)} />
        Original sound
      </label>
      <output>{state}</output>
      {/* With a track the microphone goes out as it is. */}
      {error && <p role="alert">{error.message}</p>}
    </fieldset>
  );
}
