"""One command for a long training: data, mixtures, network, scores. End it at any time and start it again: it goes on.

    python -m training supervise lite --data DATA [--data MORE] --work WORK --hours 20 [--weights models/lite/model.safetensors] [--outside SET]
    python -m training supervise finer --bands models/lite/model.safetensors --data ...
    python -m training supervise whole --weights models/full/model.safetensors --data ...

- `pool` decodes what WORK/pool lacks of the data;
- `features --endless` mixes beside the training: the newest --kept hours stay, so that no mixture is heard for long;
- of a finer stage, `decided --watch` writes beside them what the bands before it make of them;
- `train`, `train-finer` or `train-whole` learns until --hours of its own time are over, however many stops lie between; the rate follows one cosine over all of them;
- every --every minutes the averaged weights are kept as WORK/NAME/checkpoints/MINUTES.pt, exported to WORK/NAME.safetensors and, with --outside,
  scored on the outside yardstick's quick clips (evaluation/): a line in WORK/NAME/outside.jsonl.

What `train` is told beyond the network's recipe follows `--`: `... --hours 20 -- --rate 4e-4 --pesq-weight 0`.
"""

import argparse
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import torch

from training.run import ROOT, STEP

# The finished sound is scored from the first step, beside the teacher's; tiles are cut by magnitude while the rate is high (EXPERIMENTS.md, "Voices of
# everywhere", "Where the rest lies", "Longer crops", "Where training alone ends").
COMMON = [
    "--listen", "--batch", "5", "--frames", "702", "--p808-clips", "3", "--resolutions", "2", "4", "8", "--keep", "0.15", "--sound-weight", "1.5", "--taught-weight", "3",
    "--pesq-weight", "0.20", "--stoi-weight", "1.6", "--sdr-weight", "0.022", "--p808-weight", "0.05", "--strength-weight", "0.03", "--quantise-from", "0.3", "--average", "0.995",
]  # fmt: skip
# Behind bands that stay as they are ("The teacher where it leads", "Where training alone ends").
FINER = [
    "--rate", "1e-3", "--taught-weight", "16", "--keep", "0.8", "--pesq-weight", "0.12", "--stoi-weight", "1.2", "--sdr-weight", "0.02",
    "--p808-weight", "0.04", "--frames", "600", "--batch", "2", "--quantise-from", "0.4",
]  # fmt: skip
RECIPES = {
    "lite": ["--units", "256", "--sparse", "lite", "--rate", "6e-4", *COMMON],
    # 512 units, which full was up to 0.8.1.
    "wide": ["--units", "512", "--sparse", "wide", "--rate", "5e-4", *COMMON],
    "finer": FINER,
    # Bands and stage together, which takes a network that has both ("Bands and stage together").
    "whole": ["--sparse", "lite"],
}
COMMANDS = {"finer": "train-finer", "whole": "train-whole"}
# Shards that must be there before training begins: one is held out.
FIRST_SHARDS = 4


class Children:
    """Processes that are started again where they fail and ended with this one."""

    def __init__(self):
        self.running: dict[str, tuple[list[str], subprocess.Popen]] = {}

    def start(self, name: str, command: list[str]) -> None:
        print(f"== {name}\n{' '.join(command)}", flush=True)
        environment = {"OMP_NUM_THREADS": "1", **os.environ}
        self.running[name] = (command, subprocess.Popen(command, env=environment, start_new_session=True))

    def code(self, name: str) -> int | None:
        return self.running[name][1].poll()

    def revive(self, name: str) -> None:
        command, process = self.running[name]
        print(f"{name} ended with {process.returncode}: started again", flush=True)
        time.sleep(5)
        self.start(name, command)

    def end(self) -> None:
        for _, process in self.running.values():
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGTERM)
                process.wait()


def shards(cache: Path) -> int:
    return len(list((cache / "shards").glob("*.npy")))


