"""Impulse responses of boxes by the image method (Allen and Berkley 1979), one absorption for all walls."""

import numpy as np
from scipy.signal import fftconvolve

from common.sound import RATE

SPEED = 343.0  # m/s
EARLY = 0.020  # seconds of reflections that belong to what a listener takes for the voice
TARGET_RT60 = 0.2  # seconds: how fast a room may die away in a target


def reflection(size: np.ndarray, rt60: float) -> float:
    """Amplitude that a wall leaves, by Eyring, of a box of `size` metres that falls by 60 dB in `rt60` seconds."""
    surface = 2 * (size[0] * size[1] + size[0] * size[2] + size[1] * size[2])
    return np.exp(-0.5 * 0.161 * size.prod() / (surface * rt60))


def placed(rng: np.random.Generator, size: np.ndarray, inside: float, flatness: float, distance: float, wall: float) -> tuple[np.ndarray, np.ndarray]:
    """Microphone and talker [3] in metres: the one at shares `inside` to 1 - `inside` of the box, the other at `distance` from it, `wall` from the walls."""
    microphone = size * rng.uniform(inside, 1 - inside, 3)
    direction = rng.normal(size=3) * (1, 1, flatness)
    return microphone, np.clip(microphone + direction / np.linalg.norm(direction) * distance, wall, size - wall)


def add_images(response: np.ndarray, size: np.ndarray, microphone: np.ndarray, talker: np.ndarray, kept: float, reach: np.ndarray, end: float,
               rough: np.random.Generator | None = None) -> None:
    """Adds the images that arrive before sample `end` to a response, linearly between samples.

    kept: amplitude that a wall leaves; reach: cells of the grid to each side. With `rough` images behind two walls and more have signs of chance:
    exact ones alone sound metallic.
    """  # fmt: skip
    cells = np.stack([g.ravel() for g in np.meshgrid(*(np.arange(-r, r + 1) for r in reach), indexing="ij")], 1)
    for parity in np.ndindex(2, 2, 2):
        offset = (1 - 2 * np.array(parity)) * talker + 2 * cells * size - microphone
        away = np.linalg.norm(offset, axis=1)
        order = np.abs(2 * cells - np.array(parity)).sum(axis=1)
        delay = away / SPEED * RATE
        keep = delay < end
        whole = delay[keep].astype(int)
        part = delay[keep] - whole
        gain = kept ** order[keep] / away[keep]
        if rough is not None:
            gain = gain * np.where(order[keep] > 1, rough.choice([-1, 1], keep.sum()), 1)
        np.add.at(response, whole, gain * (1 - part))
        np.add.at(response, whole + 1, gain * part)


def early(response: np.ndarray, first: int | np.integer, rt60: float) -> np.ndarray:
    """Direct sound, which arrives at sample `first`, and early reflections as they are; the tail as of a room of TARGET_RT60 seconds, unless it is shorter."""
    after = np.maximum(np.arange(len(response)) - first - EARLY * RATE, 0) / RATE
    return response * 10 ** (-3 * after * np.maximum(1 / TARGET_RT60 - 1 / rt60, 0))


def heard(x: np.ndarray, response: np.ndarray) -> np.ndarray:
    """A sound in a room, as long as it was."""
    return fftconvolve(x, response)[: len(x)]
