"""What no recording of the dev split holds: fans, hum, mice, dishes, whispers, narrow microphones. All at 48 kHz and of any level."""

import numpy as np
from scipy import signal

from common.sound import RATE, amplitude
from common.whisper import driven_by_noise


def shaped_noise(rng, length, tilt, peaks):
    """Gaussian noise falling by `tilt` dB an octave above 100 Hz, with a few resonances."""
    frequency = np.fft.rfftfreq(length, 1 / RATE)
    level = -tilt * np.log2(np.maximum(frequency, 100.0) / 100.0)
    for _ in range(peaks):
        centre, width, height = rng.uniform(80, 2500), rng.uniform(0.02, 0.1), rng.uniform(6, 18)
        level += height * np.exp(-0.5 * (np.log2(np.maximum(frequency, 1.0) / centre) / width) ** 2)
    spectrum = np.fft.rfft(rng.normal(size=length)) * amplitude(level)
    spectrum[frequency < 30] = 0
    return np.fft.irfft(spectrum, length).astype(np.float32)


def slow_modulation(rng, length, depth):
    points = rng.uniform(1 - depth, 1 + depth, length // (RATE // 2) + 2)
    return np.interp(np.arange(length) / (RATE // 2), np.arange(len(points)), points).astype(np.float32)


def fan(rng, length):
    return shaped_noise(rng, length, rng.uniform(3, 7), 4) * slow_modulation(rng, length, 0.15)


def hum(rng, length):
    base = rng.choice((50.0, 60.0)) * rng.uniform(0.998, 1.002)
    time = np.arange(length) / RATE
    out = np.zeros(length)
    for harmonic in range(1, 41):
        level = harmonic ** -rng.uniform(0.5, 1.2) * (1.6 if harmonic % 2 == 0 else 1.0) * rng.uniform(0.3, 1)
        out += level * np.sin(2 * np.pi * base * harmonic * time + rng.uniform(0, 2 * np.pi))
    hiss = shaped_noise(rng, length, 1.0, 0)
    return (out / out.std() + 0.2 * hiss / hiss.std()).astype(np.float32)


def rung(rng, length, gap, count, band, decay):
    """Struck things: bursts of `count` decaying modes in a band of hertz, `gap` seconds apart."""
    out = np.zeros(length)
    at = 0
    while at < length:
        reach = min(int(8 * decay[1] * RATE), length - at)
        time = np.arange(reach) / RATE
        for _ in range(count):
            hertz = np.exp(rng.uniform(*np.log(band)))
            tone = np.exp(-time / rng.uniform(*decay)) * np.sin(2 * np.pi * hertz * time + rng.uniform(0, 2 * np.pi))
            out[at : at + reach] += rng.uniform(0.2, 1) * tone
        at += int(rng.uniform(*gap) * RATE)
    return out.astype(np.float32)


def mouse(rng, length):
    """Press and release, each a few milliseconds."""
    clicks = rung(rng, length, (0.3, 0.9), 12, (1500, 9000), (0.0008, 0.004))
    delay = int(rng.uniform(0.07, 0.12) * RATE)
    return clicks + 0.6 * np.pad(clicks, (delay, 0))[:length]


def dishes(rng, length):
    clinks = rung(rng, length, (0.1, 0.7), 8, (1200, 10000), (0.01, 0.12))
    return clinks + 0.02 * clinks.std() * shaped_noise(rng, length, 3.0, 2)


def narrow(x, rate):
    """The signal as a device of that sample rate would have given it."""
    return signal.resample_poly(signal.resample_poly(x, rate, RATE), RATE, rate)[: len(x)].astype(np.float32)


def whispered(rng, x, order=48):
    """The voice as a whisper; voicing's low frequencies are missing."""

    def correlated(frame):
        power = np.correlate(frame, frame, "full")[len(frame) - 1 : len(frame) + order]
        return power, np.sum(frame**2)

    out = driven_by_noise(rng, x, signal.windows.hann(RATE // 50, sym=False), correlated, 1e-9)
    return signal.lfilter(*signal.butter(1, 700, "high", fs=RATE), out)[: len(x)].astype(np.float32)
