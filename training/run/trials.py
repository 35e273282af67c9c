"""Compares choices of the loss on a small network: python -m training trials --cache CACHE --dev DEV --out OUT [names]

Every trial trains 128 units from the same start for the same number of steps, and differs from `base` in the options below only.
Scores are means over DEV/clean and DEV/noisy (see evaluation/devset) through the exported file and the command line tool. Prints a row of
the table in EXPERIMENTS.md for each; a trial that is done is not repeated.
"""

import argparse
import json
import os
import subprocess
import sys
from pathlib import Path

import torch

from training.run import ROOT, STEP

BASE = ["--units", "128", "--strength-units", "64", "--batch", "24", "--rate", "2e-3", "--keep", "0"]
TRIALS: dict[str, list[str]] = {
    "base": [],
    "paper's loss": ["--spectrum-weight", "0", "--gain-weight", "1", "--strength-weight", "1"],
    "follow-up's loss": ["--spectrum-weight", "0", "--gain-loss", "follow-up", "--gain-weight", "1", "--strength-weight", "1"],
    "magnitude only": ["--complex-share", "0"],
    "no post-filter in training": ["--no-post-filter"],
    "no strength loss": ["--strength-weight", "0"],
    "keep 0.5": ["--keep", "0.5"],
    "power 0.5": ["--power", "0.5"],
    "teacher": ["--teacher-weight", "0.1"],
    "sequences of 4 s": ["--frames", "402", "--batch", "12"],
    "several resolutions": ["--resolutions", "2", "4", "8"],
    "no voice head": ["--speech-weight", "0"],
    "another seed": ["--seed", "2"],
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cache", type=Path, required=True)
    parser.add_argument("--dev", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--steps", type=int, default=1200)
    parser.add_argument("--teacher", type=Path, help="checkpoint for the trial `teacher`, which is left out without it")
    parser.add_argument("--dnsmos", help="DNSMOS P.835 model")
    parser.add_argument("names", nargs="*", help="trials; all by default")
    arguments = parser.parse_args()
    for name in arguments.names or TRIALS:
        if name == "teacher" and not arguments.teacher:
            continue
        folder = arguments.out / name.replace(" ", "-").replace("'", "")
        options = [*BASE, *TRIALS[name], *(["--teacher", str(arguments.teacher)] if name == "teacher" else [])]
        one_thread = {**os.environ, "OMP_NUM_THREADS": "1"}
        subprocess.run([*STEP, "train", "--cache", str(arguments.cache), "--out", str(folder),
                        "--steps", str(arguments.steps), *options], check=True, env=one_thread)  # fmt: skip
        model, scores = folder / "model.safetensors", folder / "scores.json"
        if not scores.exists():
            subprocess.run([*STEP, "export", str(folder / "latest.pt"), str(model), "--name", "trial"], check=True)
            subprocess.run(["node", str(ROOT / "dist" / "cli.js"), str(arguments.dev / "noisy"), str(folder / "out"), "--model", str(model)], check=True)
            dnsmos = ["--dnsmos", arguments.dnsmos] if arguments.dnsmos else []
            done = subprocess.run([sys.executable, "-m", "evaluation", "score", "--clean", str(arguments.dev / "clean"), "--set", f"trial={folder / 'out'}",
                                   "--jobs", "1", "--json", *dnsmos], check=True, capture_output=True, text=True)  # fmt: skip
            scores.write_text(done.stdout)
        heard = torch.load(folder / "latest.pt", map_location="cpu", weights_only=True)["heard"] / 3600
        mean = json.loads(scores.read_text())["sets"]["trial"]["mean"]
        cells = " | ".join("-" if m not in mean else f"{mean[m]:.3f}" for m in ("pesq", "stoi", "sisdr", "sig", "bak", "ovrl"))
        print(f"| {name} | `{' '.join(TRIALS[name])}` | {heard:.1f} | {cells} |", flush=True)


if __name__ == "__main__":
    main()
