"""Writes training shards: features and oracle statistics of freshly mixed sequences, made by the wasm core.

    python training/make_features.py --data DATA --cache CACHE --hours 40 [--workers 2] [--seed 1]

Each shard is a .npy of float16 [sequences, frames, 243]: 70 features, 171 statistics (see assembly/oracle.ts; the clean
level is relative to the sequence's speech level), the number of bands with a target, and the speech level in dBFS.
Shards are seeded by their number, so a stopped run goes on where it was. Trainers may read while this writes.
"""

import argparse
import functools
import hashlib
import multiprocessing
import os
import time
from pathlib import Path

import numpy as np

import manifest
from core import COLUMNS, FEATURES, HOP, STATISTICS, WASM, Core
from mixing import BAND_LIMITED, ROOMS, Mixer

SEQUENCES = 32
SECONDS = 12
CENTRES = np.array(
    [0, 2, 4, 6, 8, 10, 12, 15, 18, 21, 24, 28, 32, 36, 41, 47, 53, 60, 68, 77, 87, 98, 110, 124, 140, 157, 176, 198,
     223, 251, 282, 317, 356, 400]
)  # fmt: skip


def valid_bands(bandwidth: float) -> int:
    """Bands whose centre lies safely below the bandwidth: above it the ideal gain is 0/0."""
    return int((CENTRES * 50.0 < 0.93 * bandwidth).sum())


def shard_path(cache: Path, seed: int, number: int) -> Path:
    return cache / "shards" / f"{seed:03d}-{number:05d}.npy"


@functools.cache
def shared_core(wasm: Path) -> Core:
    return Core(wasm)


def make(task: tuple) -> tuple[int, float]:
    data, cache, seed, number, sequences, rooms, band_limited, wasm = task
    path = shard_path(cache, seed, number)
    if path.exists():
        return number, 0.0
    began = time.time()
    mixer = Mixer(data, cache, seed * 100_003 + number, rooms, band_limited)
    core = shared_core(wasm)
    hops = SECONDS * 100
    shard = np.empty((sequences, hops, COLUMNS), np.float16)
    for i in range(sequences):
        noisy, clean, bandwidth, level = mixer.sequence(hops * HOP)
        rows = core.features(noisy, clean).copy()
        rows[:, -1] -= level
        shard[i, :, : FEATURES + STATISTICS] = np.clip(np.nan_to_num(rows), -200, 200)
        shard[i, :, -2] = valid_bands(bandwidth)
        shard[i, :, -1] = level
    temporary = path.with_suffix(f".{os.getpid()}.tmp")
    with open(temporary, "wb") as f:
        np.save(f, shard)
    temporary.replace(path)
    return number, time.time() - began


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--cache", type=Path, required=True)
    parser.add_argument("--hours", type=float, default=40)
    parser.add_argument("--workers", type=int, default=os.cpu_count())
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--sequences", type=int, default=SEQUENCES, help="sequences of 12 s in a shard")
    parser.add_argument("--rooms", type=int, default=ROOMS, help="rooms in the bank of impulse responses")
    parser.add_argument("--band-limited", type=float, default=BAND_LIMITED, metavar="SHARE", help="share of the sequences from narrower microphones")
    parser.add_argument("--core", type=Path, default=WASM, help="another build of the core: the same seed gives the same mixtures")
    args = parser.parse_args()
    (args.cache / "shards").mkdir(parents=True, exist_ok=True)
    mixer = Mixer(args.data, args.cache, 0, args.rooms)  # decodes and builds the rooms once, before the workers start
    listing = args.cache / "manifest.json"
    if not listing.exists():
        manifest.write(
            listing,
            speech=manifest.files(mixer.speech.rows, args.data / "speech"),
            noise=manifest.files(mixer.noise.rows, args.data / "noise"),
            core=hashlib.sha256(args.core.read_bytes()).hexdigest(),
        )
    count = int(np.ceil(args.hours * 3600 / (args.sequences * SECONDS)))
    tasks = [(args.data, args.cache, args.seed, n, args.sequences, args.rooms, args.band_limited, args.core) for n in range(count)]
    began, done = time.time(), 0
    with multiprocessing.Pool(args.workers) as pool:
        for number, seconds in pool.imap_unordered(make, tasks):
            done += 1
            rate = (time.time() - began) / done
            print(f"shard {number}: {done}/{count}, {seconds:.0f} s, {rate * (count - done) / 60:.0f} min left", flush=True)


if __name__ == "__main__":
    main()
