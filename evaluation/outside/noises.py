"""Noise of the outside yardstick: recordings laid end to end or strewn, babble in a room, and fans, hum and hiss of its own making.

All return float64 of any level; outside.py sets the level. The generators share nothing with training/data and evaluation/devset: their
noise is white through random resonators (poles), not shaped spectra.
"""

import numpy as np
from scipy import signal

from common.rooms import heard
from common.sound import RATE, amplitude
from evaluation.outside.rooms import room

FADE = RATE // 20


def resonated(rng, length, peaks, tilt):
    """White noise through one-pole tilts and `peaks` resonators."""
    x = rng.normal(size=length + RATE // 2)
    for corner in tilt:
        x = signal.lfilter(*signal.butter(1, corner, fs=RATE), x) + 0.02 * x
    y = x / x.std()
    for hertz in peaks:
        b, a = signal.iirpeak(hertz, rng.uniform(3, 25), fs=RATE)
        part = signal.lfilter(b, a, x)
        y = y + rng.uniform(0.2, 1.0) * part / part.std()
    return y[RATE // 2 :]


def drift(rng, length, depth, seconds):
    """A slow random walk about 1."""
    b, a = signal.butter(2, 1 / seconds, fs=100)
    walk = signal.lfilter(b, a, rng.normal(size=length // 480 + 1000))[500:]
    walk = 1 + depth * np.clip(walk / walk.std(), -2, 2)
    return np.interp(np.arange(length) / 480, np.arange(len(walk)), walk)


def fan(rng, length):
    """Broad rush, blades that chop it, and the tone of their rate with harmonics."""
    rush = resonated(rng, length, rng.uniform(150, 3000, 4), (rng.uniform(300, 1500),))
    rate = rng.uniform(40, 260) * drift(rng, length, 0.004, 2.0)
    phase = 2 * np.pi * np.cumsum(rate) / RATE
    tones = sum(np.cos(k * phase + rng.uniform(0, 6.28)) * rng.uniform(0.2, 1) / k for k in range(1, 8))
    return rush * (1 + rng.uniform(0.05, 0.3) * np.cos(phase)) + rng.uniform(0.1, 0.8) * tones


def hum(rng, length):
    """Mains and its harmonics, the even ones louder, beating with a motor that slips, over a little hiss."""
    mains = rng.choice((50.0, 60.0))
    phase = 2 * np.pi * np.cumsum(mains * drift(rng, length, 0.0005, 3.0)) / RATE
    slip = phase * rng.uniform(0.94, 0.99) / 2
    out = sum((1.5 if k % 2 == 0 else 0.7) / k ** rng.uniform(0.4, 1.1) * np.sin(k * phase + rng.uniform(0, 6.28)) for k in range(1, 30))
    out = out + 0.5 * sum(np.sin(k * slip + rng.uniform(0, 6.28)) / k for k in range(1, 20))
    hiss = resonated(rng, length, (), (3000.0,))
    return out / out.std() + rng.uniform(0.05, 0.3) * hiss / hiss.std()


def hiss(rng, length):
    """A preamplifier's or an air vent's: white to falling by 6 dB an octave."""
    x = resonated(rng, length, rng.uniform(1000, 9000, 1), (rng.uniform(500, 20000),))
    return x * drift(rng, length, rng.uniform(0, 0.1), 1.0)


STATIONARY = {"fan": fan, "hum": hum, "hiss": hiss}


def laid(rng, segments, length):
    """Recordings of one source end to end, cross-faded; a long one is entered anywhere."""
    first = segments[rng.integers(len(segments))]
    related = [s for s in segments if s.source == first.source]
    ramp = np.sin(0.5 * np.pi * (np.arange(FADE) + 0.5) / FADE)
    out, at, used = np.zeros(length + FADE), 0, []
    segment = first
    while at < length:
        piece = segment.samples().astype(np.float64)
        if len(piece) > 2 * FADE:
            start = rng.integers(max(len(piece) - (length - at) - FADE, 0) + 1)
            piece = piece[start : start + length - at + FADE]
            piece[:FADE] *= ramp if at else 1.0
            piece[-FADE:] *= ramp[::-1]
            out[at : at + len(piece)] += piece
            at += len(piece) - FADE
            used.append(segment)
        # The same recording again rather than another engine: a noise of a kind does not change every second.
        segment = segment if segment.seconds > 1.5 else related[rng.integers(len(related))]
    return out[:length], used


def strewn(rng, segments, length, gap):
    """Short events of one source at random moments, `gap` seconds apart."""
    first = segments[rng.integers(len(segments))]
    related = [s for s in segments if s.source == first.source and s.seconds < 6]
    chosen = [related[i] for i in rng.permutation(len(related))[: rng.integers(2, 7)]]
    out, at, used = np.zeros(length), int(rng.uniform(0, 0.4) * RATE), []
    while at < length:
        segment = chosen[rng.integers(len(chosen))]
        piece = segment.samples().astype(np.float64)[: length - at]
        out[at : at + len(piece)] += piece * amplitude(rng.uniform(-10, 0))
        used.append(segment)
        at += int(rng.uniform(*gap) * RATE)
    return out, used


def babble(rng, voices, length, count):
    """`count` voices (functions of a length) around one room."""
    rt60, out = rng.uniform(0.3, 0.8), np.zeros(length)
    for voice in [voices[i] for i in rng.permutation(len(voices))[:count]]:
        whole, _ = room(rng, rt60, rng.uniform(1.0, 3.0))
        x = heard(voice(length), whole)
        out += x / max(x.std(), 1e-9) * amplitude(rng.uniform(-6, 0))
    return out


def coloured(rng, x):
    """Through a random filter: shelves below and above, one wide peak or dip, each to 6 dB."""
    spectrum, frequency = np.fft.rfft(x), np.fft.rfftfreq(len(x), 1 / RATE)
    octave = np.log2(np.maximum(frequency, 20) / 1000)
    gain = rng.uniform(-6, 6) / (1 + np.exp(2 * (octave + rng.uniform(1, 3)))) + rng.uniform(-6, 6) / (1 + np.exp(-2 * (octave - rng.uniform(1, 3))))
    gain += rng.uniform(-6, 6) * np.exp(-0.5 * ((octave - rng.uniform(-2, 3)) / rng.uniform(0.3, 1.0)) ** 2)
    return np.fft.irfft(spectrum * amplitude(gain), len(x))
