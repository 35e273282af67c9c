"""Writes training shards: features and oracle statistics of freshly mixed sequences, made by the wasm core.

    python -m training features --pool POOL --cache CACHE --hours 40 [--workers 2] [--seed 1] [--endless]

Each shard is a .npy of float16 [sequences, frames, 243]: 70 features, 171 statistics (see assembly/entries/oracle.ts; the clean
level is relative to the sequence's speech level), the number of bands with a target, and the speech level in dBFS.
With --spectra, for `train --listen`, also spectra/ of the frames in decision, float16 [sequences, frames, 2, 200, 2] (noisy and
comb-filtered, bins up to 10 kHz, re and im), and sound/, float32 [sequences, 160 frames]: clean at 16 kHz. They take 0.8 GB an hour.
With --teacher also taught/, float16 [sequences, frames, 161, 2]: what DeepFilterNet3 makes of the frames in decision below 8 kHz (teacher.py).
Shards are seeded by their number, so a stopped run goes on where it was. Trainers may read while this writes. With --endless it goes on for good:
the newest --hours stay, the oldest shards go, and what a long training hears is never the same mixture again.
"""

import argparse
import functools
import hashlib
import itertools
import multiprocessing
import os
import threading
import time
from pathlib import Path

import numpy as np

from common.core import WASM, Core
from common.frames import narrowed
from common.shape import CENTRES, FEATURES, HOP, LOOKAHEAD, SPECTRUM, STATISTICS
from training import manifest
from training.data.mixing import BAND_LIMITED, Mixer
from training.data.rooms import ROOMS
from training.data.voices import DRAWN_OUT
from training.features.columns import COLUMNS, FOLDERS, shard_path
from training.features.teacher import Teacher

SEQUENCES = 32
SECONDS = 12


def valid_bands(bandwidth: float) -> int:
    """Bands whose centre lies safely below the bandwidth: above it the ideal gain is 0/0."""
    return int((CENTRES * 50.0 < 0.93 * bandwidth).sum())


@functools.cache
def shared_core(wasm: Path) -> Core:
    return Core(wasm)


@functools.cache
def shared_teacher() -> Teacher:
    return Teacher()


@functools.cache
def shared_mixer(pool: Path, cache: Path, rooms: int, band_limited: float, drawn_out: float) -> Mixer:
    return Mixer(pool, cache, 0, rooms, band_limited, drawn_out)


