"""Training mixtures: clean speech, rooms, noise, levels, equalisers and bandwidths, drawn anew for every sequence.

Voices and recorded noise come out of a pool of pool.py.
"""

from pathlib import Path

import numpy as np
import scipy.fft
from scipy.signal import lfilter, oaconvolve

from common.sound import RATE, active_level, amplitude
from training.data import music, synthesis
from training.data.pool import Pool
from training.data.rooms import ROOMS, bank
from training.data.voices import DRAWN_OUT, Voices, shifted, whispered

# Band-limited microphones: share of the sequences and the cut-offs in hertz.
BAND_LIMITED = 0.25
CUTOFFS = (4000, 7000, 8000, 8000, 8000, 12000, 16000)
TELEPHONE = (300.0, 3400.0)
WHISPERED = 0.03  # share of the sequences
NOISELESS = 0.08  # likewise: a clean voice has to pass as it is
# Share and decibels (standard deviation at a knot) of the curves that microphones of voices have, and noises.
CURVED = {"voice": (0.4, 3.0), "noise": (0.5, 6.0)}
REVERSED = 0.15  # share of recorded noises that run backwards
SNR = (-8, 20)  # dB, of nine mixtures in ten; the others lie above, up to 35
# Shares of what disturbs, recorded or synthesised: a method of Mixer, or a function of synthesis.py or music.py.
DISTURBANCES = {
    "recorded": 0.34, "texture": 0.12, "coloured": 0.13, "rotor": 0.06, "hum": 0.02, "passes": 0.06, "rain": 0.03, "babble": 0.08,
    "typing": 0.03, "clicks": 0.02, "impacts": 0.05, "music": 0.02, "bursts": 0.02, "tones": 0.02,
}  # fmt: skip
# Kinds of recorded noise that calls are full of: drawn twice as often as their time says.
OF_CALLS = {"keyboard", "mouse_click_switch", "cafe_babble_crowd", "kitchen_liquid", "construction_tools"}
MADE = {name: getattr(music if name == "music" else synthesis, name) for name in DISTURBANCES if name not in ("recorded", "babble")}


def companded(x: np.ndarray) -> np.ndarray:
    """The noise of a telephone line: G.711's mu-law in 256 steps, full scale at the loudest sample."""
    scale, mu = float(np.abs(x).max()) + 1e-9, 255.0
    steps = np.round(127 * np.sign(x) * np.log1p(mu * np.abs(x) / scale) / np.log1p(mu)) / 127
    return (np.sign(steps) * np.expm1(np.abs(steps) * np.log1p(mu)) / mu * scale).astype(np.float32)


class Mixer:
    """Draws (noisy, clean, valid bands in hertz, speech level) sequences."""

    def __init__(self, pool: Path, cache: Path, seed: int, rooms: int = ROOMS, band_limited: float = BAND_LIMITED, drawn_out: float = DRAWN_OUT):
        self.rng = np.random.default_rng(seed)
        self.band_limited = band_limited
        self.pool = Pool(pool)
        self.voices = Voices(self.pool, drawn_out)
        self.kinds = list(self.pool.noise.values())
        weight = np.sqrt([sum(s.samples for s in own) for own in self.kinds])
        weight *= [2.0 if kind in OF_CALLS else 1.0 for kind in self.pool.noise]
        self.kind_weight = weight / weight.sum()
        self.rooms = bank(cache, rooms, seed)

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
                piece = shifted(piece, np.exp(rng.uniform(np.log(0.5), np.log(2))))
            if len(piece) < 480:
                continue
            if rng.random() < REVERSED:
                piece = piece[::-1]
            fade = min(240, at)
            begin = at - fade
            piece = piece[: length - begin]
            if fade and len(piece) > fade:
                piece = piece.copy()
                piece[:fade] *= np.linspace(0, 1, fade, dtype=np.float32)
            out[begin : begin + len(piece)] += piece
            at = begin + len(piece) + (int(rng.exponential(0.5) * RATE) if sparse else 0)
        return out

    def babble(self, length: int) -> np.ndarray:
        """Three to thirty other voices in one room; never a single clear one. Beyond ten, what the ten say comes again, turned around in time."""
        rng = self.rng
        out = np.zeros(length, np.float32)
        count = int(np.exp(rng.uniform(np.log(3), np.log(31))))
        said = [self.voices.utterances(rng, length, crowd=True)[0] for _ in range(min(count, 10))]
        for number in range(count):
            x = said[number] if number < len(said) else np.roll(said[number % len(said)], int(rng.integers(length)))
            out += x * amplitude(rng.uniform(-8, 0))
        response, _ = self.rooms[self.rng.integers(len(self.rooms))]
        return oaconvolve(out, response)[:length].astype(np.float32)

    def disturbance(self, length: int) -> np.ndarray:
        rng = self.rng
        total = np.zeros(length, np.float32)
        count = 1 if rng.random() < 0.62 else (2 if rng.random() < 0.8 else 3)
        for _ in range(count):
            name = str(rng.choice(list(DISTURBANCES), p=list(DISTURBANCES.values())))
            x = MADE[name](rng, length) if name in MADE else getattr(self, name)(length)
            x = self.curved(self.equalised(x), "noise")
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

    def curved(self, x: np.ndarray, what: str) -> np.ndarray:
        """A smooth random curve over log frequency, knots an octave apart: other rooms, cases and microphones than were recorded."""
        share, spread = CURVED[what]
        if self.rng.random() >= share:
            return x
        n = scipy.fft.next_fast_len(len(x), real=True)
        octave = np.log2(np.maximum(np.fft.rfftfreq(n, 1 / RATE), 31.25) / 31.25)
        knots = self.rng.normal(0, spread, 11)
        curve = amplitude(np.interp(octave, np.arange(len(knots)), knots - knots.mean())).astype(np.float32)
        return scipy.fft.irfft(scipy.fft.rfft(x, n) * curve, n)[: len(x)].astype(np.float32)

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
        speech, bandwidth = self.voices.utterances(rng, length)
        if rng.random() < WHISPERED:
            speech = whispered(rng, speech)
        speech = self.curved(self.equalised(speech), "voice")
        target = speech
        if rng.random() < 0.25:
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
            curve = amplitude(
                np.interp(
                    np.arange(length),
                    np.concatenate([at, at + 0.02 * RATE]).clip(0, length - 1)[np.argsort(np.concatenate([at, at + 0.02 * RATE]))],
                    np.repeat(steps, 2),
                )
            ).astype(np.float32)
            mixture, target = mixture * curve, target * curve
        peak = np.abs(mixture).max()
        if peak > 0.99:
            if rng.random() < 0.3:
                mixture = np.clip(mixture, -0.99, 0.99)
            else:
                mixture, target = mixture * (0.99 / peak), target * (0.99 / peak)
        return mixture, target, bandwidth, float(active_level(target)) if kind <= 0.97 else float(level)
