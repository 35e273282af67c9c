"""The voices of a mixture: who speaks, what of his, and how he whispers."""

import numpy as np
import scipy.fft
from scipy.signal import lfilter

from common.sound import RATE, active_level, amplitude
from common.whisper import driven_by_noise
from training.data.pool import Pool, Segment
from training.data.vowels import exclaimed, held, laughed

# Voices recorded with more noise than this (dB below the voice) are no targets: they speak in babble alone.
CLEAN_FLOOR = 40.0
# Of a talker's pieces: in so many a vowel is held for so many seconds, or, in this share of those, laughed.
DRAWN_OUT, HELD_SECONDS, LAUGHED = 0.08, (0.4, 7.0), 0.4
# Of a talker's pieces: in place of so many somebody laughs, cries or shouts.
EXCLAIMED = 0.04
# Of what people utter without words, this kind of noise: from the first share of voiced frames on it is no noise, from the second on a voice. Babies' cries are noise.
NONSPEECH, NO_NOISE, A_VOICE, BABIES = "human_nonspeech", 0.06, 0.3, ("ESC-10", "baby")
# No source of voices gives more than this share of the sequences.
LARGEST_SOURCE = 0.3


class Voices:
    """The talkers of a pool: those that may be targets, and the crowd, which is all of them."""

    def __init__(self, pool: Pool, drawn_out: float = DRAWN_OUT, exclaims: float = EXCLAIMED):
        self.pool, self.drawn_out, self.exclaims = pool, drawn_out, exclaims
        self.exclamations = exclamations(pool)
        talkers: dict[str, list[Segment]] = {}
        for segment in pool.speech:
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

    def voice(self, rng: np.random.Generator, crowd: bool = False) -> list[Segment]:
        """The segments of one talker; crowd: of any, however noisy the recording."""
        if crowd:
            return self.crowd[rng.integers(len(self.crowd))]
        return self.speakers[rng.choice(len(self.speakers), p=self.speaker_weight)]

    def utterances(self, rng: np.random.Generator, length: int, crowd: bool = False) -> tuple[np.ndarray, float]:
        """Utterances of one voice (sometimes two, one after the other) with pauses, none in a crowd; bandwidth in hertz."""
        out = np.zeros(length, np.float32)
        own = self.voice(rng, crowd)
        bandwidth = 24000.0
        shift = rng.uniform(0.85, 1.15) if rng.random() < 0.4 else 1.0
        at = 0 if crowd else int(rng.uniform(0, 0.8) * RATE)
        while at < length:
            if rng.random() < 0.04:
                own = self.voice(rng, crowd)
                shift = rng.uniform(0.85, 1.15) if rng.random() < 0.4 else 1.0
            segment = own[rng.integers(len(own))]
            start = int(rng.integers(segment.samples)) if crowd and at == 0 else 0
            piece = self.pool.cut(segment, start, min(12 * RATE, int((length - at) * shift) + 1))
            if self.exclamations and not crowd and rng.random() < self.exclaims:
                segment, level = self.exclamations[rng.integers(len(self.exclamations))], active_level(piece)
                piece = self.pool.cut(segment, 0, 6 * RATE)
                piece = shifted(piece, rng.uniform(0.8, 1.25))
                piece = piece * amplitude(level + rng.normal(0, 3.0) - active_level(piece))
            if shift != 1.0 and len(piece) > 2000:
                piece = shifted(piece, shift)
            if self.drawn_out and not crowd and rng.random() < self.drawn_out:
                if rng.random() < LAUGHED:
                    piece = laughed(rng, piece, whispered)
                else:
                    piece = held(rng, piece, np.exp(rng.uniform(*np.log(HELD_SECONDS))))
            bandwidth = min(bandwidth, segment.bandwidth * min(1.0, shift))
            piece = piece[: length - at]
            out[at : at + len(piece)] += piece * amplitude(rng.normal(0, 2.0))
            pause = 0.0 if crowd or rng.random() < 0.3 else rng.exponential(0.35)
            at += len(piece) + int(min(pause, 1.5) * RATE)
        return out, bandwidth


def exclamations(pool: Pool) -> list[Segment]:
    """Laughs, cries and shouts among the noise of a pool, which loses all of that kind that is voiced."""
    voices, noise = [], []
    for segment in pool.noise.pop(NONSPEECH, []):
        share = 0.0 if any(name in segment.source for name in BABIES) else exclaimed(pool.cut(segment, 0, 10 * RATE))
        if share >= A_VOICE:
            voices.append(segment)
        elif share < NO_NOISE:
            noise.append(segment)
    if noise:
        pool.noise[NONSPEECH] = noise
    return voices


def shifted(x: np.ndarray, factor: float) -> np.ndarray:
    """Pitch and formants times `factor`, by FFT resampling."""
    n = scipy.fft.next_fast_len(len(x), real=True)
    m = scipy.fft.next_fast_len(int(n / factor), real=True)
    spectrum = scipy.fft.rfft(x, n)
    y = np.zeros(m // 2 + 1, spectrum.dtype)
    k = min(len(spectrum), len(y))
    y[:k] = spectrum[:k]
    return (scipy.fft.irfft(y, m) * (m / n)).astype(np.float32)[: int(len(x) / factor)]


def whispered(rng: np.random.Generator, x: np.ndarray) -> np.ndarray:
    """The vocal tract of every 20 ms, by linear prediction, driven by noise instead of the vocal folds.

    The lowest formants are weak in a whisper (open glottis): a first-order high-pass at 400 to 1000 Hz.
    """
    order = int(rng.integers(32, 56))

    def correlated(frame: np.ndarray) -> tuple[np.ndarray, float]:
        power = scipy.fft.irfft(np.abs(scipy.fft.rfft(frame, 2 * len(frame))) ** 2)[: order + 1]
        return power, 1.0001 * power[0]

    out = driven_by_noise(rng, x, np.hanning(RATE // 50 + 1)[:-1], correlated, 1e-6)
    pole = np.exp(-2 * np.pi * rng.uniform(400, 1000) / RATE)
    return lfilter([1, -1], [1, -pole], out)[: len(x)].astype(np.float32)