def make(task: tuple) -> tuple[int, float]:
    pool, cache, seed, number, sequences, rooms, band_limited, drawn_out, wasm, with_spectra, taught = task
    path = shard_path(cache, seed, number)
    if path.exists():
        return number, 0.0
    began = time.time()
    mixer = shared_mixer(pool, cache, rooms, band_limited, drawn_out)
    mixer.rng = np.random.default_rng(seed * 100_003 + number)
    core = shared_core(wasm)
    hops = SECONDS * 100
    shard = np.empty((sequences, hops, COLUMNS), np.float16)
    beside = {}
    if with_spectra:
        beside = {"spectra": np.empty((sequences, hops, 2, SPECTRUM, 2), np.float16), "sound": np.empty((sequences, hops * HOP // 3), np.float32)}
    if taught:
        beside["taught"] = np.zeros((sequences, hops, HOP // 3 + 1, 2), np.float16)
    for i in range(sequences):
        noisy, clean, bandwidth, level = mixer.sequence(hops * HOP)
        rows = core.features(noisy, clean).copy()
        rows[:, -1] -= level
        shard[i, :, : FEATURES + STATISTICS] = np.clip(np.nan_to_num(rows), -200, 200)
        shard[i, :, -2] = valid_bands(bandwidth)
        shard[i, :, -1] = level
        if with_spectra:
            beside["spectra"][i] = core.spectra(noisy).view(np.float32).reshape(hops, 2, SPECTRUM, 2)
            beside["sound"][i] = narrowed(clean)
        if taught:
            enhanced = np.ascontiguousarray(shared_teacher().spectra(noisy)[:-LOOKAHEAD, : HOP // 3 + 1])
            beside["taught"][i, LOOKAHEAD:] = enhanced.view(np.float32).reshape(*enhanced.shape, 2)
    # The shard comes last: trainers take what is there for complete.
    for target, array in (*((cache / folder / path.name, array) for folder, array in beside.items()), (path, shard)):
        temporary = target.with_suffix(f".{os.getpid()}.tmp")
        with open(temporary, "wb") as f:
            np.save(f, array)
        temporary.replace(target)
    return number, time.time() - began


def endless_start(cache: Path, seed: int) -> int:
    """Tens of seconds since 1970: later shards have larger numbers, and no session draws again what another has drawn."""
    newest = max((int(path.stem.split("-")[1]) for path in (cache / "shards").glob(f"{seed:03d}-*.npy")), default=-1)
    return max(newest + 1, int(time.time()) // 10)


def drop_oldest(cache: Path, kept: int) -> None:
    """All but the newest `kept` shards go; the first of all stays: trainers hold it out."""
    for path in sorted((cache / "shards").glob("*.npy"))[1:-kept]:
        for folder in FOLDERS:
            (cache / folder / path.name).unlink(missing_ok=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pool", type=Path, required=True, help="of `python -m training pool`")
    parser.add_argument("--cache", type=Path, required=True)
    parser.add_argument("--hours", type=float, default=40)
    parser.add_argument("--endless", action="store_true", help="go on for good; the newest --hours stay")
    parser.add_argument("--workers", type=int, default=os.cpu_count())
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--sequences", type=int, default=SEQUENCES, help="sequences of 12 s in a shard")
    parser.add_argument("--rooms", type=int, default=ROOMS, help="rooms in the bank of impulse responses")
    parser.add_argument("--band-limited", type=float, default=BAND_LIMITED, metavar="SHARE", help="share of the sequences from narrower microphones")
    parser.add_argument("--drawn-out", type=float, default=DRAWN_OUT, metavar="SHARE", help="share of what is said in which a vowel is held or laughed")
    parser.add_argument("--core", type=Path, default=WASM, help="another build of the core: the same seed gives the same mixtures")
    parser.add_argument("--spectra", action="store_true", help="also spectra and clean sound, for `train --listen`")
    parser.add_argument("--teacher", action="store_true", help="also what DeepFilterNet3 makes of the mixtures, for `train --taught-weight`")
    args = parser.parse_args()
    for folder in ("shards", *(("spectra", "sound") if args.spectra else ()), *(("taught",) if args.teacher else ())):
        (args.cache / folder).mkdir(parents=True, exist_ok=True)
    Mixer(args.pool, args.cache, 0, args.rooms)  # builds the rooms once, before the workers start
    listing = args.cache / "manifest.json"
    if not listing.exists():
        manifest.write(listing, sources=manifest.sources(args.pool), core=hashlib.sha256(args.core.read_bytes()).hexdigest())
    count = int(np.ceil(args.hours * 3600 / (args.sequences * SECONDS)))
    numbers = itertools.count(endless_start(args.cache, args.seed)) if args.endless else range(count)
    tasks = (
        (args.pool, args.cache, args.seed, n, args.sequences, args.rooms, args.band_limited, args.drawn_out, args.core, args.spectra, args.teacher)
        for n in numbers
    )
    began, done = time.time(), 0
    with multiprocessing.Pool(args.workers) as pool:
        # No more tasks than workers are drawn ahead: an endless list must not be read at once.
        drawn = threading.Semaphore(2 * args.workers)

        def ahead():
            for task in tasks:
                drawn.acquire()
                yield task

        for number, seconds in pool.imap_unordered(make, ahead()):
            drawn.release()
            done += 1
            rate = (time.time() - began) / done
            told = "" if args.endless else f", {rate * (count - done) / 60:.0f} min left"
            print(f"shard {number}: {done}{'' if args.endless else f'/{count}'}, {seconds:.0f} s{told}", flush=True)
            if args.endless:
                drop_oldest(args.cache, count)


if __name__ == "__main__":
    main()
