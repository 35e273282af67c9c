"""Which frames of a clean recording are words' beginnings, fricatives, speech or none, and how their level changes.

Frames are 10 ms; levels are dB re the clip's active level (mean energy of the frames within 30 dB of the loudest).
"""

import numpy as np
from scipy import signal

from common.sound import ACTIVE, SILENCE, SPEECH

FRAME_SECONDS = 0.01
ONSET_FRAMES = 5  # the first 50 ms of a word
ONSET_PAUSE = 10  # frames before it that lie 5 dB or more below the level at which a word has begun
ONSET_RISE = 2  # frames between them and the word
ONSET_LEVEL = -20.0
FRICATIVE_LEVEL = -30.0
FRICATIVE_SPLIT = (2000.0, 3000.0)  # Hz: s, f and sh have their energy above the second, voices below the first
FRICATIVE_RATIO = 6.0  # dB
WINDOW = 1024  # samples of the STFT of `attenuation`, at 48 kHz
NOISE_ABOVE = 10.0  # dB of noise over speech where its attenuation can be read off the output


def energies(x, rate):
    """Energy of each frame."""
    size = int(FRAME_SECONDS * rate)
    return np.sum(x[: len(x) // size * size].reshape(-1, size) ** 2, axis=1)


def active_energy(clean, rate):
    """Mean energy of the frames within 30 dB of the loudest."""
    energy = energies(clean, rate)
    return np.mean(energy[energy >= ACTIVE * energy.max()])


def levels(clean, rate):
    """dB of each frame re the active level."""
    return 10 * np.log10(energies(clean, rate) / active_energy(clean, rate) + 1e-12)


def onsets(clean, rate):
    """[(first frame, end)] of the first 50 ms of each word after a pause."""
    level = np.concatenate([np.full(ONSET_PAUSE + ONSET_RISE, -np.inf), levels(clean, rate)])
    found = []
    for n in range(ONSET_PAUSE + ONSET_RISE, len(level) - ONSET_FRAMES):
        before = level[n - ONSET_PAUSE - ONSET_RISE : n]
        if level[n] > ONSET_LEVEL >= level[n - 1] and (before[:ONSET_PAUSE] < ONSET_LEVEL - 5).all():
            first = n - ONSET_PAUSE - ONSET_RISE
            found.append((first, first + ONSET_FRAMES))
    return found


def fricatives(clean, rate):
    """[(frame, frame + 1)] of unvoiced s, f, sh."""
    low = energies(signal.sosfiltfilt(signal.butter(4, FRICATIVE_SPLIT[0], "low", fs=rate, output="sos"), clean), rate)
    high = energies(signal.sosfiltfilt(signal.butter(4, FRICATIVE_SPLIT[1], "high", fs=rate, output="sos"), clean), rate)
    found = (levels(clean, rate) > FRICATIVE_LEVEL) & (high > 10 ** (FRICATIVE_RATIO / 10) * low)
    return [(n, n + 1) for n in np.flatnonzero(found)]


def change(clean, output, rate, spans):
    """dB of the output re the clean signal in each span of frames."""
    a, b = energies(clean, rate), energies(output, rate)
    return [10 * np.log10((b[m:n].sum() + 1e-12) / (a[m:n].sum() + 1e-12)) for m, n in spans]


def attenuation(clean, noisy, output, rate, first, end, speaking):
    """dB by which the noise between two moments (seconds) came out lower, in frames with speech or in pauses; None without any.

    Read where the noise is 10 dB or more over the speech: there the output is what is left of the noise.
    """
    spectrum = lambda x: np.abs(signal.stft(x, rate, "hann", WINDOW, WINDOW // 2)[2]) ** 2
    speech, noise, left = spectrum(clean), spectrum(noisy - clean), spectrum(output)
    time = np.arange(speech.shape[1]) * WINDOW / 2 / rate
    level = np.interp(time, (np.arange(len(clean) // int(FRAME_SECONDS * rate)) + 0.5) * FRAME_SECONDS, levels(clean, rate))
    frames = (time >= first) & (time < end) & (level > SPEECH if speaking else level < SILENCE)
    chosen = (noise > 10 ** (NOISE_ABOVE / 10) * speech) & frames
    total = noise[chosen].sum()
    if total <= 1e-3 * noise.sum():
        return None
    return float(10 * np.log10(total / (left[chosen].sum() + 1e-12)))


def confusion(truth, decision):
    """(both, decision only, truth only) of frames that count: truth is 1, 0, or -1 where undecided."""
    return np.array([np.sum((truth == 1) & decision), np.sum((truth == 0) & decision), np.sum((truth == 1) & ~decision)])


def held(truth, frames):
    """Speech within the last `frames`: what an indicator with that hold should show. A frame undecided stays so."""
    out = truth.copy()
    since = frames + 1
    for n, value in enumerate(truth):
        since = 0 if value == 1 else since + 1
        if since <= frames:
            out[n] = 1
    return out
