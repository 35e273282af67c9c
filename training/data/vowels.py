"""What speakers do with a vowel and few recordings have: hold it for seconds, and laugh. Both are made of the steadiest vowel of an utterance."""

from collections.abc import Callable

import numpy as np
import scipy.fft
from scipy.signal import correlate

from common.sound import RATE, amplitude

STEP = RATE // 100
WINDOW = 4 * STEP
PERIODS = RATE // 400, RATE // 70
# A frame is voiced where its autocorrelation at the period reaches this share of its energy, and its energy this share of the loudest frame's.
PERIODIC, LOUD = 0.8, 0.03
# Of two neighbours' periods in a steady vowel; frames of the shortest vowel that is worth holding.
DRIFT, LEAST = 0.05, 8


def voiced(x: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Of each 10 ms of x, at 48 kHz and 80 ms long at least: whether it is loud beside the loudest, whether it is periodic too, and its period in samples less PERIODS[0]."""
    frames = np.lib.stride_tricks.sliding_window_view(x, WINDOW)[::STEP]
    spectra = scipy.fft.rfft(frames * np.hanning(WINDOW).astype(np.float32), 2 * WINDOW)
    lags = scipy.fft.irfft(spectra.real**2 + spectra.imag**2)[:, : PERIODS[1]]
    # What is left of the window at a lag.
    taper = scipy.fft.irfft(np.abs(scipy.fft.rfft(np.hanning(WINDOW), 2 * WINDOW)) ** 2)[: PERIODS[1]]
    energy = lags[:, 0]
    lags = lags / (taper / taper[0]) / (energy[:, None] + 1e-9)
    # Of equals the shortest.
    period = PERIODS[0] + np.argmax(lags[:, PERIODS[0] :] * np.linspace(1, 0.85, PERIODS[1] - PERIODS[0]), 1)
    loud = (energy > LOUD * energy.max()) & (energy > 1e-6)
    return loud, loud & (lags[np.arange(len(lags)), period] > PERIODIC), period


def exclaimed(x: np.ndarray) -> float:
    """Share of the loud 10 ms of x, at 48 kHz, that are periodic: of laughs, cries and shouts a third or more, of coughs, sneezes and breath next to nothing."""
    if len(x) < 2 * WINDOW:
        return 0.0
    loud, periodic, _ = voiced(x)
    return float(periodic.sum() / max(1, loud.sum()))


def vowel(x: np.ndarray) -> tuple[int, int] | None:
    """Begin and end in samples of the longest stretch of speech x, at 48 kHz, that is voiced with a steady pitch; None: there is none of 80 ms."""
    if len(x) < 2 * WINDOW:
        return None
    _, periodic, period = voiced(x)
    steady = periodic[1:] & periodic[:-1] & (np.abs(np.diff(period)) < DRIFT * period[1:])
    edges = np.flatnonzero(np.diff(np.concatenate([[False], steady, [False]]).astype(int)))
    begins, ends = edges[::2], edges[1::2]
    if not len(begins) or (ends - begins).max() < LEAST:
        return None
    longest = np.argmax(ends - begins)
    return int(begins[longest]) * STEP, int(ends[longest]) * STEP + WINDOW


def drawn_out(rng: np.random.Generator, x: np.ndarray, length: int) -> np.ndarray:
    """A vowel x made `length` samples long: pieces of 20 ms that overlap by half, each from where it goes on best (WSOLA; Verhelst and Roelands 1993), there and back through x.

    The voice trembles: up to 1.5 % of its pitch and 2 dB of its level.
    """
    search = PERIODS[1]
    window = np.hanning(2 * STEP + 1)[:-1].astype(np.float32)
    out = np.zeros(length + 4 * STEP, np.float32)
    room = len(x) - 3 * STEP - search
    if room < search:
        return np.resize(x, length)
    at = int(rng.integers(room))
    for t in range(0, length + STEP, STEP):
        out[t : t + 2 * STEP] += window * x[at : at + 2 * STEP]
        wanted = x[at + STEP : at + 3 * STEP]
        # There and back, slowly: a held vowel stays what it is.
        place = abs((t // 8 + int(room / 2)) % (2 * room) - room)
        around = x[place : place + search + 2 * STEP]
        likeness = correlate(around, wanted, "valid", "fft")
        energy = np.convolve(around**2, np.ones(2 * STEP, np.float32), "valid")
        at = place + int(np.argmax(likeness / np.sqrt(energy + 1e-9)))
        at = min(at, len(x) - 3 * STEP)
    seconds = np.arange(length) / RATE
    bend = rng.uniform(0, 0.015) / (2 * np.pi * (rate := rng.uniform(3, 7))) * np.sin(2 * np.pi * rate * seconds)
    swell = amplitude(rng.uniform(0, 2) * np.sin(2 * np.pi * rng.uniform(0.3, 6) * seconds + rng.uniform(0, 6)))
    return (np.interp(seconds + 0.002 + bend, np.arange(len(out)) / RATE, out) * swell).astype(np.float32)


def held(rng: np.random.Generator, x: np.ndarray, seconds: float) -> np.ndarray:
    """Speech x whose steadiest vowel lasts so long; x itself where it has none."""
    found = vowel(x)
    if found is None:
        return x
    begin, end = found
    # A part of it: a glide from one end to the other and back would be no held vowel.
    part = min(end - begin, int(rng.uniform(0.12, 0.25) * RATE))
    begin += int(rng.integers(end - begin - part + 1))
    end = begin + part
    middle = drawn_out(rng, x[begin:end], int(seconds * RATE))
    fade = np.linspace(0, 1, STEP, dtype=np.float32)
    middle[:STEP] = middle[:STEP] * fade + x[begin : begin + STEP] * (1 - fade)
    middle[-STEP:] = middle[-STEP:] * (1 - fade) + x[end - STEP : end] * fade
    return np.concatenate([x[:begin], middle, x[end:]])


def laughed(rng: np.random.Generator, x: np.ndarray, whisper: Callable[[np.random.Generator, np.ndarray], np.ndarray]) -> np.ndarray:
    """The vowel of speech x as laughter: 3 to 12 notes, four to seven a second, softer and often lower one by one, with the vowel's `whisper` between them."""
    found = vowel(x)
    if found is None:
        return x
    begin, end = found
    note = RATE / rng.uniform(4, 7)
    count, voiced = int(rng.integers(3, 13)), rng.uniform(0.35, 0.7)
    fall, sink = rng.uniform(-1.5, 0), rng.uniform(0, 0.02)
    length = int(count * note)
    voice = drawn_out(rng, x[begin:end], length)
    # Lower bit by bit, by reading it slower.
    t = np.arange(length)
    voice = np.interp(np.cumsum(1 - sink * t / note / 2).clip(0, length - 1), t, voice)
    aspirated = np.resize(whisper(rng, x[begin:end]), length) * amplitude(rng.uniform(-12, 0))
    phase = (t / note) % 1
    gate = np.clip(np.minimum(phase, voiced - phase) / 0.08, 0, 1)
    return ((voice * gate + aspirated * (1 - gate) * (phase < 0.9)) * amplitude(fall * (t // note))).astype(np.float32)
