"""One recording: decoded, measured, cut at its pauses, levelled, written. gather.py takes sources apart with it."""

import io
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile as sf

from common.sound import RATE, amplitude, resampled

FRAME = 0.02  # s
# What libsndfile reads; the rest is ffmpeg's.
READ_HERE = {".wav", ".flac", ".ogg", ".oga", ".opus", ".mp3", ".aif", ".aiff"}
SUFFIXES = READ_HERE | {".webm", ".m4a", ".aac", ".g722"}

SILENCE = -90  # dBFS of a frame without even the noise of a microphone
LEAST_LEVEL = -62  # dBFS
GATED_FLOOR = 60  # dB: what is said of a recording whose pauses are digital silence, for they do not tell
LEVEL, PEAK = -26, 0.9  # dBFS of the active frames after levelling, unless the peak would pass this
LEAST = {True: 0.3, False: 0.15}  # s of speech, of noise
UNCUT, SHORTEST, LONGEST = 20, 3, 14  # s: speech up to UNCUT stays whole, longer is cut into pieces of SHORTEST to LONGEST
NOISE_PIECE = 30  # s
PART = 600  # s of a written file
GAP = {True: 0.2, False: 0.05}  # s between the segments of a part
# libsndfile's scale from 256 to 6 kb/s: 64 kb/s.
OPUS_64K = (256 - 64) / 250


class Refused(Exception):
    """A source that cannot be used; the message says why and what to do."""


def mono(x: np.ndarray) -> np.ndarray:
    """The mean of the channels [samples, channels], without dead ones; the first where they cancel each other."""
    power = np.square(x).mean(axis=0)
    x = x[:, power >= 1e-3 * power.max()]
    mean = x.mean(axis=1)
    return mean if np.square(mean).mean() > 0.2 * power.max() else x[:, 0]


def decode(files: list[tuple[str, bytes]]) -> list[tuple[np.ndarray, int] | None]:
    """(name, content) of some files -> mono float32 and rate of each, or None. One ffmpeg decodes all that libsndfile does not: it starts slower than it works."""
    out: list[tuple[np.ndarray, int] | None] = [None] * len(files)
    rest = []
    for i, (name, content) in enumerate(files):
        if Path(name).suffix.lower() in READ_HERE:
            try:
                x, rate = sf.read(io.BytesIO(content), dtype="float32", always_2d=True)
                out[i] = mono(x), rate
                continue
            except sf.LibsndfileError:
                pass
        rest.append(i)
    if rest:
        for i, sound in zip(rest, by_ffmpeg([files[i] for i in rest]), strict=True):
            out[i] = sound
    return out


def by_ffmpeg(files: list[tuple[str, bytes]]) -> list[tuple[np.ndarray, int] | None]:
    if not shutil.which("ffmpeg"):
        raise Refused(f"{Path(files[0][0]).name} needs ffmpeg, which is not here: apt-get install ffmpeg, or https://ffmpeg.org")
    with tempfile.TemporaryDirectory() as name:
        inputs, outputs = [], []
        for i, (path, content) in enumerate(files):
            suffix = Path(path).suffix.lower()
            source = Path(name, f"{i}{suffix}")
            source.write_bytes(content)
            inputs += [*(["-f", "g722"] if suffix == ".g722" else []), "-i", str(source)]
            outputs += ["-map", f"{i}:a:0", "-c:a", "pcm_f32le", f"{name}/{i}.out.wav"]
        done = subprocess.run(["ffmpeg", "-v", "error", "-nostdin", *inputs, *outputs], capture_output=True)
        if done.returncode and len(files) > 1:  # one that cannot be read ends them all
            return [by_ffmpeg([file])[0] for file in files]
        if done.returncode:
            return [None]
        out: list[tuple[np.ndarray, int] | None] = []
        for i in range(len(files)):
            x, rate = sf.read(f"{name}/{i}.out.wav", dtype="float32", always_2d=True)
            out.append((mono(x), rate) if len(x) else None)
        return out


@dataclass
class Measure:
    """Levels of the frames in dBFS, their mean where somebody speaks, how far below it the quietest twelfth lies (dB), and the share of samples at the peak."""

    frames: np.ndarray
    level: float
    floor: float
    clipped: float


