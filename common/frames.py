"""The core's frames: its window, and sound at 16 kHz by the bins that they share."""

import numpy as np

from common.shape import HOP

# Of analysis and synthesis: assembly/signal/window.ts.
WINDOW = np.sin(0.5 * np.pi * np.sin(np.pi * (np.arange(2 * HOP) + 0.5) / (2 * HOP)) ** 2).astype(np.float32)
# The same at 16 kHz: its samples lie on every third one.
NARROW_WINDOW = WINDOW[1::3].copy()


def windowed(sound: np.ndarray) -> np.ndarray:
    """Samples of whole hops -> the core's frames [hops, 960] of them, window applied; the second half of a frame is its hop."""
    return np.lib.stride_tricks.sliding_window_view(np.concatenate([np.zeros(HOP, np.float32), sound]), 2 * HOP)[::HOP] * WINDOW


def narrowed(sound: np.ndarray) -> np.ndarray:
    """48 kHz sound of whole hops at 16 kHz, by the frames and bins that training/losses/sound.py makes its sound of."""
    frames = windowed(np.concatenate([sound, np.zeros(HOP, np.float32)]))
    third = HOP // 3
    frames = np.fft.irfft(np.fft.rfft(frames)[:, : third + 1] / 3, 2 * third) * NARROW_WINDOW
    return (frames[:-1, third:] + frames[1:, :third]).astype(np.float32).ravel()
