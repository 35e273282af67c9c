"""The fast part of the outside yardstick, for use while a network trains: three clips of each slice, a minute of one core.

    from evaluation.outside.quick import Quick
    yardstick = Quick("outside", p808="dnsmos-p808.onnx")      # the clips are read once
    yardstick.score(lambda noisy: network(noisy))               # 48 kHz samples in, as many out, delay removed
    -> {"pesq": .., "stoi": .., "sisdr": .., "p808": .., "slices": {name: {..}}, "clean": {..}}

"clean" is what becomes of speech without noise; it is not in the means.

    python -m evaluation quick --set FOLDER --p808 MODEL.onnx [--json] NAME=DIR ...
"""

import argparse
import json
import pathlib
from collections import defaultdict

import numpy as np
import soundfile as sf

from common.tables import rows_of
from evaluation.scores.metrics import QUICK, quick

CLEAN = "clean"  # the slice without noise


def mean(rows):
    """{metric: mean} over the rows that have it."""
    values = {metric: [row[metric] for row in rows if row.get(metric) is not None] for metric in QUICK}
    return {metric: round(float(np.mean(found)), 4) for metric, found in values.items() if found}


def summary(slices):
    """Means of {slice: rows}: of all but the clean ones, of those, and slice by slice."""
    noisy = [row for name, rows in slices.items() if name != CLEAN for row in rows]
    return {**mean(noisy), "clean": mean(slices.get(CLEAN, [])), "slices": {name: mean(rows) for name, rows in slices.items()}}


class Quick:
    """The clips of a set that its metadata marks as quick, in memory as float32."""

    def __init__(self, folder, p808=None):
        self.p808 = p808
        self.clips = []
        for row in rows_of(pathlib.Path(folder) / "metadata.csv"):
            if row["quick"] == "1":
                clean, noisy = (sf.read(pathlib.Path(folder) / kind / row["file"], dtype="float32") for kind in ("clean", "noisy"))
                self.clips.append((row, clean[0], noisy[0], noisy[1]))
        if not self.clips:
            raise ValueError(f"{folder} marks no clip as quick: build it with `python -m evaluation outside`")

    def score(self, enhance):
        """`enhance` makes of the noisy samples of a clip as many enhanced ones."""
        slices = defaultdict(list)
        for row, clean, noisy, rate in self.clips:
            slices[row["slice"]].append(quick(clean, enhance(noisy), rate, self.p808))
        return summary(slices)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--set", type=pathlib.Path, required=True, dest="folder", help="made by `python -m evaluation outside`")
    parser.add_argument("--p808", help="DNSMOS P.808 model (model_v8.onnx)")
    parser.add_argument("--json", action="store_true", help="print {NAME: {...}} with slices, as Quick.score returns it")
    parser.add_argument("systems", nargs="+", metavar="NAME=DIR", help="folders of enhanced clips; DIR may be SET/noisy")
    options = parser.parse_args()
    yardstick = Quick(options.folder, options.p808)
    scores = {}
    for name, _, folder in (text.partition("=") for text in options.systems):
        files = iter([row["file"] for row, *_ in yardstick.clips])
        found = scores[name] = yardstick.score(lambda noisy: sf.read(pathlib.Path(folder) / next(files), dtype="float32")[0][: len(noisy)])
        if not options.json:
            print(name, *(f"{metric} {found[metric]:.3f}" for metric in QUICK if metric in found), "clean", found["clean"])
    if options.json:
        print(json.dumps(scores))


if __name__ == "__main__":
    main()
