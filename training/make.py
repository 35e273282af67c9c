"""From folders of speech and noise to an exported network, in one command that can be stopped and started again.

    python training/make.py lite --data DATA --work WORK [--processes 2] [--hours 70] [--scale 1]

Stages: features (make_features.py), training runs (train.py, each from the weights of the one before, the last on sound of its own), export
(export.py) to WORK/NAME.safetensors. Every stage says what it does and how long it will take, and is skipped when it has been done. The runs
last as long as those that made the networks in models/ on two CPU cores; --scale shortens or lengthens them all, for other machines.
"""

import argparse
import os
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
SEVERAL = ["--resolutions", "2", "4", "8"]
CUT = ["--sparse", "lite", "--quantise-from", "0.5", "--strength-weight", "0.03"]
WIDE = ["--units", "512", "--sparse", "full", "--strength-weight", "0.03"]
LATE = ["--rate", "1e-3", "--quantise-from", "0.55", *WIDE]
# Runs of each network: name, run to start with, options of train.py. "NAME, widened" puts that network inside one of twice the width,
# "ONE + OTHER" is the mean of two.
DENSE = ("dense", None, ["--minutes", "94", "--batch", "24", "--rate", "1.5e-3"])
SPARSE = ("sparse", "dense", ["--minutes", "45", "--batch", "24", "--rate", "1e-3", *CUT])
# Tiles come back at the start of these runs and are cut again (EXPERIMENTS.md: what each gave).
RECUT = ("recut", "sparse", ["--minutes", "31", "--batch", "16", "--frames", "402", "--rate", "6e-4", *CUT])
LITE = ("lite", "recut", ["--minutes", "26", "--batch", "16", "--frames", "402", "--rate", "8e-4", *CUT, *SEVERAL])
# The tiles stay as they are.
SETTLED = ("settled", "lite", ["--minutes", "36", "--batch", "16", "--frames", "402", "--rate", "6e-4", *CUT, "--sparse-span", "0", "0", "--quantise-from", "0.3", *SEVERAL])
GROWN = ("grown", "sparse, widened", ["--minutes", "69", "--batch", "12", "--rate", "8e-4", *WIDE])
REGROWN = ("regrown", "grown", ["--minutes", "86", "--batch", "14", *LATE])
AGAIN = ("again", "regrown", ["--minutes", "80", "--batch", "14", *LATE, *SEVERAL])
FULL = ("full", "again", ["--minutes", "43", "--batch", "10", "--frames", "302", *LATE, *SEVERAL])
# The finished sound is scored too, on a cache of its own.
LISTEN = ["--minutes", "110", "--listen", "--batch", "6", "--frames", "904", "--rate", "3e-4", "--warm-up", "30", "--clip", "0.5", "--average", "0.99",
          "--sparse-span", "0", "0", "--quantise-from", "0", "--pesq-weight", "0.06", "--dnsmos-weight", "0.05", "--sdr-weight", "0.0015", "--keep", "1.5",
          "--spectrum-weight", "2", "--gain-weight", "0.06", "--strength-weight", "0.06", "--speech-weight", "0.06", *SEVERAL]  # fmt: skip
HEARD_HOURS = 23
LISTENED_LITE = ("listened", "settled", [*LISTEN, "--sparse", "lite", "--teacher", str(HERE.parent / "models/full/model.safetensors")])
LISTENED_FULL = ("listened", "again + full", [*LISTEN, "--units", "512", "--sparse", "full"])
RECIPES = {"lite": [DENSE, SPARSE, RECUT, LITE, SETTLED, LISTENED_LITE], "full": [DENSE, SPARSE, GROWN, REGROWN, AGAIN, FULL, LISTENED_FULL]}

VERSIONS = {"lite": "0.9.0", "full": "0.8.0"}


def run(title: str, command: list[str]) -> None:
    print(f"== {title}\n{' '.join(command)}", flush=True)
    subprocess.run(command, check=True, env={"OMP_NUM_THREADS": "1", **os.environ})


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("network", choices=sorted(RECIPES))
    parser.add_argument("--data", type=Path, required=True, help="folder with speech/ and noise/")
    parser.add_argument("--work", type=Path, required=True, help="folder for features and runs; takes about 30 GB")
    parser.add_argument("--processes", type=int, default=2, help="training processes: CPU cores or GPUs")
    parser.add_argument("--hours", type=float, default=94, help="hours of different mixtures")
    parser.add_argument("--scale", type=float, default=1.0, help="factor on the minutes of every run")
    parser.add_argument("--name", help="name in the exported file; the network's by default")
    parser.add_argument("--version", help="version in the exported file; the one in models/ by default")
    arguments = parser.parse_args()
    python, work = sys.executable, arguments.work

    make_features = [python, str(HERE / "make_features.py"), "--data", str(arguments.data)]
    run("features", [*make_features, "--cache", str(work / "cache"), "--hours", str(arguments.hours)])
    run("features and sound", [*make_features, "--cache", str(work / "heard"), "--hours", str(min(HEARD_HOURS, arguments.hours)), "--spectra", "--seed", "71", "--band-limited", "0.35"])
    for name, start, options in RECIPES[arguments.network]:
        options = list(options)
        minutes = options.index("--minutes") + 1
        options[minutes] = str(float(options[minutes]) * arguments.scale)
        if start:
            begin, _, widened = start.partition(", ")
            weights, *others = (work / run / "latest.pt" for run in begin.split(" + "))
            if others:
                mean = work / "mean.pt"
                run(f"the mean of {begin}", [python, str(HERE / "average.py"), str(weights), str(others[0]), str(mean), "--sparse", arguments.network])
                weights = mean
            if widened:
                run("a wider network with the small one inside", [python, str(HERE / "widen.py"), str(weights), str(work / "wide.pt")])
                weights = work / "wide.pt"
            options += ["--weights", str(weights)]
        launch = ["-m", "torch.distributed.run", "--standalone", "--nproc-per-node", str(arguments.processes)] if arguments.processes > 1 else []
        run(f"training {name}, {options[minutes]} min", [python, *launch, str(HERE / "train.py"), "--cache", str(work / ("heard" if "--listen" in options else "cache")), "--out", str(work / name), *options])
    last = work / RECIPES[arguments.network][-1][0] / "latest.pt"
    run("export", [python, str(HERE / "export.py"), str(last), str(work / f"{arguments.network}.safetensors"),
                   "--name", arguments.name or arguments.network, "--version", arguments.version or VERSIONS[arguments.network]])  # fmt: skip


if __name__ == "__main__":
    main()
