"""Noises that no recording is needed for, of `length` samples at 48 kHz and of any level; float32."""

from collections.abc import Iterator

import numpy as np
import scipy.fft
from scipy.signal import lfilter, oaconvolve

from common.sound import RATE, amplitude


def harmonics(rng: np.random.Generator, phase: np.ndarray, levels: np.ndarray) -> np.ndarray:
    """Sum of levels[k - 1] sin(k phase + a random start), by powers of one rotation: no sine a harmonic."""
    turn = np.exp(1j * (phase % (2 * np.pi)).astype(np.float32))
    power = np.ones_like(turn)
    out = np.zeros(len(phase), np.float32)
    for level in levels:
        power *= turn
        start = rng.uniform(0, 2 * np.pi)
        out += np.float32(level * np.cos(start)) * power.imag + np.float32(level * np.sin(start)) * power.real
    return out


def coloured(rng: np.random.Generator, length: int) -> np.ndarray:
    """Stationary noise as fans, air conditioning, cars and hiss make it: tilt, resonances, slow modulation."""
    n = scipy.fft.next_fast_len(length, real=True)
    f = np.maximum(np.fft.rfftfreq(n, 1 / RATE), 20.0).astype(np.float32)
    octave = np.log2(f / 1000)
    level = rng.uniform(-9, 2) * octave
    if rng.random() < 0.5:
        knee = rng.uniform(np.log2(0.1), np.log2(8))
        level += rng.uniform(-9, 3) * np.maximum(0, octave - knee)
    for _ in range(rng.integers(0, 5)):
        centre, width = rng.uniform(np.log2(0.06), np.log2(8)), rng.uniform(0.01, 0.4)
        level += rng.uniform(-8, 20) * np.exp(-0.5 * ((octave - centre) / width) ** 2)
    spectrum = rng.standard_normal(len(f), dtype=np.float32) + 1j * rng.standard_normal(len(f), dtype=np.float32)
    out = scipy.fft.irfft((spectrum * amplitude(level)).astype(np.complex64), n)[:length]
    if rng.random() < 0.5:
        points = rng.normal(0, rng.uniform(0.5, 5), size=length // RATE * 2 + 3)
        out = out * amplitude(np.interp(np.arange(length) / (RATE / 2), np.arange(len(points)), points)).astype(np.float32)
    return out.astype(np.float32)


def hum(rng: np.random.Generator, length: int) -> np.ndarray:
    """Mains hum or a motor: harmonics of a steady or slightly wandering tone."""
    base = rng.choice([50.0, 60.0, 100.0, 120.0]) if rng.random() < 0.6 else rng.uniform(40, 400)
    t = np.arange(length, dtype=np.float64) / RATE
    phase = 2 * np.pi * base * (t + (rng.uniform(0, 0.01) * np.sin(2 * np.pi * rng.uniform(0.05, 1) * t) if rng.random() < 0.5 else 0))
    k = np.arange(1, max(2, min(rng.integers(2, 20), int(8000 / base))))
    out = harmonics(rng, phase, amplitude(rng.normal(-4 * np.log2(k), 6)))
    return out + amplitude(rng.uniform(-40, -10)) * coloured(rng, length)


def rotor(rng: np.random.Generator, length: int) -> np.ndarray:
    """Fans, vacuum cleaners, drills, mixers: noise that the blades modulate, and their harmonics; the speed drifts, or runs up and down."""
    steps = length // 480 + 2
    walk = np.cumsum(rng.normal(0, rng.uniform(0, 0.004), steps))
    if rng.random() < 0.2:
        up, down = np.sort(rng.uniform(0, steps, 2))
        n = np.arange(steps)
        walk += np.log(np.clip(np.minimum((n - up) / 80, (down - n) / 120), 0.15, 1))
    rate = np.exp(rng.uniform(np.log(15), np.log(400))) * np.exp(np.interp(np.arange(length), np.arange(steps) * 480, walk))
    phase = 2 * np.pi * np.cumsum(rate) / RATE
    noise = coloured(rng, length) * (1 + rng.uniform(0, 0.9) * np.sin(phase)).astype(np.float32)
    out = noise / (np.sqrt(np.mean(noise**2)) + 1e-9)
    k = np.arange(1, max(2, min(rng.integers(2, 30), int(16000 / rate.max()))))
    out += harmonics(rng, phase, amplitude(rng.normal(-2 - 3 * np.log2(k), 7)))
    return (out * (rate / rate.max()) ** 2).astype(np.float32)


def passes(rng: np.random.Generator, length: int) -> np.ndarray:
    """Cars, trams, mopeds that go by: tyre noise and an engine's harmonics that swell as 1 / distance and fall in pitch (Doppler)."""
    out = np.zeros(length, np.float32)
    t = np.arange(length, dtype=np.float32) / RATE
    for _ in range(1 + min(2, rng.poisson(length / RATE / 8))):
        speed, beside, when = rng.uniform(4, 30), rng.uniform(2, 20), rng.uniform(-1, length / RATE + 1)
        distance = np.sqrt(beside**2 + (speed * (t - when)) ** 2)
        vehicle = coloured(rng, length)
        vehicle /= np.sqrt(np.mean(vehicle**2)) + 1e-9
        if rng.random() < 0.7:
            rate = rng.uniform(25, 160) * (1 + rng.uniform(0, 0.2) * np.sin(2 * np.pi * rng.uniform(0.02, 0.2) * t))
            phase = 2 * np.pi * np.cumsum(rate * (1 - speed**2 * (t - when) / distance / 343)) / RATE
            k = np.arange(1, rng.integers(4, 25))
            vehicle += harmonics(rng, phase, amplitude(rng.normal(-3 * np.log2(k), 5)))
        out += (vehicle * (beside / distance) ** rng.uniform(0.7, 1.5) * amplitude(rng.uniform(-10, 0))).astype(np.float32)
    return out


def rain(rng: np.random.Generator, length: int) -> np.ndarray:
    """Drops, each a short ring of a bubble or a tick on a hard surface, thin to dense, over the hiss of the far ones."""
    rate = np.exp(rng.uniform(np.log(3), np.log(800)))
    train = np.zeros(length, np.float32)
    count = max(1, int(rng.poisson(rate * length / RATE)))
    np.add.at(train, rng.integers(length, size=count), (rng.exponential(1.0, count) ** 2 * rng.choice([-1, 1], count)).astype(np.float32))
    t = np.arange(int(0.03 * RATE)) / RATE
    out = np.zeros(length, np.float32)
    for share in np.array_split(rng.permutation(np.flatnonzero(train)), 6):
        drop = np.sin(2 * np.pi * np.exp(rng.uniform(np.log(500), np.log(9000))) * t * (1 + rng.uniform(0, 3) * t)) * np.exp(-t / rng.uniform(0.0005, 0.006))
        own = np.zeros(length, np.float32)
        own[share] = train[share]
        out += oaconvolve(own, drop.astype(np.float32))[:length].astype(np.float32)
    hiss = coloured(rng, length)
    return out / (np.sqrt(np.mean(out**2)) + 1e-9) + amplitude(rng.uniform(-30, 3)) * hiss / (np.sqrt(np.mean(hiss**2)) + 1e-9)


def texture(rng: np.random.Generator, length: int) -> np.ndarray:
    """Rustling, frying, applause, insects, machines: bands of noise, some with a tone, whose levels rise and fall at random.

    What makes one texture sound unlike another is how its bands' envelopes are spread, how fast they change and how far
    they go together (McDermott and Simoncelli, Neuron 2011): all of it is drawn anew.
    """
    hop = 256
    frames, bins = length // hop + 2, hop + 1
    bands = int(rng.integers(4, 25))
    f = np.fft.rfftfreq(frames, hop / RATE)
    # Levels wander slowly, or beat at about one rate.
    rate = np.exp(rng.uniform(np.log(0.3), np.log(50)))
    if rng.random() < 0.5:
        shape = (1 + (f / rate) ** 2) ** -rng.uniform(0.5, 1.5)
    else:
        shape = np.exp(-0.5 * (np.log2(np.maximum(f, 1e-3) / rate) / rng.uniform(0.05, 0.7)) ** 2)
    shape[0] = 0

    def wander(columns: int) -> np.ndarray:
        random = rng.standard_normal((len(f), columns)) + 1j * rng.standard_normal((len(f), columns))
        x = scipy.fft.irfft(shape[:, None] * random, frames, axis=0)
        return x / (x.std(axis=0) + 1e-12)

    together = rng.uniform(0, 1)
    level = np.sqrt(together) * wander(1) + np.sqrt(1 - together) * wander(bands)
    silence = rng.uniform(10, 50) / (1 + np.exp(rng.uniform(3, 12) * (level - rng.uniform(-0.5, 1.8)))) if rng.random() < 0.5 else 0.0
    octaves = np.linspace(np.log2(100), np.log2(20000), bands)
    level = rng.uniform(1, 10) * level - silence + rng.normal(0, rng.uniform(2, 10), bands) + rng.uniform(-8, 3) * (octaves - octaves[0])
    at = np.log2(np.maximum(np.arange(bins) * RATE / (2 * hop), 50.0))
    spread = np.maximum(0, 1 - np.abs(at - octaves[:, None]) / (octaves[1] - octaves[0])).astype(np.float32)
    envelopes = amplitude(level - level.max()).astype(np.float32)
    noise = rng.standard_normal((frames, 2 * bins), dtype=np.float32).view(np.complex64)
    pieces = scipy.fft.irfft(noise * (envelopes @ spread), axis=1) * np.hanning(2 * hop + 1)[:-1].astype(np.float32)
    out = np.zeros((frames + 1, hop), np.float32)
    out[:-1] += pieces[:, :hop]
    out[1:] += pieces[:, hop:]
    out = out.ravel()[hop : hop + length]
    if rng.random() < 0.4:
        when = np.arange(length) / hop
        for _ in range(rng.integers(1, 5)):
            band = rng.integers(bands)
            wobble = rng.uniform(0, 0.02) * np.interp(when, np.arange(frames), wander(1)[:, 0])
            frequency = 2 ** (octaves[band] + rng.uniform(-0.3, 0.3) + wobble)
            tone = np.sin(2 * np.pi * np.cumsum(np.minimum(frequency, 18000)) / RATE)
            # About as loud as the noise of its band, or up to 30 dB louder.
            loud = amplitude(rng.uniform(0, 30)) * np.sqrt(spread[band].sum()) / hop
            out += (loud * tone * np.interp(when, np.arange(frames), envelopes[:, band])).astype(np.float32)
    return out


def now_and_then(rng: np.random.Generator, length: int, shortest: float, rest: tuple[float, float]) -> Iterator[tuple[int, int]]:
    """Places and lengths in samples of a sound that comes back: about as long each time, after rests of chance with a mean of `rest` seconds."""
    typical = np.exp(rng.uniform(np.log(0.05), np.log(2.0)))
    mean = np.exp(rng.uniform(*np.log(rest)))
    at = int(rng.exponential(mean) * RATE)
    while at < length:
        n = max(int(shortest * RATE), int(typical * rng.lognormal(0, 0.3) * RATE))
        yield at, n
        at += n + int(rng.exponential(mean) * RATE)


def bursts(rng: np.random.Generator, length: int) -> np.ndarray:
    """Breaths, puffs into the microphone, gusts, cars that pass: one or two colours that come and go by turns."""
    colours = [coloured(rng, length) for _ in range(rng.integers(1, 3))]
    colours = [x / (np.sqrt(np.mean(x**2)) + 1e-9) for x in colours]
    out = np.zeros(length, np.float32)
    for turn, (at, n) in enumerate(now_and_then(rng, length, shortest=0.01, rest=(0.05, 3.0))):
        swell = int(n * rng.uniform(0.05, 0.9))
        rise = np.concatenate([np.linspace(0, 1, swell, endpoint=False), np.linspace(1, 0, n - swell)])
        envelope = np.sin(0.5 * np.pi * rise) ** rng.uniform(0.5, 3) * amplitude(rng.normal(0, 4))
        part = colours[turn % len(colours)][at : at + n]
        out[at : at + n] += part * envelope[: len(part)].astype(np.float32)
    return out


def tones(rng: np.random.Generator, length: int) -> np.ndarray:
    """Beeps, whistles, birds, alarms: single tones that hold, glide or tremble, with few overtones."""
    base = np.exp(rng.uniform(np.log(400), np.log(7000)))
    melody, glide = rng.uniform(0, 0.5), rng.uniform(0, 0.3) * (rng.random() < 0.6)
    tremble, speed = rng.uniform(0, 0.05) * (rng.random() < 0.4), rng.uniform(4, 40)
    overtones = amplitude(rng.uniform(-40, -6, size=3)) * (rng.random(3) < 0.5)
    out = np.zeros(length, np.float32)
    for at, n in now_and_then(rng, length, shortest=0.02, rest=(0.03, 2.0)):
        t = np.arange(n) / RATE
        octave = rng.normal(0, melody) + glide * rng.choice([-1, 1]) * t / t[-1] + tremble * np.sin(2 * np.pi * speed * t)
        frequency = np.minimum(base * 2**octave, 12000)
        phase = 2 * np.pi * np.cumsum(frequency) / RATE
        tone = np.sin(phase)
        for k, level in enumerate(overtones, 2):
            tone = tone + level * np.sin(k * phase) * (k * frequency < 20000)
        edge = min(n // 2, int(rng.uniform(0.003, 0.05) * RATE))
        tone[:edge] *= np.linspace(0, 1, edge)
        tone[-edge:] *= np.linspace(1, 0, edge)
        part = tone[: length - at] * amplitude(rng.normal(0, 3))
        out[at : at + n] += part.astype(np.float32)
    return out


def clicks(rng: np.random.Generator, length: int) -> np.ndarray:
    """Short decaying bursts: mouse, keys, taps on the desk."""
    out = np.zeros(length, np.float32)
    rate = rng.uniform(0.5, 8)
    at = 0
    decay = rng.uniform(0.001, 0.02)
    burst = int(6 * decay * RATE) + 16
    colour = rng.uniform(-0.9, 0.9)
    while True:
        at += int(rng.exponential(1 / rate) * RATE) + 1
        if at + burst >= length:
            return out
        n = rng.standard_normal(burst).astype(np.float32) * np.exp(-np.arange(burst) / (decay * RATE)).astype(np.float32)
        out[at : at + burst] += lfilter([1], [1, -colour], n).astype(np.float32) * amplitude(rng.normal(0, 5))


def typing(rng: np.random.Generator, length: int) -> np.ndarray:
    """A keyboard: each key has its own rings for down and up, in bursts of words with rests, on one desk."""
    keys = []
    for _ in range(12):
        n = int(rng.uniform(0.01, 0.06) * RATE)
        t = np.arange(n) / RATE
        key = rng.standard_normal(n) * np.exp(-t / rng.uniform(0.0008, 0.008))
        key = lfilter([1, -rng.uniform(0, 0.95)], [1], key)
        for _ in range(rng.integers(1, 5)):
            key += amplitude(rng.uniform(-12, 12)) * np.sin(2 * np.pi * np.exp(rng.uniform(np.log(200), np.log(6000))) * t + rng.uniform(0, 6.28)) * np.exp(-t / rng.uniform(0.002, 0.02))
        keys.append((key / np.abs(key).max()).astype(np.float32))
    out = np.zeros(length, np.float32)
    pace, at = rng.uniform(0.07, 0.25), int(rng.exponential(0.3) * RATE)

    def strike(where: int, level: float) -> None:
        key = keys[rng.integers(len(keys))][: max(0, length - where)]
        out[where : where + len(key)] += key * amplitude(level)

    while at < length:
        for _ in range(rng.integers(1, 12)):
            strike(at, rng.normal(0, 3))
            strike(at + int(rng.uniform(0.04, 0.12) * RATE), rng.normal(-9, 3))
            at += int(pace * rng.lognormal(0, 0.35) * RATE)
        at += int(rng.exponential(0.6) * RATE)
    return out


def impacts(rng: np.random.Generator, length: int) -> np.ndarray:
    """Dishes, cutlery, keys, tools, knocks: a few objects, each struck again and again; a struck object rings in its own decaying modes."""
    objects = []
    for _ in range(rng.integers(1, 4)):
        base = np.exp(rng.uniform(np.log(150), np.log(5000)))
        modes = base * np.concatenate([[1.0], 1 + rng.exponential(1.5, size=rng.integers(1, 12))])
        modes = modes[modes < 18000]
        longest = np.exp(rng.uniform(np.log(0.02), np.log(1.2)))
        objects.append((modes, longest * (base / modes) ** rng.uniform(0.3, 1.5), rng.uniform(-25, -3), rng.uniform(-0.9, 0.9)))
    out = np.zeros(length, np.float32)
    for at, _ in now_and_then(rng, length, shortest=0.01, rest=(0.05, 1.5)):
        modes, decays, contact, colour = objects[rng.integers(len(objects))]
        n = min(length - at, int(decays.max() * RATE))
        t = np.arange(n, dtype=np.float32) / RATE
        hit = np.zeros(n, np.float32)
        for frequency, decay in zip(modes, decays):
            k = min(n, int(decay * RATE))
            # The decay is the time to -60 dB.
            ring = np.sin(2 * np.pi * frequency * t[:k] + rng.uniform(0, 6.28)) * np.exp(-6.9 / decay * t[:k])
            hit[:k] += ring.astype(np.float32) * amplitude(rng.uniform(-20, 0))
        k = min(n, int(rng.uniform(0.001, 0.01) * RATE))
        noise = lfilter([1], [1, -colour], rng.standard_normal(k)) * np.linspace(1, 0, k)
        hit[:k] += noise.astype(np.float32) * amplitude(contact)
        out[at : at + n] += hit * amplitude(rng.normal(0, 5))
    return out
