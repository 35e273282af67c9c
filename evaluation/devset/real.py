"""Builds the recorded part of a set: pairs, and recordings without a reference, of DATA/real."""

import numpy as np
import soundfile as sf

from common.sound import RATE, resampled


def build_real(data, out, name, write, **row):
    """Writes DATA/real/pairs as NAME_FILE.wav of the slice NAME with `write(file, clean, noisy, ...)`, and DATA/real/recordings into OUT/recordings.

    `row`: further columns of the pairs.
    """
    pairs, recordings = data / "real/pairs", data / "real/recordings"
    for path in sorted((pairs / "clean").glob("*")):
        pair = [resampled(*sf.read(next((pairs / folder).glob(f"{path.stem}.*")), dtype="float32")) for folder in ("clean", "noisy")]
        write(f"{name}_{path.stem}.wav", *pair, slice=name, snr="", speaker="", language="", noise="recorded pair", **row)
    (out / "recordings").mkdir(exist_ok=True)
    for path in sorted(recordings.glob("*")):
        sound = resampled(*sf.read(path, dtype="float32"))
        sf.write(out / "recordings" / f"{path.stem}.wav", np.clip(sound, -1, 1), RATE, subtype="PCM_16")
