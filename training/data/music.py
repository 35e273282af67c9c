"""Music: instruments, and what they play together."""

from collections.abc import Callable

import numpy as np
from scipy.signal import lfilter

from common.sound import RATE, amplitude


def instrument(rng: np.random.Generator) -> Callable[[float, float], np.ndarray]:
    """A function (frequency in hertz, seconds) -> one note: plucked, struck, bowed or blown."""
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


def music(rng: np.random.Generator, length: int) -> np.ndarray:
    """Chords, a melody, a bass and drums, not always all of them, in one key and time."""
    beat = 60 / rng.uniform(60, 160)
    scale = np.array([0, 2, 4, 5, 7, 9, 11]) if rng.random() < 0.5 else np.array([0, 2, 3, 5, 7, 8, 10])
    key = rng.uniform(40, 52)  # the MIDI number of the lowest tonic, E2 to E3
    parts = [part for part in ("chords", "melody", "bass", "drums") if rng.random() < 0.6] or ["melody"]
    players = {part: instrument(rng) for part in parts}
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
