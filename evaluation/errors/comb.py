"""How much of the noise in voiced speech the comb filter can take away.

    python -m evaluation comb DEV [--core build/recording.wasm]

DEV holds clean/ and noisy/ with files of the same names. For each voiced frame of the clean recordings (correlation of the core's
own tracker above 0.7, at most 30 dB below the loudest frame) and each band, the strength r in 0..1 is taken that makes the mixture
(1 - r) y + r p most like the clean band, and told is by how many dB its error 1 - rho^2 is smaller than that of y.
"""

import argparse
from pathlib import Path

import numpy as np
import soundfile as sf

from common.core import WASM, Core
from common.shape import BANDS, FEATURES, HOP

STRENGTHS = np.linspace(0, 1, 21)
VOICED = 0.7
QUIETEST = -30.0  # dB
# Bands by their centres.
RANGES = {"up to 1 kHz": (0, 9), "1 to 3 kHz": (9, 18), "3 to 8 kHz": (18, 26)}


def gains(core: Core, clean: np.ndarray, noisy: np.ndarray) -> np.ndarray:
    """[voiced frames, 34]: dB by which the best strength of each band lowers the error."""
    rows = core.features(noisy, clean)
    voice = core.pitch(clean)[:, 1]
    stats = rows[:, FEATURES : FEATURES + 5 * BANDS].reshape(len(rows), 5, BANDS)
    level = rows[:, FEATURES + 5 * BANDS]
    chosen = (voice > VOICED) & (level > level.max() + QUIETEST)
    yp = rows[chosen, BANDS : 2 * BANDS]
    xy, kappa, xp = (stats[chosen, k] for k in (1, 2, 3))
    r = STRENGTHS[:, None, None]
    energy = (1 - r) ** 2 + 2 * r * (1 - r) * yp * kappa + (r * kappa) ** 2
    rho = ((1 - r) * xy + r * kappa * xp) / np.sqrt(np.maximum(energy, 1e-9))
    error = np.maximum(1e-5, 1 - np.clip(rho, 0, 1) ** 2)
    return 10 * np.log10(error[0] / error.min(0))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("dev", type=Path)
    parser.add_argument("--core", type=Path, default=WASM, help="another build of the core")
    args = parser.parse_args()
    core = Core(args.core)
    all_gains = []
    for path in sorted((args.dev / "clean").glob("*.wav")):
        pair = [sf.read(folder / path.name, dtype="float32")[0] for folder in (path.parent, args.dev / "noisy")]
        hops = min(map(len, pair)) // HOP * HOP
        all_gains.append(gains(core, *(x[:hops] for x in pair)))
    voiced = np.concatenate(all_gains)
    print(f"{len(all_gains)} clips, {len(voiced)} voiced frames")
    for name, (low, high) in RANGES.items():
        print(f"{name:12s} {voiced[:, low:high].mean():.2f} dB")


if __name__ == "__main__":
    main()
