"""The format of a shard: where it lies and what its columns are.

A shard is float16 [sequences, frames, 243]: 70 features, 171 statistics of the oracle (assembly/entries/oracle.ts), the number of bands with a target, the
speech level in dBFS.
"""

from pathlib import Path

from common.shape import BANDS, FEATURES, LOOKAHEAD, SETTINGS, STATISTICS

# The number of bands with a target and the speech level come last.
COLUMNS = FEATURES + STATISTICS + 2
# Of a cache: shards, and what `python -m training features` writes beside them.
FOLDERS = ("shards", "spectra", "sound", "taught", "decided")


def shard_path(cache: Path, seed: int, number: int) -> Path:
    return cache / "shards" / f"{seed:03d}-{number:09d}.npy"


def noisy_level(rows):
    """Bands of the noisy frames in decision in dB of the speech level, of rows [..., time, 243]: array or tensor [..., time - 2, 34].

    Energies enter as 0.4 log10(power) + 2 and belong to the newest frame, two after the one in decision.
    """
    scale = 10 / SETTINGS["FEATURE_SCALE"]
    return (rows[..., :-LOOKAHEAD, :BANDS] - SETTINGS["FEATURE_OFFSET"]) * scale - rows[..., LOOKAHEAD:, -1:]
