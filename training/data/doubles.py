"""Recordings that are the same though coded, levelled or cut otherwise, found by what their spectrum does.

Every 20 ms is a word of 32 bits: whether the difference of neighbouring bands between 300 and 2000 Hz rose since the word before
(J. Haitsma, T. Kalker: A Highly Robust Audio Fingerprinting System, ISMIR 2002). Words survive level, Opus and a filter mostly, so some
are found unchanged, and they say at which offset the others have to be compared.
"""

import numpy as np
from scipy.signal import resample_poly

from common import sound

RATE = 6000
WINDOW, HOP, BANDS = 2048, 120, 33
LEAST_WORDS = 25  # half a second beyond the window
MOST_WRONG = 0.2  # of the bits; the same through Opus and another cut differs in .05 to .12, the likest half seconds of two people in .24
NEIGHBOURS = 8  # equal words that are looked at; common ones say little


def words(x: np.ndarray) -> np.ndarray:
    """x: samples at 48 kHz -> uint32, one a hop; none if x is shorter than the window of a third of a second."""
    x = resample_poly(x, 1, sound.RATE // RATE)
    if len(x) < WINDOW + HOP:
        return np.zeros(0, np.uint32)
    windows = np.lib.stride_tricks.sliding_window_view(x, WINDOW)[::HOP]
    power = np.square(np.abs(np.fft.rfft(windows * np.hanning(WINDOW).astype(np.float32))))
    edges = np.round(np.geomspace(300, 2000, BANDS + 1) * WINDOW / RATE).astype(int)
    bands = np.add.reduceat(power, edges, axis=1)[:, :BANDS]
    bits = np.diff(np.diff(bands, axis=1), axis=0) > 0
    return np.packbits(bits, axis=1).view(np.uint32)[:, 0]


def overlap(a: np.ndarray, b: np.ndarray, offset: int) -> tuple[int, float]:
    """How many words a[offset:] and b (or b[-offset:] and a) share, and which part of their bits differs."""
    a, b = a[max(0, offset) :], b[max(0, -offset) :]
    n = min(len(a), len(b))
    return n, float(np.bitwise_count(a[:n] ^ b[:n]).mean() / 32) if n else 1.0


def pairs(prints: list[np.ndarray], recordings: np.ndarray) -> list[tuple[int, int, int]]:
    """(i, j, words in common), i < j, of all that are the same sound in part or whole. Pieces of the same recording (equal numbers) are not compared."""
    sizes = np.array([len(p) for p in prints], np.int64)
    if not sizes.sum():
        return []
    every = np.concatenate(prints)
    owner = np.repeat(np.arange(len(prints)), sizes)
    place = np.arange(len(every)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    order = np.flatnonzero(every)  # a word of zeros is silence
    order = order[np.argsort(every[order], kind="stable")]
    hits = []
    for lag in range(1, NEIGHBOURS + 1):
        first, second = order[:-lag], order[lag:]
        same = every[first] == every[second]
        same &= recordings[owner[first]] != recordings[owner[second]]
        first, second = first[same], second[same]
        hits.append(np.stack([owner[first], owner[second], place[first] - place[second]], axis=1))
    found, counts = np.unique(np.concatenate(hits), axis=0, return_counts=True)
    best: dict[tuple[int, int], int] = {}
    for i, j, offset in found[counts > 1].tolist():
        shared, wrong = overlap(prints[i], prints[j], offset)
        if shared >= LEAST_WORDS and wrong < MOST_WRONG:
            best[i, j] = max(best.get((i, j), 0), shared)
    return [(i, j, shared) for (i, j), shared in sorted(best.items())]


def repeated(found: list[tuple[int, int, int]], sizes: list[int], gone: set[int]) -> set[int]:
    """What else than `gone` has to go so that nothing is there twice: of a pair the later one if at least half of it is in the other, else the earlier one."""
    gone = set(gone)
    before = set(gone)
    for i, j, shared in found:
        if i not in gone and j not in gone and 2 * shared >= min(sizes[i], sizes[j]):
            gone.add(j if 2 * shared >= sizes[j] else i)
    return gone - before
