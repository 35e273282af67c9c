"""What is read of the dev split: utterances of a voice, clips of a noise, and how high voices are."""

import numpy as np
import soundfile as sf
from scipy import signal

from common import tables
from common.rooms import SPEED, add_images, early, heard, placed, reflection
from common.sound import RATE, at_level, resampled

PAUSE = (0.2, 0.8)  # seconds between utterances


class Listed:
    """Segments of the dev files of one list, decoded on demand."""

    def __init__(self, data, kind):
        """`kind`: speech or noise, of DATA/kind.csv and DATA/kind-segments.csv."""
        self.folder = data / kind
        listed = [(row, spans) for row, spans in tables.listed(data, kind) if row["split"] == "dev"]
        self.rows = {row["file"]: row for row, _ in listed}
        self.segments = {row["file"]: spans for row, spans in listed}
        self.audio = {}

    def segment(self, file, index):
        if file not in self.audio:
            self.audio[file] = resampled(*sf.read(self.folder / file, dtype="float32"))
        start, seconds = self.segments[file][index]
        first = round(start * RATE)
        return self.audio[file][first : first + round(seconds * RATE)]


def utterances(rng, speech, file, length, pause=PAUSE, shortest=0.0):
    """Utterances of one voice with pauses between them; the last one is never cut."""
    out = np.zeros(length, np.float32)
    order = rng.permutation(len(speech.segments[file]))
    at = int(rng.uniform(0.1, 0.5) * RATE)
    for index in order:
        if speech.segments[file][index][1] < shortest:
            continue
        piece = speech.segment(file, index)
        if at + len(piece) > length - RATE // 10:
            if at > 0.8 * length:
                break
            continue
        out[at : at + len(piece)] += piece
        at += len(piece) + int(rng.uniform(*pause) * RATE)
    return out


def median_pitch(speech, file):
    """Hertz, by autocorrelation of the 40 ms frames of the first 20 utterances that repeat themselves best."""
    found = []
    for index in range(min(20, len(speech.segments[file]))):
        x = signal.resample_poly(speech.segment(file, index), 1, 6)
        for at in range(0, len(x) - 320, 160):
            frame = x[at : at + 320] - x[at : at + 320].mean()
            power = np.correlate(frame, frame, "full")[319:] / np.arange(320, 0, -1)
            lag = 16 + int(np.argmax(power[16:134]))
            if power[lag] > 0.7 * power[0] > 1e-7:
                found.append(8000 / lag)
    return float(np.median(found)) if found else 0.0


def room_response(rng, rt60, distance):
    """Shoebox image method with one absorption, and the distance in metres between talker and microphone."""
    size = rng.uniform((4.0, 3.5, 2.4), (8.0, 6.0, 3.2))
    microphone, talker = placed(rng, size, inside=0.35, flatness=0.2, distance=distance, wall=0.3)
    response = np.zeros(int(rt60 * RATE) + 2048)
    reach = np.ceil(SPEED * rt60 / (2 * size)).astype(int)
    add_images(response, size, microphone, talker, reflection(size, rt60), reach, len(response) - 1)
    return response / np.abs(response).max()


def shortened(response, rt60):
    """Direct sound and early reflections as they are, the tail decaying like a room of TARGET_RT60."""
    return early(response, np.argmax(np.abs(response)), rt60)


def babble(rng, length, speech, files):
    out = np.zeros(length, np.float32)
    response = room_response(rng, rng.uniform(0.3, 0.6), rng.uniform(2.0, 3.0))
    for file in files:
        voice = np.concatenate([utterances(rng, speech, file, length // 2 + RATE // 2) for _ in range(2)])[:length]
        out += at_level(voice, rng.uniform(-30, -24))
    return heard(out, response).astype(np.float32)


def keystrokes(rng, noise, file, length):
    out = np.zeros(length, np.float32)
    at = 0
    while at < length:
        stroke = noise.segment(file, int(rng.integers(len(noise.segments[file]))))[: length - at]
        out[at : at + len(stroke)] += stroke * rng.uniform(0.5, 1.0)
        at += int(rng.uniform(0.09, 0.35) * RATE)
    return out


def recorded(rng, noise, kinds, length, turn):
    """Clips of one file of these kinds, cross-faded into one another; `turn` walks through the files."""
    files = sorted(file for file, row in noise.rows.items() if row["kind"] in kinds)
    file = files[turn % len(files)]
    if noise.rows[file]["kind"] == "keyboard" and len(noise.segments[file]) > 100:
        return keystrokes(rng, noise, file, length), file
    fade = RATE // 20
    ramp = np.sin(0.5 * np.pi * (np.arange(fade) + 0.5) / fade).astype(np.float32)
    out = np.zeros(length + 2 * RATE, np.float32)
    at = 0
    first = rng.integers(len(noise.segments[file]))
    while at < length:
        piece = noise.segment(file, int(first % len(noise.segments[file]))).copy()
        first += 1
        if len(piece) > length:
            start = rng.integers(len(piece) - length + 1)
            piece = piece[start : start + length].copy()
        piece[:fade] *= ramp
        piece[-fade:] *= ramp[::-1]
        piece = piece[: len(out) - at]
        out[at : at + len(piece)] += piece
        at += max(len(piece) - fade, 1)
    return out[:length], file
