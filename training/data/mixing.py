"""Training mixtures: clean speech, rooms, noise, levels, equalisers and bandwidths, drawn anew for every sequence.

Voices and recorded noise come out of a pool of corpus.py.
"""

from pathlib import Path

import numpy as np
import scipy.fft
from scipy.linalg import solve_toeplitz
from scipy.signal import lfilter, oaconvolve

from corpus import RATE, Pool, Segment

EARLY = int(0.020 * RATE)
TARGET_RT60 = 0.2
ROOMS = 400
# Band-limited microphones: share of the sequences and the cut-offs in hertz.
BAND_LIMITED = 0.25
CUTOFFS = (4000, 7000, 8000, 8000, 8000, 12000, 16000)
TELEPHONE = (300.0, 3400.0)
WHISPERED = 0.03  # share of the sequences
NOISELESS = 0.08  # likewise: a clean voice has to pass as it is
SNR = (-8, 20)  # dB, of nine mixtures in ten; the others lie above, up to 35
# Shares of what disturbs, recorded or synthesised: a method of Mixer each.
DISTURBANCES = {
    "recorded": 0.36, "texture": 0.10, "coloured": 0.10, "rotor": 0.05, "hum": 0.02, "passes": 0.06, "rain": 0.03, "babble": 0.11,
    "typing": 0.02, "clicks": 0.02, "impacts": 0.06, "music": 0.02, "bursts": 0.03, "tones": 0.02,
}  # fmt: skip
# Kinds of recorded noise that calls are full of: drawn twice as often as their time says.
OF_CALLS = {"keyboard", "mouse_click_switch", "cafe_babble_crowd", "kitchen_liquid", "construction_tools"}
# Voices recorded with more noise than this (dB below the voice) are no targets: they speak in babble alone.
CLEAN_FLOOR = 40.0
# No source of voices gives more than this share of the sequences.
LARGEST_SOURCE = 0.3


def amplitude(db: float) -> float:
    return 10.0 ** (db / 20.0)


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


def companded(x: np.ndarray) -> np.ndarray:
    """The noise of a telephone line: G.711's mu-law in 256 steps, full scale at the loudest sample."""
    scale, mu = float(np.abs(x).max()) + 1e-9, 255.0
    steps = np.round(127 * np.sign(x) * np.log1p(mu * np.abs(x) / scale) / np.log1p(mu)) / 127
    return (np.sign(steps) * np.expm1(np.abs(steps) * np.log1p(mu)) / mu * scale).astype(np.float32)


