"""The rooms that training's voices and noises are heard in: made once, kept beside the features, drawn from by every sequence."""

from pathlib import Path

import numpy as np

from common.rooms import SPEED, add_images, early, placed, reflection
from common.sound import RATE

ROOMS = 400
IMAGES = 0.06  # seconds of images; what follows is a Gaussian tail


def room(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Impulse response of a shoebox room and the part of it that belongs to the target.

    Images up to 60 ms, then a Gaussian tail of the same decay. Target: direct sound, 20 ms of reflections and the tail
    shortened to an RT60 of 0.2 s.
    """
    rt60 = rng.uniform(0.1, 1.0) if rng.random() < 0.8 else rng.uniform(0.1, 0.3)
    size = np.array([rng.uniform(2.5, 9), rng.uniform(2.5, 7), rng.uniform(2.3, 3.5)])
    distance = rng.uniform(0.3, 3.0)
    microphone, talker = placed(rng, size, inside=0.3, flatness=0.3, distance=distance, wall=0.2)
    length = int(min(rt60, 0.8) * RATE)
    response = np.zeros(length + 4096, np.float64)
    reach = np.ceil(SPEED * IMAGES / (2 * size)).astype(int) + 1
    add_images(response, size, microphone, talker, reflection(size, rt60), reach, IMAGES * RATE, rough=rng)
    direct = int(np.linalg.norm(talker - microphone) / SPEED * RATE)
    response = response[max(0, direct - 8) :]
    start = int(IMAGES * RATE) - direct
    if 0 < start < length:
        span = int(0.02 * RATE)
        level = np.sqrt(np.mean(response[max(64, start - span) : start] ** 2) + 1e-12)
        t = np.arange(len(response) - start) / RATE
        response[start:] += level * rng.normal(size=len(t)) * 10 ** (-3 * t / rt60)
    response = (response[:length] / np.abs(response[:64]).max()).astype(np.float32)
    return response, early(response, 0, rt60).astype(np.float32)


def bank(cache: Path, rooms: int, name: int) -> list[tuple[np.ndarray, np.ndarray]]:
    """`rooms` pairs of room(), out of the file that CACHE keeps of them, which is made where it is missing; `name` tells processes apart that make it at once."""
    kept = cache / f"rooms-{rooms}.npz"
    if not kept.exists():
        draw = np.random.default_rng(7)
        pairs = [room(draw) for _ in range(rooms)]
        lengths = np.array([len(p[0]) for p in pairs])
        temporary = kept.with_suffix(f".{name}.npz")
        np.savez(temporary, lengths=lengths, full=np.concatenate([p[0] for p in pairs]), target=np.concatenate([p[1] for p in pairs]))
        temporary.replace(kept)
    stored = np.load(kept)
    ends = np.cumsum(stored["lengths"])
    full, target = stored["full"], stored["target"]
    return [(full[a:b], target[a:b]) for a, b in zip(ends - stored["lengths"], ends)]
