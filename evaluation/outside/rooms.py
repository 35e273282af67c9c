"""Rooms of the outside yardstick: images of the talker up to 80 ms, to a fraction of a sample, then a tail of decaying noise.

Not the rooms of common/rooms.py, which training and the development set share: delays between samples, walls that take more of the treble, a diffuse tail.
"""

import numpy as np
from scipy import signal

from common.rooms import SPEED
from common.sound import RATE

EARLY = 0.020  # seconds after the direct sound that belong to the reference
IMAGES = 0.080  # seconds of images; what follows is diffuse
TAPS = 64  # of the windowed sinc that places an image between samples


def place(response, delay, gain):
    """Adds an impulse of `gain` at `delay` samples, a real number."""
    whole = int(np.floor(delay))
    at = np.arange(whole - TAPS // 2 + 1, whole + TAPS // 2 + 1)
    keep = (at >= 0) & (at < len(response))
    away = at[keep] - delay
    response[at[keep]] += gain * np.sinc(away) * np.cos(np.pi * away / (TAPS + 2)) ** 2


def bands_of(x, split=(500.0, 2000.0, 6000.0)):
    """The signal in four bands that sum to it."""
    rest, out = x, []
    for edge in split:
        low = signal.sosfiltfilt(signal.butter(2, edge, fs=RATE, output="sos"), rest)
        out.append(low)
        rest = rest - low
    return [*out, rest]


def room(rng, rt60, distance):
    """(whole response, its direct sound and first 20 ms): the direct sound at sample 0 but for its place between samples, of gain 1.

    rt60: seconds, at 500 Hz; the treble decays up to twice as fast. distance: metres between talker and microphone.
    """
    size = rng.uniform((3.2, 2.8, 2.3), (9.0, 6.5, 3.4))
    surface = 2 * (size[0] * size[1] + size[0] * size[2] + size[1] * size[2])
    loss = 1 - np.exp(-0.161 * size.prod() / (surface * rt60))  # Eyring, of energy
    walls = np.sqrt(1 - np.clip(loss * rng.uniform(0.5, 1.5, 6), 0.02, 0.98))  # amplitude, each wall its own
    microphone = size * rng.uniform(0.25, 0.75, 3)
    for _ in range(100):
        away = rng.normal(size=3) * (1, 1, 0.25)
        talker = microphone + away * distance / np.linalg.norm(away)
        if (talker > 0.25).all() and (talker < size - 0.25).all():
            break
    talker = np.clip(talker, 0.25, size - 0.25)
    length = int((rt60 * 1.1 + IMAGES) * RATE)
    nearest = np.linalg.norm(talker - microphone)
    reach = np.ceil((SPEED * IMAGES + nearest) / (2 * size)).astype(int) + 1
    orders = [np.zeros(int(IMAGES * RATE) + TAPS) for _ in range(5)]  # by number of walls met: each takes treble
    for cell in np.ndindex(*(2 * reach + 1)):
        n = np.array(cell) - reach
        for parity in np.ndindex(2, 2, 2):
            p = np.array(parity)
            path = np.linalg.norm((1 - 2 * p) * talker + 2 * n * size - microphone)
            delay = (path - nearest) / SPEED * RATE
            if delay >= IMAGES * RATE:
                continue
            gain = np.prod(walls[:3] ** np.abs(n - p) * walls[3:] ** np.abs(n)) * nearest / path
            place(orders[min(np.abs(2 * n - p).sum(), 4)], delay, gain)
    treble = signal.butter(1, rng.uniform(5000, 11000), fs=RATE)
    images = orders[4]
    for own in reversed(orders[:4]):
        images = own + signal.lfilter(*treble, images)
    time = np.arange(length) / RATE
    faster = (1.0, 1.1, 1.4, 2.0)
    tail = sum(band * 10 ** (-3 * time * f / rt60) for band, f in zip(bands_of(rng.normal(size=length)), faster))
    end = int(IMAGES * RATE)
    last = slice(end - RATE // 50, end)  # the tail goes on as loud as the last 20 ms of images
    tail *= np.sqrt(np.mean(images[last] ** 2) / np.mean(tail[last] ** 2))
    fade = np.clip((time - IMAGES + 0.02) / 0.02, 0, 1)
    whole = tail * np.sqrt(fade)
    whole[:end] += images[:end] * np.sqrt(1 - fade[:end])
    early = whole * np.clip((EARLY + 0.002 - time) / 0.002, 0, 1)
    return whole, early