def active_level(x: np.ndarray) -> float:
    """RMS of the 20 ms blocks within 30 dB of the loudest, dBFS."""
    blocks = x[: len(x) // 960 * 960].reshape(-1, 960)
    power = np.mean(np.square(blocks, dtype=np.float64), axis=1) if len(blocks) else np.zeros(1)
    top = power.max()
    return 10 * np.log10(power[power >= 1e-3 * top].mean() + 1e-20)


def room(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Impulse response of a shoebox room and the part of it that belongs to the target.

    Images up to 60 ms, then a Gaussian tail of the same decay. Target: direct sound, 20 ms of reflections and the tail
    shortened to an RT60 of 0.2 s.
    """
    rt60 = rng.uniform(0.1, 1.0) if rng.random() < 0.8 else rng.uniform(0.1, 0.3)
    size = np.array([rng.uniform(2.5, 9), rng.uniform(2.5, 7), rng.uniform(2.3, 3.5)])
    distance = rng.uniform(0.3, 3.0)
    microphone = size * rng.uniform(0.3, 0.7, 3)
    direction = rng.normal(size=3) * (1, 1, 0.3)
    talker = np.clip(microphone + direction / np.linalg.norm(direction) * distance, 0.2, size - 0.2)
    surface = 2 * (size[0] * size[1] + size[0] * size[2] + size[1] * size[2])
    reflection = np.exp(-0.5 * 0.161 * size.prod() / (surface * rt60))
    reach = np.ceil(343 * 0.06 / (2 * size)).astype(int) + 1
    cells = np.stack([g.ravel() for g in np.meshgrid(*(np.arange(-r, r + 1) for r in reach), indexing="ij")], 1)
    length = int(min(rt60, 0.8) * RATE)
    response = np.zeros(length + 4096, np.float64)
    for parity in np.ndindex(2, 2, 2):
        offset = (1 - 2 * np.array(parity)) * talker + 2 * cells * size - microphone
        away = np.linalg.norm(offset, axis=1)
        order = np.abs(2 * cells - np.array(parity)).sum(axis=1)
        delay = away / 343 * RATE
        keep = delay < 0.06 * RATE
        whole = delay[keep].astype(int)
        part = delay[keep] - whole
        # Walls take a little phase-free roughness with them: exact images alone sound metallic.
        gain = reflection ** order[keep] / away[keep] * np.where(order[keep] > 1, rng.choice([-1, 1], keep.sum()), 1)
        np.add.at(response, whole, gain * (1 - part))
        np.add.at(response, whole + 1, gain * part)
    direct = int(np.linalg.norm(talker - microphone) / 343 * RATE)
    response = response[max(0, direct - 8) :]
    start = int(0.06 * RATE) - direct
    if 0 < start < length:
        span = int(0.02 * RATE)
        level = np.sqrt(np.mean(response[max(64, start - span) : start] ** 2) + 1e-12)
        t = np.arange(len(response) - start) / RATE
        response[start:] += level * rng.normal(size=len(t)) * 10 ** (-3 * t / rt60)
    response = (response[:length] / np.abs(response[:64]).max()).astype(np.float32)
    t = np.maximum(np.arange(len(response)) - EARLY, 0) / RATE
    decay = 10 ** (-3 * t * max(0.0, 1 / TARGET_RT60 - 1 / rt60))
    return response, (response * decay).astype(np.float32)


class Mixer:
    """Draws (noisy, clean, valid bands in hertz, speech level) sequences."""

    def __init__(self, pool: Path, cache: Path, seed: int, rooms: int = ROOMS, band_limited: float = BAND_LIMITED):
        self.rng = np.random.default_rng(seed)
        self.band_limited = band_limited
        self.pool = Pool(pool)
        talkers: dict[str, list[Segment]] = {}
        for segment in self.pool.speech:
            talkers.setdefault(segment.speaker, []).append(segment)
        self.crowd = list(talkers.values())
        clean = {name: kept for name, own in talkers.items() if (kept := [s for s in own if s.floor >= CLEAN_FLOOR])}
        self.speakers = list((clean or talkers).values())
        # The square root of a talker's time, less for narrow recordings: many voices before many words.
        weight = np.array([np.sqrt(sum(s.samples for s in own)) * (1.0 if max(s.bandwidth for s in own) > 12000 else 0.7) for own in self.speakers])
        sources = np.array([own[0].source for own in self.speakers])
        for _ in range(8):
            weight /= weight.sum()
            for source in set(sources):
                share = weight[sources == source].sum()
                weight[sources == source] *= min(1.0, LARGEST_SOURCE / share)
        self.speaker_weight = weight / weight.sum()
        self.kinds = list(self.pool.noise.values())
        weight = np.sqrt([sum(s.samples for s in own) for own in self.kinds])
        weight *= [2.0 if kind in OF_CALLS else 1.0 for kind in self.pool.noise]
        self.kind_weight = weight / weight.sum()
        bank = cache / f"rooms-{rooms}.npz"
        if not bank.exists():
            draw = np.random.default_rng(7)
            pairs = [room(draw) for _ in range(rooms)]
            lengths = np.array([len(p[0]) for p in pairs])
            temporary = bank.with_suffix(f".{seed}.npz")
            np.savez(temporary, lengths=lengths, full=np.concatenate([p[0] for p in pairs]), target=np.concatenate([p[1] for p in pairs]))
            temporary.replace(bank)
        stored = np.load(bank)
        ends = np.cumsum(stored["lengths"])
        full, target = stored["full"], stored["target"]
        self.rooms = [(full[a:b], target[a:b]) for a, b in zip(ends - stored["lengths"], ends)]

    # Speech

    def voice(self, crowd: bool = False) -> list[Segment]:
        """The segments of one talker; crowd: of any, however noisy the recording."""
        if crowd:
            return self.crowd[self.rng.integers(len(self.crowd))]
        return self.speakers[self.rng.choice(len(self.speakers), p=self.speaker_weight)]

    def utterances(self, length: int, crowd: bool = False) -> tuple[np.ndarray, float]:
        """Utterances of one voice (sometimes two, one after the other) with pauses, none in a crowd; bandwidth in hertz."""
        rng = self.rng
        out = np.zeros(length, np.float32)
        own = self.voice(crowd)
        bandwidth = 24000.0
        shift = rng.uniform(0.85, 1.15) if rng.random() < 0.4 else 1.0
        at = 0 if crowd else int(rng.uniform(0, 0.8) * RATE)
        while at < length:
            if rng.random() < 0.04:
                own = self.voice(crowd)
                shift = rng.uniform(0.85, 1.15) if rng.random() < 0.4 else 1.0
            segment = own[rng.integers(len(own))]
            start = int(rng.integers(segment.samples)) if crowd and at == 0 else 0
            piece = self.pool.cut(segment, start, min(12 * RATE, int((length - at) * shift) + 1))
            if shift != 1.0 and len(piece) > 2000:
                piece = self.resampled(piece, shift)
            bandwidth = min(bandwidth, segment.bandwidth * min(1.0, shift))
            piece = piece[: length - at]
            out[at : at + len(piece)] += piece * amplitude(rng.normal(0, 2.0))
            pause = 0.0 if crowd or rng.random() < 0.3 else rng.exponential(0.35)
            at += len(piece) + int(min(pause, 1.5) * RATE)
        return out, bandwidth

    @staticmethod
    def resampled(x: np.ndarray, factor: float) -> np.ndarray:
        """Pitch and formants times `factor`, by FFT resampling."""
        n = scipy.fft.next_fast_len(len(x), real=True)
        m = scipy.fft.next_fast_len(int(n / factor), real=True)
        spectrum = scipy.fft.rfft(x, n)
        y = np.zeros(m // 2 + 1, spectrum.dtype)
        k = min(len(spectrum), len(y))
        y[:k] = spectrum[:k]
        return (scipy.fft.irfft(y, m) * (m / n)).astype(np.float32)[: int(len(x) / factor)]

    def whispered(self, x: np.ndarray) -> np.ndarray:
        """The vocal tract of every 20 ms, by linear prediction, driven by noise instead of the vocal folds.

        The lowest formants are weak in a whisper (open glottis): a first-order high-pass at 400 to 1000 Hz.
        """
        rng = self.rng
        order = int(rng.integers(32, 56))
        hop = RATE // 100
        window = np.hanning(2 * hop + 1)[:-1]
        out = np.zeros(len(x) + 2 * hop)
        for at in range(0, len(x) - 2 * hop, hop):
            frame = x[at : at + 2 * hop] * window
            spectrum = np.abs(scipy.fft.rfft(frame, 4 * hop)) ** 2
            power = scipy.fft.irfft(spectrum)[: order + 1]
            if power[0] < 1e-6:
                continue
            power[0] *= 1.0001
            tract = solve_toeplitz(power[:-1], power[1:])
            noise = lfilter([1], np.concatenate([[1], -tract]), rng.standard_normal(4 * hop))[2 * hop :] * window
            out[at : at + 2 * hop] += noise * np.sqrt(power[0] / (np.sum(noise**2) + 1e-20))
        pole = np.exp(-2 * np.pi * rng.uniform(400, 1000) / RATE)
        return lfilter([1, -1], [1, -pole], out)[: len(x)].astype(np.float32)

    # Noise

    def recorded(self, length: int) -> np.ndarray:
        """Clips of one kind of noise, one after the other, or one of them repeated."""
        rng = self.rng
        own = self.kinds[rng.choice(len(self.kinds), p=self.kind_weight)]
        out = np.zeros(length, np.float32)
        at = 0
        sparse = rng.random() < 0.25
        while at < length:
            segment = own[rng.integers(len(own))]
            longest = 10 * RATE
            piece = self.pool.cut(segment, int(rng.integers(max(1, segment.samples - longest))), longest)
            if rng.random() < 0.5 and len(piece) > 2000:
                # Larger and smaller dogs, doors and engines than were recorded.
                piece = self.resampled(piece, np.exp(rng.uniform(np.log(0.65), np.log(1.5))))
            if len(piece) < 480:
                continue
            fade = min(240, at)
            begin = at - fade
            piece = piece[: length - begin]
            if fade and len(piece) > fade:
                piece = piece.copy()
                piece[:fade] *= np.linspace(0, 1, fade, dtype=np.float32)
            out[begin : begin + len(piece)] += piece
            at = begin + len(piece) + (int(rng.exponential(0.5) * RATE) if sparse else 0)
        return out

    def coloured(self, length: int) -> np.ndarray:
        """Stationary noise as fans, air conditioning, cars and hiss make it: tilt, resonances, slow modulation."""
        rng = self.rng
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

    def hum(self, length: int) -> np.ndarray:
        """Mains hum or a motor: harmonics of a steady or slightly wandering tone."""
        rng = self.rng
        base = rng.choice([50.0, 60.0, 100.0, 120.0]) if rng.random() < 0.6 else rng.uniform(40, 400)
        t = np.arange(length, dtype=np.float64) / RATE
        phase = 2 * np.pi * base * (t + (rng.uniform(0, 0.01) * np.sin(2 * np.pi * rng.uniform(0.05, 1) * t) if rng.random() < 0.5 else 0))
        k = np.arange(1, max(2, min(rng.integers(2, 20), int(8000 / base))))
        out = harmonics(rng, phase, amplitude(rng.normal(-4 * np.log2(k), 6)))
        return out + amplitude(rng.uniform(-40, -10)) * self.coloured(length)

    def babble(self, length: int) -> np.ndarray:
        """Three to thirty other voices in one room; never a single clear one. Beyond ten, what the ten say comes again, turned around in time."""
        rng = self.rng
        out = np.zeros(length, np.float32)
        count = int(np.exp(rng.uniform(np.log(3), np.log(31))))
        said = [self.utterances(length, crowd=True)[0] for _ in range(min(count, 10))]
        for number in range(count):
            x = said[number] if number < len(said) else np.roll(said[number % len(said)], int(rng.integers(length)))
            out += x * amplitude(rng.uniform(-8, 0))
        response, _ = self.rooms[self.rng.integers(len(self.rooms))]
        return oaconvolve(out, response)[:length].astype(np.float32)

    def clicks(self, length: int) -> np.ndarray:
        """Short decaying bursts: mouse, keys, taps on the desk."""
        rng = self.rng
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

    def now_and_then(self, length: int, shortest: float, rest: tuple[float, float]):
        """Places and lengths in samples of a sound that comes back: about as long each time, after rests of chance with a mean of `rest` seconds."""
        rng = self.rng
        typical = np.exp(rng.uniform(np.log(0.05), np.log(2.0)))
        mean = np.exp(rng.uniform(*np.log(rest)))
        at = int(rng.exponential(mean) * RATE)
        while at < length:
            n = max(int(shortest * RATE), int(typical * rng.lognormal(0, 0.3) * RATE))
            yield at, n
            at += n + int(rng.exponential(mean) * RATE)

    def bursts(self, length: int) -> np.ndarray:
        """Breaths, puffs into the microphone, gusts, cars that pass: one or two colours that come and go by turns."""
        rng = self.rng
        colours = [self.coloured(length) for _ in range(rng.integers(1, 3))]
        colours = [x / (np.sqrt(np.mean(x**2)) + 1e-9) for x in colours]
        out = np.zeros(length, np.float32)
        for turn, (at, n) in enumerate(self.now_and_then(length, shortest=0.01, rest=(0.05, 3.0))):
            swell = int(n * rng.uniform(0.05, 0.9))
            rise = np.concatenate([np.linspace(0, 1, swell, endpoint=False), np.linspace(1, 0, n - swell)])
            envelope = np.sin(0.5 * np.pi * rise) ** rng.uniform(0.5, 3) * amplitude(rng.normal(0, 4))
            part = colours[turn % len(colours)][at : at + n]
            out[at : at + n] += part * envelope[: len(part)].astype(np.float32)
        return out

    def tones(self, length: int) -> np.ndarray:
        """Beeps, whistles, birds, alarms: single tones that hold, glide or tremble, with few overtones."""
        rng = self.rng
        base = np.exp(rng.uniform(np.log(400), np.log(7000)))
        melody, glide = rng.uniform(0, 0.5), rng.uniform(0, 0.3) * (rng.random() < 0.6)
        tremble, speed = rng.uniform(0, 0.05) * (rng.random() < 0.4), rng.uniform(4, 40)
        overtones = amplitude(rng.uniform(-40, -6, size=3)) * (rng.random(3) < 0.5)
        out = np.zeros(length, np.float32)
        for at, n in self.now_and_then(length, shortest=0.02, rest=(0.03, 2.0)):
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

    def impacts(self, length: int) -> np.ndarray:
        """Dishes, cutlery, keys, tools, knocks: a few objects, each struck again and again; a struck object rings in its own decaying modes."""
        rng = self.rng
        objects = []
        for _ in range(rng.integers(1, 4)):
            base = np.exp(rng.uniform(np.log(150), np.log(5000)))
            modes = base * np.concatenate([[1.0], 1 + rng.exponential(1.5, size=rng.integers(1, 12))])
            modes = modes[modes < 18000]
            longest = np.exp(rng.uniform(np.log(0.02), np.log(1.2)))
            objects.append((modes, longest * (base / modes) ** rng.uniform(0.3, 1.5), rng.uniform(-25, -3), rng.uniform(-0.9, 0.9)))
        out = np.zeros(length, np.float32)
        for at, _ in self.now_and_then(length, shortest=0.01, rest=(0.05, 1.5)):
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

    def texture(self, length: int) -> np.ndarray:
        """Rustling, frying, applause, insects, machines: bands of noise, some with a tone, whose levels rise and fall at random.

        What makes one texture sound unlike another is how its bands' envelopes are spread, how fast they change and how far
        they go together (McDermott and Simoncelli, Neuron 2011): all of it is drawn anew.
        """
        rng = self.rng
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

    def passes(self, length: int) -> np.ndarray:
        """Cars, trams, mopeds that go by: tyre noise and an engine's harmonics that swell as 1 / distance and fall in pitch (Doppler)."""
        rng = self.rng
        out = np.zeros(length, np.float32)
        t = np.arange(length, dtype=np.float32) / RATE
        for _ in range(1 + min(2, rng.poisson(length / RATE / 8))):
            speed, beside, when = rng.uniform(4, 30), rng.uniform(2, 20), rng.uniform(-1, length / RATE + 1)
            distance = np.sqrt(beside**2 + (speed * (t - when)) ** 2)
            vehicle = self.coloured(length)
            vehicle /= np.sqrt(np.mean(vehicle**2)) + 1e-9
            if rng.random() < 0.7:
                rate = rng.uniform(25, 160) * (1 + rng.uniform(0, 0.2) * np.sin(2 * np.pi * rng.uniform(0.02, 0.2) * t))
                phase = 2 * np.pi * np.cumsum(rate * (1 - speed**2 * (t - when) / distance / 343)) / RATE
                k = np.arange(1, rng.integers(4, 25))
                vehicle += harmonics(rng, phase, amplitude(rng.normal(-3 * np.log2(k), 5)))
            out += (vehicle * (beside / distance) ** rng.uniform(0.7, 1.5) * amplitude(rng.uniform(-10, 0))).astype(np.float32)
        return out

    def rotor(self, length: int) -> np.ndarray:
        """Fans, vacuum cleaners, drills, mixers: noise that the blades modulate, and their harmonics; the speed drifts, or runs up and down."""
        rng = self.rng
        steps = length // 480 + 2
        walk = np.cumsum(rng.normal(0, rng.uniform(0, 0.004), steps))
        if rng.random() < 0.2:
            up, down = np.sort(rng.uniform(0, steps, 2))
            n = np.arange(steps)
            walk += np.log(np.clip(np.minimum((n - up) / 80, (down - n) / 120), 0.15, 1))
        rate = np.exp(rng.uniform(np.log(15), np.log(400))) * np.exp(np.interp(np.arange(length), np.arange(steps) * 480, walk))
        phase = 2 * np.pi * np.cumsum(rate) / RATE
        noise = self.coloured(length) * (1 + rng.uniform(0, 0.9) * np.sin(phase)).astype(np.float32)
        out = noise / (np.sqrt(np.mean(noise**2)) + 1e-9)
        k = np.arange(1, max(2, min(rng.integers(2, 30), int(16000 / rate.max()))))
        out += harmonics(rng, phase, amplitude(rng.normal(-2 - 3 * np.log2(k), 7)))
        return (out * (rate / rate.max()) ** 2).astype(np.float32)

    def rain(self, length: int) -> np.ndarray:
        """Drops, each a short ring of a bubble or a tick on a hard surface, thin to dense, over the hiss of the far ones."""
        rng = self.rng
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
        hiss = self.coloured(length)
        return out / (np.sqrt(np.mean(out**2)) + 1e-9) + amplitude(rng.uniform(-30, 3)) * hiss / (np.sqrt(np.mean(hiss**2)) + 1e-9)

    def typing(self, length: int) -> np.ndarray:
        """A keyboard: each key has its own rings for down and up, in bursts of words with rests, on one desk."""
        rng = self.rng
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

    def instrument(self):
        """A function (frequency in hertz, seconds) -> one note: plucked, struck, bowed or blown."""
        rng = self.rng
        partials = np.arange(1, rng.integers(3, 25))
        tilt, odd = rng.uniform(2, 9), rng.uniform(-30, 0) if rng.random() < 0.25 else 0.0
        level = amplitude(-tilt * np.log2(partials) + odd * (partials % 2 == 0) + rng.normal(0, 3, len(partials)))
        stiffness = 10 ** rng.uniform(-6, -3.5) if rng.random() < 0.5 else 0.0
        stretch = np.sqrt(1 + stiffness * partials**2)
        held = rng.random() < 0.5
        attack = rng.uniform(0.01, 0.12) if held else rng.uniform(0.001, 0.01)
        decay, damping = np.exp(rng.uniform(np.log(0.15), np.log(3))), rng.uniform(0, 1)
        vibrato, speed = (rng.uniform(0, 0.01), rng.uniform(4, 7)) if held and rng.random() < 0.6 else (0.0, 0.0)

        def note(frequency: float, seconds: float) -> np.ndarray:
            n = int(seconds * RATE)
            t = np.arange(n, dtype=np.float32) / RATE
            phase = 2 * np.pi * frequency * (t + vibrato / (2 * np.pi * max(speed, 1)) * np.sin(2 * np.pi * speed * t))
            out = np.zeros(n, np.float32)
            for k, a, s in zip(partials, level, stretch):
                if k * s * frequency > 16000:
                    break
                partial = np.sin(k * s * phase + rng.uniform(0, 6.28))
                out += a * (partial if held else partial * np.exp(-(1 + damping * (k - 1)) / decay * t))
            rise, fall = min(n // 2, int(attack * RATE)), min(n // 2, int(0.03 * RATE))
            out[:rise] *= np.linspace(0, 1, rise, dtype=np.float32)
            out[n - fall :] *= np.linspace(1, 0, fall, dtype=np.float32)
            return out

        return note

    def music(self, length: int) -> np.ndarray:
        """Chords, a melody, a bass and drums, not always all of them, in one key and time."""
        rng = self.rng
        beat = 60 / rng.uniform(60, 160)
        scale = np.array([0, 2, 4, 5, 7, 9, 11]) if rng.random() < 0.5 else np.array([0, 2, 3, 5, 7, 8, 10])
        key = rng.uniform(40, 52)  # the MIDI number of the lowest tonic, E2 to E3
        parts = [part for part in ("chords", "melody", "bass", "drums") if rng.random() < 0.6] or ["melody"]
        players = {part: self.instrument() for part in parts}
        level = {part: amplitude(rng.uniform(-10, 0)) for part in parts}
        out = np.zeros(length, np.float32)

        def play(part: str, degree: int, start: float, seconds: float) -> None:
            midi = key + 12 * (degree // 7) + scale[degree % 7]
            add(part, players[part](440 * 2 ** ((midi - 69) / 12), seconds), start)

        def add(part: str, sound: np.ndarray, start: float) -> None:
            at = int(start * RATE)
            sound = sound[: max(0, length - at)]
            out[at : at + len(sound)] += level[part] * amplitude(rng.normal(0, 2)) * sound

        kick = rng.uniform(45, 90)
        decay = {"kick": 0.15, "snare": rng.uniform(0.05, 0.2), "hat": rng.uniform(0.02, 0.08)}
        rhythm = rng.random(8)
        degree, chord = 7, 0
        for number in range(int(np.ceil(length / RATE / beat))):
            now = number * beat
            if number % 4 == 0:
                chord = int(rng.choice([0, 3, 4, 5]))
            if "chords" in parts and number % 2 == 0:
                for third in (7, 9, 11):
                    play("chords", chord + third, now, 2 * beat)
            if "bass" in parts:
                play("bass", chord, now, beat)
            for half in (0, 1):
                when = now + half * beat / 2
                if "melody" in parts and rng.random() < 0.6:
                    degree = int(np.clip(degree + rng.integers(-3, 4), 7, 22))
                    play("melody", degree, when, beat * rng.choice([0.5, 1, 2]))
                if "drums" in parts and rhythm[(2 * number + half) % 8] < 0.7:
                    chance = rng.random()
                    drum = "kick" if half == 0 and chance < 0.5 else "snare" if chance < 0.6 else "hat"
                    t = np.arange(int(4 * decay[drum] * RATE)) / RATE
                    if drum == "kick":
                        sound = np.sin(2 * np.pi * kick * (t + 0.03 * (1 - np.exp(-t / 0.03)))) * 2
                    else:
                        sound = lfilter([1, -0.9 if drum == "hat" else 0.0], [1], rng.standard_normal(len(t)))
                    add("drums", (sound * np.exp(-t / decay[drum])).astype(np.float32), when)
        return out

    def disturbance(self, length: int) -> np.ndarray:
        rng = self.rng
        total = np.zeros(length, np.float32)
        count = 1 if rng.random() < 0.62 else (2 if rng.random() < 0.8 else 3)
        for _ in range(count):
            x = getattr(self, str(rng.choice(list(DISTURBANCES), p=list(DISTURBANCES.values()))))(length)
            x = self.equalised(x)
            if rng.random() < 0.25:
                response, _ = self.rooms[rng.integers(len(self.rooms))]
                x = oaconvolve(x, response)[:length].astype(np.float32)
            total += x * amplitude(rng.uniform(-12, 0) - active_level(x))
        return total

    # Channel

    def equalised(self, x: np.ndarray) -> np.ndarray:
        """Random second-order equaliser, poles and zeros well inside the circle."""
        if self.rng.random() < 0.3:
            return x
        a = self.rng.uniform(-3 / 8, 3 / 8, 4)
        return lfilter([1, a[0], a[1]], [1, a[2], a[3]], x).astype(np.float32)

    def limited(self, signals: list, low: float, high: float) -> list:
        """The same signals within low..high hertz, with the steep edge of a resampler."""
        n = scipy.fft.next_fast_len(len(signals[0]), real=True)
        f = np.fft.rfftfreq(n, 1 / RATE)
        edge = np.clip((high - f) / (0.04 * high), 0, 1)
        if low:
            edge = edge * np.clip((f - 0.6 * low) / (0.4 * low), 0, 1)
        edge = edge.astype(np.float32)
        return [scipy.fft.irfft(scipy.fft.rfft(s, n) * edge, n)[: len(s)].astype(np.float32) for s in signals]

    def sequence(self, length: int) -> tuple[np.ndarray, np.ndarray, float, float]:
        """Noisy and clean of `length` samples, bandwidth in hertz, speech level in dBFS."""
        rng = self.rng
        speech, bandwidth = self.utterances(length)
        if rng.random() < WHISPERED:
            speech = self.whispered(speech)
        speech = self.equalised(speech)
        target = speech
        if rng.random() < 0.45:
            response, early = self.rooms[rng.integers(len(self.rooms))]
            target = oaconvolve(speech, early)[:length].astype(np.float32)
            speech = oaconvolve(speech, response)[:length].astype(np.float32)
        level = np.clip(rng.normal(-24, 9), -45, -3)
        gain = amplitude(level - active_level(target))
        speech = speech * gain
        target = target * gain if target is not speech else speech

        kind = rng.random()
        if kind < NOISELESS:
            noise = np.zeros(length, np.float32)
        else:
            noise = self.disturbance(length)
            snr = rng.uniform(*SNR) if rng.random() < 0.9 else rng.uniform(SNR[1], 35)
            noise *= amplitude(level - snr - active_level(noise))
            if kind > 0.97:
                speech = np.zeros(length, np.float32)
                target = speech
        noise = noise + amplitude(rng.uniform(-90, -60) if rng.random() < 0.5 else -90) * rng.standard_normal(length, dtype=np.float32)
        mixture = speech + noise
        if rng.random() < self.band_limited:
            telephone = rng.random() < 0.15
            low, high = TELEPHONE if telephone else (0.0, float(rng.choice(CUTOFFS)) * rng.uniform(0.92, 1.0))
            mixture, target = self.limited([mixture, target], low, high)
            bandwidth = min(bandwidth, high)
            if telephone:
                mixture = companded(mixture)
        if rng.random() < 0.05:
            # An automatic gain control steps through both.
            steps = rng.uniform(-8, 8, size=rng.integers(2, 5))
            at = np.sort(rng.uniform(0, length, size=len(steps)))
            curve = amplitude(np.interp(np.arange(length), np.concatenate([at, at + 0.02 * RATE]).clip(0, length - 1)[np.argsort(np.concatenate([at, at + 0.02 * RATE]))], np.repeat(steps, 2))).astype(np.float32)
            mixture, target = mixture * curve, target * curve
        peak = np.abs(mixture).max()
        if peak > 0.99:
            if rng.random() < 0.3:
                mixture = np.clip(mixture, -0.99, 0.99)
            else:
                mixture, target = mixture * (0.99 / peak), target * (0.99 / peak)
        return mixture, target, bandwidth, float(active_level(target)) if kind <= 0.97 else float(level)
