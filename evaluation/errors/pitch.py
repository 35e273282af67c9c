"""Gross pitch error of the core against Praat on clean speech and in noise.

    python -m evaluation pitch SPEECH_DIR NOISE_DIR [--files 24]

Praat's autocorrelation tracker on the clean signal is the reference. Voiced frames are those that Praat calls voiced
with the same pitch, within 10 %, one frame before and after. A gross error is a period more than 20 % off.
"""

import argparse
import sys
from pathlib import Path

import numpy as np
import soundfile as sf

from common.core import Core
from common.shape import HOP, LOOKAHEAD
from common.sound import RATE, resampled
from evaluation.scores.harmonics import STEP, praat, steady

SECONDS = 8
# Centre of the window in decision of hop n: its first sample is (n - 3) hops in, its length two hops.
CENTRE_HOPS = -LOOKAHEAD


def load(path: Path, start: float = 0.0) -> np.ndarray:
    with sf.SoundFile(path) as f:
        f.seek(min(int(start * f.samplerate), max(0, len(f) - int(SECONDS * f.samplerate))))
        x = f.read(int(SECONDS * f.samplerate), dtype="float32", always_2d=True)[:, 0]
        rate = f.samplerate
    x = resampled(x, rate)
    return np.pad(x, (0, max(0, SECONDS * RATE - len(x))))


def reference(clean: np.ndarray, hops: int) -> np.ndarray:
    """Pitch in hertz at the centre of the window in decision of every hop; 0 where unvoiced or unsteady."""
    track = praat(clean, RATE)
    hz = np.array([track.get_value_at_time(t) for t in (np.arange(hops) + CENTRE_HOPS) * STEP])
    hz = np.nan_to_num(hz)
    return np.where(np.pad(steady(hz), 1), hz, 0)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("speech", type=Path)
    parser.add_argument("noise", type=Path)
    parser.add_argument("--files", type=int, default=24)
    parser.add_argument("--glob", default="*")
    args = parser.parse_args()
    core = Core()
    speech = sorted(args.speech.glob(args.glob))[: args.files]
    noise = sorted(args.noise.glob(args.glob))
    if not speech or not noise:
        sys.exit("no audio found: give folders that hold wav, flac or opus files")
    rng = np.random.default_rng(1)
    conditions = {"clean": None, "20 dB": 20, "10 dB": 10, "0 dB": 0}
    errors = {c: [0, 0, 0, 0, 0.0] for c in conditions}
    for path in speech:
        clean = load(path, 5)
        disturbance = load(noise[rng.integers(len(noise))], 3)
        hops = len(clean) // HOP
        hz = reference(clean, hops)
        voiced = hz > 0
        for name, snr in conditions.items():
            mix = clean
            if snr is not None:
                power = lambda s: np.mean(s**2) + 1e-12
                active = clean[np.repeat(voiced, HOP)] if voiced.any() else clean
                gain = np.sqrt(power(active) / power(disturbance) / 10 ** (snr / 10))
                mix = clean + gain * disturbance
            track = core.pitch(mix.astype(np.float32))
            found = RATE / track[:, 0]
            ratio = found[voiced] / hz[voiced]
            gross = np.abs(ratio - 1) > 0.2
            e = errors[name]
            e[0] += len(ratio)
            e[1] += gross.sum()
            e[2] += (gross & (ratio < 1)).sum()
            e[3] += (gross & (ratio > 1)).sum()
            e[4] += np.abs(ratio[~gross] - 1).sum()
    print(f"{'':8} {'voiced':>7} {'gross':>7} {'too low':>8} {'too high':>8} {'fine error':>10}")
    for name, (total, gross, low, high, fine) in errors.items():
        print(
            f"{name:8} {total:7d} {100 * gross / total:6.2f}% {100 * low / total:7.2f}% {100 * high / total:7.2f}% "
            f"{100 * fine / max(1, total - gross):9.2f}%"
        )


if __name__ == "__main__":
    main()
