"""Whispers out of voices: the vocal tract of every 20 ms, by linear prediction, driven by noise in place of the vocal folds."""

from collections.abc import Callable

import numpy as np
from scipy.linalg import solve_toeplitz
from scipy.signal import lfilter

from common.sound import RATE

HOP = RATE // 100


def driven_by_noise(rng: np.random.Generator, x: np.ndarray, window: np.ndarray, correlated: Callable[[np.ndarray], tuple[np.ndarray, float]],
                    quietest: float) -> np.ndarray:
    """The whisper of x and 20 ms more, at 48 kHz; the low formants, weak with an open glottis, are still there.

    window: of 20 ms. correlated(frame): autocorrelation [order + 1] and energy of a frame; the prediction is of that order. Frames of less energy
    than `quietest` are silent.
    """  # fmt: skip
    out = np.zeros(len(x) + 2 * HOP)
    for at in range(0, len(x) - 2 * HOP, HOP):
        power, energy = correlated(x[at : at + 2 * HOP] * window)
        if power[0] < quietest:
            continue
        power[0] *= 1.0001
        tract = solve_toeplitz(power[:-1], power[1:])
        noise = lfilter([1], np.concatenate([[1], -tract]), rng.standard_normal(4 * HOP))[2 * HOP :] * window
        out[at : at + 2 * HOP] += noise * np.sqrt(energy / (np.sum(noise**2) + 1e-20))
    return out
