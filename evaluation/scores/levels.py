"""How much of the speech is kept and of the noise is left, out of short spectra of the clean, the noisy and the enhanced clip.

A part is a third of an octave in 20 ms. It is clear where the mixture has the speech 15 dB over the noise: there the output's
energy is that of speech, whatever was done to the noise. It is weak 25 to 45 dB below the loudest part of the clip.
"""

import numpy as np
from scipy import signal

FRAME = 0.02  # seconds, a hop of half
BANDS = 100.0 * 2 ** (np.arange(24) / 3)  # Hz, centres from 100 Hz to 20 kHz
CLEAR = 15.0  # dB of speech over noise
ACTIVE = -30.0  # dB re the loudest frame, as in common/sound.py
WEAK = (-45.0, -25.0)  # dB re the loudest part
PAUSE = -50.0  # dB re the loudest frame
LOST = -60.0  # dB: what is lower than this counts as this
FEWEST = 25  # frames or parts for a figure


def parts(x, rate):
    """Energy, frames x bands, of the bands below half the rate."""
    size = round(FRAME * rate)
    power = np.abs(signal.stft(x, rate, "hann", size, size // 2, padded=False)[2].T) ** 2
    frequency = np.fft.rfftfreq(size, 1 / rate)
    edges = np.append(BANDS / 2 ** (1 / 6), BANDS[-1] * 2 ** (1 / 6))
    chosen = [(frequency >= low) & (frequency < high) for low, high in zip(edges, edges[1:]) if high <= rate / 2]
    return np.stack([power[:, band].sum(axis=1) for band in chosen if band.any()], axis=1)


def changes(clean, noisy, enhanced, rate):
    """{"kept", "weak", "left"} in dB.

    kept: energy of the output over that of the speech, in the clear parts of frames with speech
    weak: mean of that of each weak part, in dB
    left: energy of the output over that of the mixture in frames that hold no speech
    """
    speech, noise, mixture, output = (parts(x, rate) for x in (clean, noisy - clean, noisy, enhanced))
    frame = 10 * np.log10(speech.sum(axis=1) / max(speech.sum(axis=1).max(), 1e-20) + 1e-12)
    level = 10 * np.log10(speech / max(speech.max(), 1e-20) + 1e-12)
    clear = (speech > 10 ** (CLEAR / 10) * noise) & (frame > ACTIVE)[:, None]
    weak = clear & (level > WEAK[0]) & (level < WEAK[1])
    pause = frame < PAUSE
    found = {"kept": None, "weak": None, "left": None}
    if clear.sum() >= FEWEST:
        found["kept"] = 10 * np.log10(output[clear].sum() / speech[clear].sum() + 1e-12)
    if weak.sum() >= FEWEST:
        found["weak"] = np.mean(np.maximum(10 * np.log10(output[weak] / speech[weak] + 1e-12), LOST))
    if pause.sum() >= FEWEST and noise[pause].sum() > 1e-4 * speech.sum() / len(speech) * pause.sum():
        found["left"] = max(10 * np.log10(output[pause].sum() / mixture[pause].sum() + 1e-12), LOST)
    return found