def measure(x: np.ndarray, rate: int) -> Measure:
    """x: at least one frame of FRAME seconds."""
    size = round(rate * FRAME)
    frames = 10 * np.log10(np.square(x[: len(x) // size * size].reshape(-1, size), dtype=np.float64).mean(axis=1) + 1e-12)
    active = frames[frames > np.percentile(frames, 95) - 20]
    level = 10 * np.log10((10 ** (active / 10)).mean())
    heard = frames[frames > SILENCE]
    floor = level - np.percentile(heard, 8) if len(heard) else 0.0
    if len(heard) < 0.85 * len(frames):
        floor = max(floor, GATED_FLOOR)
    peak = np.abs(x).max()
    clipped = (np.abs(x) > 0.985 * peak).mean() if peak > 0.95 else 0.0
    return Measure(frames, float(level), float(floor), float(clipped))


def bandwidth(x: np.ndarray, rate: int) -> float:
    """Hz above which a codec or a resampler left nothing: the spectrum of the louder half falls by 20 dB within some 700 Hz and stays there, or is 80 dB below its top."""
    size = 2048 if rate >= 32000 else 1024
    if len(x) < size:
        return rate / 2
    windows = np.lib.stride_tricks.sliding_window_view(x, size)[:: max(size // 2, len(x) // 200)]
    power = np.square(np.abs(np.fft.rfft(windows * np.hanning(size).astype(np.float32))))
    energy = power.sum(axis=1)
    spectrum = 10 * np.log10(power[energy >= np.median(energy)].mean(axis=0) + 1e-20)
    spectrum = np.convolve(np.pad(spectrum, 3, mode="edge"), np.ones(7) / 7, "valid")
    hertz = rate / size
    highest = np.nonzero(spectrum > spectrum.max() - 80)[0][-1]
    fall = round(700 / hertz)
    rest = np.maximum.accumulate(spectrum[::-1])[::-1]  # the loudest from here up
    edges = np.nonzero((spectrum[:-fall] - rest[fall:] > 20)[round(3000 / hertz) :])[0]
    edge = edges[0] + round(3000 / hertz) if len(edges) else len(spectrum)
    return float(min(edge, highest) * hertz)


def pauses(m: Measure) -> list[int]:
    """Frames at which a long recording is cut: amid the last pause of a quarter of a second in reach, else where it is quietest."""
    smooth = np.convolve(m.frames, np.ones(9) / 9, "same")
    quiet = smooth < m.level - 0.7 * min(m.floor, 40)
    near, far, pause = (round(s / FRAME) for s in (SHORTEST, LONGEST, 0.25))
    cuts, at = [], 0
    while len(smooth) - at > far:
        reach = slice(at + near, at + far)
        long = np.nonzero(np.convolve(quiet[reach], np.ones(pause), "valid") == pause)[0]
        cut = smooth[reach].argmin()
        if len(long):
            before = np.nonzero(~quiet[reach][: long[-1]])[0]
            cut = ((before[-1] + 1 if len(before) else 0) + long[-1] + pause) // 2
        at += near + int(cut)
        cuts.append(at)
    return cuts


def trim(x: np.ndarray, rate: int, m: Measure, margin: float) -> np.ndarray:
    loud = np.nonzero(m.frames > m.level - min(35, 0.8 * m.floor))[0]
    begin, end = loud[0] * FRAME - margin, (loud[-1] + 1) * FRAME + margin
    return x[max(0, int(begin * rate)) : int(end * rate)]


@dataclass
class Piece:
    """Samples at 48 kHz and LEVEL; Hz, dB and dBFS as they were."""

    samples: np.ndarray
    bandwidth: float
    floor: float
    level: float


def take_apart(x: np.ndarray, rate: int, speech: bool, least_floor: float) -> Iterator[Piece | str]:
    """The pieces of a recording that can be used, and in place of each other one the reason: short, broken, silent, clipped or noisy."""
    if len(x) < rate * LEAST[speech]:
        yield "short"
        return
    if not np.isfinite(x).all():
        yield "broken"
        return
    x = x - x.mean()
    m = measure(x, rate)
    seconds = len(x) / rate
    if m.level < LEAST_LEVEL:
        yield "silent"
    elif speech and m.clipped > 0.004:
        yield "clipped"
    elif speech and seconds > UNCUT:
        for piece in np.split(x, [round(cut * FRAME * rate) for cut in pauses(m)]):
            yield from take_apart(piece, rate, speech, least_floor)
    elif not speech and seconds > NOISE_PIECE:
        for begin in range(0, len(x), NOISE_PIECE * rate):
            if begin == 0 or len(x) - begin > SHORTEST * rate:
                yield from take_apart(x[begin : begin + NOISE_PIECE * rate], rate, speech, least_floor)
    elif speech and m.floor < least_floor:
        yield "noisy"
    else:
        kept = trim(x, rate, m, 0.12 if speech else 0.05) if speech or seconds < 10 else x
        yield Piece(levelled(kept, rate, m.level), bandwidth(kept, rate), m.floor, m.level) if len(kept) >= rate * LEAST[speech] else "short"


def levelled(x: np.ndarray, rate: int, level: float) -> np.ndarray:
    x = resampled(x, rate).copy()
    x *= min(amplitude(LEVEL - level), PEAK / np.abs(x).max())
    ramp = np.linspace(0, 1, round(0.005 * RATE), dtype=np.float32)
    x[: len(ramp)] *= ramp
    x[-len(ramp) :] *= ramp[::-1]
    return x


class Parts:
    """Segments one after the other in part-000.opus, part-001.opus, ... of a folder: Opus of 64 kb/s, or FLAC of 16 bits."""

    def __init__(self, folder: Path, speech: bool, lossless: bool):
        self.folder, self.gap, self.lossless = folder, np.zeros(round(GAP[speech] * RATE), np.float32), lossless
        self.number, self.written, self.sound = -1, PART * RATE, None

    def add(self, x: np.ndarray) -> tuple[str, float]:
        """The file and the second at which the segment begins."""
        if self.written + len(x) > PART * RATE:
            self.close()
            self.number, self.written = self.number + 1, 0
            form = {"format": "FLAC", "subtype": "PCM_16"} if self.lossless else {"format": "OGG", "subtype": "OPUS", "compression_level": OPUS_64K}
            self.name = f"part-{self.number:03d}.{'flac' if self.lossless else 'opus'}"
            self.sound = sf.SoundFile(self.folder / self.name, "w", RATE, 1, **form)
        start = self.written / RATE
        for samples in (x, self.gap):
            self.sound.write(samples)
            self.written += len(samples)
        return self.name, round(start, 3)

    def close(self) -> None:
        if self.sound:
            self.sound.close()
