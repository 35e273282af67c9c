"""Noise of the recordings themselves: the targets of noisy voices, lowered between and beside the words.

Half of the voices were recorded with an audible floor. Where it is the target, the network learns to open early and close
late around every word.
"""

import numpy as np

from common.shape import BANDS, FEATURES, LOOKAHEAD
from training.features.columns import noisy_level

# Frames further below the speech level hold digital silence between utterances.
SILENCE = 10**-8.5
# The tenth percentile of a band of noise lies 5 to 8 dB below its mean.
PERCENTILE, BIAS = 10, 5.0
# The floor is lowered to -50 dB of the speech level, where a careful recording has it, by 15 dB at most.
QUIET, MOST = 1e-5, 10**-1.5
RATIO = slice(FEATURES, FEATURES + BANDS)


def lower_own_noise(rows: np.ndarray) -> np.ndarray:
    """Rows [time, 243] of a sequence of some seconds -> the same with less energy in the targets where there is only their own floor.

    Spectral subtraction from ||x||^2 of each band; floor: a low percentile over the frames with sound. Correlations stay.
    """
    noisy = 10 ** (noisy_level(rows) / 10)
    clean = noisy * rows[LOOKAHEAD:, RATIO] ** 2
    bands = int(rows[0, -2])
    heard = clean[:, :bands].sum(1) > SILENCE
    if heard.sum() < 100:
        return rows
    floor = BIAS * np.percentile(clean[heard], PERCENTILE, axis=0)
    lowest = np.clip(QUIET / (floor[:bands].sum() + 1e-20), MOST, 1)
    out = rows.copy()
    out[LOOKAHEAD:, RATIO] *= np.sqrt(np.maximum(1 - floor / (clean + 1e-20), lowest))
    return out
