"""Rates and levels of sound, each once. Samples lie in +-1, levels are in dB of full scale."""

import numpy as np
from scipy.signal import resample_poly

# Hertz: of recordings and of the core, and of the measures of listening.
RATE, NARROW = 48000, 16000
# dB of the active level: frames above are speech, frames below hold none, and what lies between is not counted.
SPEECH, SILENCE = -30.0, -42.0
# Samples of the blocks that levels are taken of, and how far below the loudest one a block is still active, as a ratio of powers.
BLOCK, ACTIVE = RATE // 50, 1e-3


def amplitude(db):
    """Factor of amplitude of decibels, numbers or arrays."""
    return 10.0 ** (db / 20.0)


def active_power(x: np.ndarray) -> float:
    """Mean power of the 20 ms blocks within 30 dB of the loudest one, of samples at 48 kHz; 0 of less than a block."""
    blocks = x[: len(x) // BLOCK * BLOCK].reshape(-1, BLOCK)
    power = np.mean(np.square(blocks, dtype=np.float64), axis=1) if len(blocks) else np.zeros(1)
    return power[power >= ACTIVE * power.max()].mean()


def active_level(x: np.ndarray) -> float:
    """The same in dB of full scale."""
    return 10 * np.log10(active_power(x) + 1e-20)


def active_rms(x: np.ndarray) -> float:
    """Its root."""
    return float(np.sqrt(active_power(x) + 1e-20))


def at_level(x: np.ndarray, dbfs: float) -> np.ndarray:
    """The same sound, its active level at `dbfs`."""
    return x * (amplitude(dbfs) / active_rms(x))


def resampled(x: np.ndarray, rate: int) -> np.ndarray:
    """Samples at any rate as float32 at 48 kHz; the same array where they are."""
    return x if rate == RATE else resample_poly(x, RATE, rate).astype(np.float32)