def judge(run: Path, model: Path, name: str, bands: Path | None, outside: Path | None, p808: Path | None) -> None:
    """Keeps, exports and scores the averaged weights of the run as they are now; those of a finer stage behind its bands."""
    latest = run / "latest.pt"
    if not latest.exists():
        return
    state = torch.load(latest, map_location="cpu", weights_only=False)
    minutes = int(state["spent"] / 60)
    kept = run / "checkpoints" / f"{minutes:05d}.pt"
    if kept.exists():
        return
    kept.parent.mkdir(exist_ok=True)
    shutil.copyfile(latest, kept)
    for old in sorted(kept.parent.glob("*.pt"))[:-12]:
        old.unlink()
    weights = [str(bands), str(model), "--finer", str(kept)] if bands else [str(kept), str(model)]
    subprocess.run([*STEP, "export", *weights, "--name", name, "--version", "0.0.0-training"], check=True)
    if not outside:
        return
    heard = run / "heard"
    shutil.rmtree(heard, ignore_errors=True)
    listen = ["node", str(ROOT / "dist" / "cli.js"), str(outside / "noisy"), str(heard), "--model", str(model)]
    score = [sys.executable, "-m", "evaluation", "quick", "--set", str(outside), "--json", *(["--p808", str(p808)] if p808 else []), f"{name}={heard}"]
    try:
        subprocess.run(listen, check=True, capture_output=True)
        scores = json.loads(subprocess.run(score, check=True, capture_output=True, text=True).stdout)[name]
    except (subprocess.CalledProcessError, ValueError, KeyError) as error:
        # A training goes on without a score.
        print(f"not scored: {error} {getattr(error, 'stderr', '')}", flush=True)
        return
    with open(run / "outside.jsonl", "a") as log:
        log.write(json.dumps({"minutes": minutes, "hours_heard": round(state["heard"] / 3600, 1), **scores}) + "\n")
    print(f"{minutes} min, {state['heard'] / 3600:.0f} h heard: {json.dumps(scores)}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("network", choices=sorted(RECIPES))
    parser.add_argument("--data", type=Path, action="append", required=True, help="folder with speech/ and noise/ (data/pool.py); may be given more than once")
    parser.add_argument("--licences", choices=("all", "permissive"), default="all", help="of the recordings: see docs/decisions/licences.md")
    parser.add_argument("--work", type=Path, required=True, help="folder for pool, mixtures and runs; takes about 60 GB")
    parser.add_argument("--hours", type=float, default=20, help="of training by the clock, stops not counted")
    parser.add_argument("--kept", type=float, default=30, help="hours of mixtures that lie ready, 1 GB each")
    parser.add_argument("--weights", type=Path, help="checkpoint or model file to begin with")
    parser.add_argument("--bands", type=Path, help="checkpoint or model file of the bands before a finer stage")
    parser.add_argument("--outside", type=Path, help="set of `python -m evaluation outside` to score on")
    parser.add_argument("--p808", type=Path, help="DNSMOS P.808 model for those scores")
    parser.add_argument("--every", type=float, default=30, help="minutes between scores")
    parser.add_argument("--processes", type=int, default=os.cpu_count(), help="training processes: CPU cores or GPUs")
    arguments, more = parser.parse_known_args()
    more = [option for option in more if option != "--"]

    if (arguments.network == "finer") != bool(arguments.bands):
        parser.error("--bands names the bands before a finer stage: `supervise finer` needs it, the others train bands of their own")

    if arguments.network == "whole" and not arguments.weights:
        parser.error("--weights names the network that `supervise whole` goes on from: bands with a finer stage")

    work = arguments.work
    pool, cache, run, model = work / "pool", work / "cache", work / arguments.network, work / f"{arguments.network}.safetensors"
    run.mkdir(parents=True, exist_ok=True)
    folders = [option for folder in arguments.data for option in ("--data", str(folder))]
    subprocess.run([*STEP, "pool", *folders, "--pool", str(pool), "--licences", arguments.licences], check=True)

    children = Children()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    try:
        children.start("mixtures", [*STEP, "features", "--pool", str(pool), "--cache", str(cache), "--spectra", "--teacher", "--endless",
                                    "--hours", str(arguments.kept), "--workers", "1"])  # fmt: skip
        while shards(cache) < FIRST_SHARDS:
            if children.code("mixtures") is not None:
                raise SystemExit("the mixtures could not be made")
            time.sleep(2)
        if arguments.bands:
            children.start("decisions", [*STEP, "decided", "--cache", str(cache), "--bands", str(arguments.bands), "--watch"])
            while len(list((cache / "decided").glob("*.npy"))) < FIRST_SHARDS:
                if children.code("decisions") is not None:
                    raise SystemExit("the bands' decisions could not be made")
                time.sleep(2)
        launch = ["-m", "torch.distributed.run", "--standalone", "--nproc-per-node", str(arguments.processes)] if arguments.processes > 1 else []
        start = ["--weights", str(arguments.weights)] if arguments.weights else []
        children.start("training", [sys.executable, *launch, *STEP[1:], COMMANDS.get(arguments.network, "train"), "--cache", str(cache), "--out", str(run), "--minutes", str(60 * arguments.hours),
                                    *RECIPES[arguments.network], *start, *more])  # fmt: skip
        judged = time.time()
        while children.code("training") != 0:
            time.sleep(2)
            for beside in children.running.keys() - {"training"}:
                if children.code(beside) is not None:
                    children.revive(beside)
            if children.code("training"):
                children.revive("training")
            if time.time() - judged > 60 * arguments.every:
                judged = time.time()
                judge(run, model, arguments.network, arguments.bands, arguments.outside, arguments.p808)
        judge(run, model, arguments.network, arguments.bands, arguments.outside, arguments.p808)
    finally:
        children.end()


if __name__ == "__main__":
    main()
