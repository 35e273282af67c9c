"""Noise between the harmonics of voiced speech, where only the comb filter can reach it.

For each voiced frame of the clean recording (Praat's autocorrelation track, steady within 10 % for three frames) the spectrum
is read at the harmonics k f0 and midway at (k + 1/2) f0 up to 4 kHz, through a Hann window of five periods: its main lobe ends
0.4 f0 beside a harmonic. With H and M the energies at the harmonics and midway, M / H says how noisy the voice is. The
figure is 10 log10 of the output's mean M / H over the clean one's, in dB: 0 is as clean as the reference, noisy speech is above.
"""

import numpy as np
import parselmouth

from common.sound import NARROW as RATE

TOP = 4000.0  # Hz
PERIODS = 5
STEP = 0.01  # seconds
STEADY = 0.1


def praat(sound, rate):
    """Praat's track of the pitch, by autocorrelation, a frame every STEP seconds."""
    return parselmouth.Sound(sound.astype(np.float64), rate).to_pitch_ac(time_step=STEP, pitch_floor=60, pitch_ceiling=600)


def steady(hz):
    """Which frames but the first and the last are voiced, with the same pitch, within 10 %, in the frames beside them."""

    def near(a, b):
        return (a > 0) & (np.abs(a - b) < STEADY * b)

    return near(hz[:-2], hz[1:-1]) & near(hz[2:], hz[1:-1])


def pitch_track(clean, rate):
    """[(seconds, hertz)] of the steady voiced frames."""
    track = praat(clean, rate)
    hz, at = track.selected_array["frequency"], track.xs()
    return [(t, f) for t, f, good in zip(at[1:-1], hz[1:-1], steady(hz), strict=True) if good]


class Between:
    """Remembers the last reference: sets are scored file by file."""

    def __init__(self):
        self.path, self.frames = None, []

    def excess(self, clean, output, path):
        """Excess in dB of 16 kHz `output` over `clean`, None without voiced frames."""
        if path != self.path:
            self.path, self.frames = path, pitch_track(clean, RATE)
        ratios = [r for f in self.frames if (r := self.ratios(clean, output, *f)) is not None]
        if not ratios:
            return None
        reference, ours = np.mean(ratios, axis=0)
        return float(10 * np.log10(ours / reference))

    @staticmethod
    def ratios(clean, output, at, hz):
        length = int(PERIODS * RATE / hz)
        first = int(at * RATE) - length // 2
        if first < 0 or first + length > min(len(clean), len(output)):
            return None
        frames = np.stack([clean[first : first + length], output[first : first + length]]) * np.hanning(length)
        orders = np.arange(1, int(TOP / hz))
        tones = np.exp(-2j * np.pi * np.outer(np.arange(length), np.concatenate([orders, orders + 0.5])) * hz / RATE)
        energy = np.abs(frames @ tones) ** 2
        harmonic, middle = energy[:, : len(orders)].sum(1), energy[:, len(orders) :].sum(1)
        return middle / (harmonic + 1e-12)
