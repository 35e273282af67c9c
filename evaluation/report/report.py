"""Tables of quality from a development set that was heard already: `npm run report` does both.

    python -m evaluation report --dev DIR --networks lite,full --dnsmos MODEL.onnx --delay 3 --indicator 0.6 0.4 20 [--calls DIR] [--out FILE]

DIR holds clean/, noisy/, metadata.csv (evaluation/devset), rnnoise/, gtcrn/ and a folder a network with its output and activity.json (probability of
speech and decision of the indicator, a frame each); recordings/, rnnoise-recordings/, gtcrn-recordings/ and NETWORK-recordings/ likewise without
references; CALLS has rnnoise-clean/, gtcrn-clean/ and NETWORK-clean/ besides. Scores are kept in DIR/scores.json by the content of the files.
"""

import argparse
import copy
import json
import pathlib

import numpy as np
import soundfile as sf

from common.sound import SILENCE, SPEECH
from common.tables import rows_of
from evaluation.scores import speech_parts as parts
from evaluation.scores.score import score_all
from evaluation.scores.tables import TITLES, cell, markdown

ORDER = (
    "babble cafe keyboard mouse typing fan hum traffic wind dog baby music dishes rain construction reverberant headset "
    "whispered quiet loud men women children languages clean real"
).split()
WORDS = {"keyboard": "keyboard while speaking", "mouse": "mouse while speaking", "baby": "crying baby", "real": "real pairs",
         "headset": "headset, 8 kHz wide", "languages": "ten languages"}  # fmt: skip
PEERS = {"rnnoise": "RNNoise 0.1", "gtcrn": "GTCRN"}
ABLATION = (
    "npm run ablate -- --model models/NAME/model.safetensors --checkpoint NAME.pt --dnsmos sig_bak_ovr.onnx "
    "--variants whole,no-comb,no-wiener --slices babble,fan,traffic,women,men --json DEV/clean DEV/noisy > DEV/ablation-NAME.json"
)
COMMAND = "npm run report -- --dev DEV --calls CALLS --dnsmos sig_bak_ovr.onnx"


def read(path):
    return sf.read(path, dtype="float64")


def scored(systems, files, task, **options):
    """{system: scores of the files in order}; task(system, file) -> (reference or None, output)."""
    scores = score_all([task(s, f) for s in systems for f in files], **options)
    return {s: scores[i * len(files) : (i + 1) * len(files)] for i, s in enumerate(systems)}


class Set:
    """A set on disk and the scores of everything heard from it."""

    def __init__(self, folder, systems, dnsmos, jobs):
        self.folder, self.systems = folder, systems
        self.rows = {row["file"]: row for row in rows_of(folder / "metadata.csv")}
        files = list(self.rows)
        options = {"dnsmos": dnsmos, "jobs": jobs, "cache": folder / "scores.json"}
        scores = scored(systems, files, lambda s, f: (folder / "clean" / f, folder / s / f), **options)
        self.scores = {s: dict(zip(files, own, strict=True)) for s, own in scores.items()}
        self.recordings = {}
        if (folder / "recordings").is_dir():
            files = sorted(p.name for p in (folder / "recordings").glob("*.wav"))
            names = {s: "recordings" if s == "noisy" else f"{s}-recordings" for s in systems}
            self.recordings = scored(systems, files, lambda s, f: (None, folder / names[s] / f), **options)

    def view(self, systems):
        """The same set with fewer systems."""
        out = copy.copy(self)
        out.systems = systems
        out.recordings = {s: self.recordings[s] for s in systems if s in self.recordings}
        return out

    def choose(self, **wanted):
        return [f for f, row in self.rows.items() if all(row[k] == str(v) for k, v in wanted.items())]

    def mean(self, metric, files):
        """Means over the files for which every system has the metric."""
        common = [f for f in files if all(self.scores[s][f].get(metric) is not None for s in self.systems)]
        return [np.mean([self.scores[s][f][metric] for f in common]) if common else None for s in self.systems]


def cells(values, metric):
    return " / ".join("-" if v is None else cell(metric, v) for v in values)


def score_table(data, groups, metrics):
    rows = [[title, len(files), *(cells(data.mean(m, files), m) for m in metrics)] for title, files in groups if files]
    return markdown(["", "clips", *(TITLES[m] for m in metrics)], rows)


def slices(data):
    groups = [(WORDS.get(name, name), data.choose(slice=name)) for name in ORDER]
    return [*groups, ("**all**", list(data.rows))]


def recordings_table(data):
    rows = [[s, *(f"{np.mean([r[m] for r in rows]):.2f}" for m in ("sig", "bak", "ovrl"))] for s, rows in data.recordings.items()]
    return markdown(["", "SIG", "BAK", "OVRL"], rows)


def untouched_table(data, systems, jobs):
    """References through every system: what it takes from a voice without noise."""
    own = scored(systems, list(data.rows), lambda s, f: (data.folder / "clean" / f, data.folder / f"{s}-clean" / f),
                 jobs=jobs, cache=data.folder / "scores.json")  # fmt: skip
    rows = []
    for system, scores in own.items():
        pesq, stoi = ([score[metric] for score in scores] for metric in ("pesq", "stoi"))
        rows.append([system, f"{np.mean(pesq):.2f}", f"{np.min(pesq):.2f}", f"{np.mean(stoi):.3f}"])
    return markdown(["", "PESQ-WB", "lowest", "STOI"], rows)


def kept_table(data):
    """Level of onsets and fricatives at 10 dB SNR."""
    changes: dict[str, dict[str, list[float]]] = {s: {"onsets": [], "fricatives": []} for s in data.systems}
    total = {s: {"onsets": np.zeros(2), "fricatives": np.zeros(2)} for s in data.systems}  # energies of output and clean
    for file in data.choose(snr=10):
        if data.rows[file]["slice"] == "headset":
            continue  # nothing above 8 kHz: s is another sound there
        clean, rate = read(data.folder / "clean" / file)
        found = {"onsets": parts.onsets(clean, rate), "fricatives": parts.fricatives(clean, rate)}
        for system in data.systems:
            output, _ = read(data.folder / system / file)
            for what, spans in found.items():
                changes[system][what] += parts.change(clean, output, rate, spans)
                a, b = (parts.energies(x, rate) / parts.active_energy(clean, rate) for x in (output, clean))
                total[system][what] += [sum(x[m:n].sum() for m, n in spans) for x in (a, b)]
    rows = []
    for what, title in (("onsets", "first 50 ms of words"), ("fricatives", "frames of s, f, sh")):
        for system in data.systems:
            x = np.array(changes[system][what])
            if not len(x):
                continue
            output, clean = total[system][what]
            rows.append([title, system, len(x), f"{10 * np.log10(output / clean):+.1f}", f"{np.median(x):+.1f}", f"{np.quantile(x, 0.1):+.1f}",
                         f"{100 * np.mean(x < -3):.0f} %", f"{100 * np.mean(x < -10):.0f} %"])  # fmt: skip
    return markdown(["", "", "counted", "energy, dB", "median", "lowest tenth", "over 3 dB lost", "over 10 dB lost"], rows)


def typing_table(data):
    """Attenuation of keyboards, from the clips in which they begin after three seconds."""
    start = 3.0
    rows = []
    for when, first, end in (("first 0.5 s", start, start + 0.5), ("from 1.5 s on", start + 1.5, 1e9)):
        for speaking in (False, True):
            row = [when, "over speech" if speaking else "in pauses"]
            for system in data.systems[1:]:
                found = []
                for file in data.choose(slice="typing"):
                    clean, rate = read(data.folder / "clean" / file)
                    noisy, _ = read(data.folder / "noisy" / file)
                    output, _ = read(data.folder / system / file)
                    found.append(parts.attenuation(clean, noisy, output, rate, first, end, speaking))
                found = [x for x in found if x is not None]
                row.append(f"{np.mean(found):.1f} dB ({len(found)} clips)" if found else "-")
            rows.append(row)
    return markdown(["", "", *data.systems[1:]], rows)


def shares(counted):
    """Precision and recall of what confusion() counted."""
    both, wrong, missed = counted
    return [f"{100 * both / max(1, both + other):.1f} %" for other in (wrong, missed)]


def activity_table(data, networks, delay, hold):
    """How well the voice activity is told; `delay` and `hold` in frames."""
    rows = []
    for name in networks:
        activity = json.loads((data.folder / name / "activity.json").read_text())
        for title, files in [
            *((f"{snr} dB", data.choose(snr=snr)) for snr in (20, 10, 5, 0, -5)),
            ("clean", data.choose(slice="clean")),
            ("babble", data.choose(slice="babble")),
            ("whispered", data.choose(slice="whispered")),
            ("**all but -5 dB**", [f for f, row in data.rows.items() if row["snr"] != "-5" and row["slice"] != "real"]),
        ]:
            frames, indicator, lags = np.zeros(3), np.zeros(3), []
            for file in files:
                clean, rate = read(data.folder / "clean" / file)
                level = parts.levels(clean, rate)
                truth = np.where(level > SPEECH, 1, np.where(level < SILENCE, 0, -1))
                span = slice(delay, delay + len(truth))
                probability = np.array(activity[file]["probability"])[span]
                speaking = np.array(activity[file]["speaking"], bool)[span]
                truth = truth[: len(probability)]
                frames += parts.confusion(truth, probability >= 0.5)
                indicator += parts.confusion(parts.held(truth, hold), speaking)
                for first, _ in parts.onsets(clean, rate):
                    if speaking[max(0, first - 5)]:
                        continue  # held since the word before
                    after = np.flatnonzero(speaking[first : first + 50])
                    lags.append(10 * after[0] if len(after) else 500)
            rows.append([name, title, *shares(frames), *shares(indicator), f"{np.median(lags):.0f} ms" if lags else "-"])
    head = ["", "", "precision of frames", "recall", "precision of the indicator", "recall", "median lag of a word"]
    return markdown(head, rows)


def ablation(dev):
    """Tables of `npm run ablate -- --json`, kept as DEV/ablation-NAME.json."""
    out = []
    for path in sorted(dev.glob("ablation-*.json")):
        result = json.loads(path.read_text())
        name = path.stem.removeprefix("ablation-")
        metrics = [m for m in ("pesq", "stoi", "sisdr", "between", "sig", "bak", "ovrl") if m in result["sets"]["whole"]["mean"]]
        rows = [[s, *(f"{v['mean'][m]:.3f}" for m in metrics)] for s, v in result["sets"].items()]
        out.append(f"`{name}`, {result['files']} clips:\n\n" + markdown(["", *(TITLES[m] for m in metrics)], rows))
        if "float" in result["sets"]:
            difference = result["sets"]["whole"]["mean"]["pesq"] - result["sets"]["float"]["mean"]["pesq"]
            out.append(f"Exported file against float network: {difference:+.3f} PESQ.")
    return "\n\n".join(out)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--dev", type=pathlib.Path, required=True)
    parser.add_argument("--calls", type=pathlib.Path)
    parser.add_argument("--delay", type=int, required=True, help="frames from the input to what is heard: what is decided at hop n is heard at hop n - DELAY")
    parser.add_argument(
        "--indicator", nargs=3, required=True, metavar=("START", "STOP", "HOLD"), help="of voice activity: its two thresholds, and the frames that it holds"
    )
    parser.add_argument("--networks", required=True, help="names, with commas")
    parser.add_argument("--dnsmos", required=True)
    parser.add_argument("--out", type=pathlib.Path, help="DEV/report.md without it")
    parser.add_argument("--jobs", type=int, default=2)
    options = parser.parse_args()
    start, stop, hold = options.indicator
    networks = [n for n in options.networks.split(",") if n]
    systems = ["noisy", *PEERS, *networks]
    data = Set(options.dev, systems, options.dnsmos, options.jobs)
    calls = options.calls and Set(options.calls, systems, options.dnsmos, options.jobs)
    order = " / ".join(["noisy", *PEERS.values(), *networks])
    ablated = ablation(options.dev)
    text = [
        "# Quality", f"Made by `{COMMAND}`; do not edit. DEV and CALLS are written by `python -m evaluation devset` from the dev split: voices and "
        "noise sources that training never heard. RNNoise 0.1 and GTCRN are the builds of @sapphi-red/web-noise-suppressor; GTCRN ends at 8 kHz. PESQ is P.862.2 "
        "and, like STOI and DNSMOS P.835 (SIG, BAK, OVRL), taken at 16 kHz; SI-SDR at 48 kHz.",
        "## By slice", f"Five clips a slice unless stated, -5 to 20 dB SNR. Each cell: {order}.",
        score_table(data, slices(data), ("pesq", "stoi", "sisdr")),
        score_table(data, slices(data), ("sig", "bak", "ovrl")),
        "Synthesised, because the dev split has no recordings of them: babble (4 to 8 dev voices in a room), fan, hum, mouse, dishes, "
        "whispers (dev voices re-synthesised from noise by linear prediction), children (women's voices shifted up by a quarter). "
        "Rooms by the image method; the reference keeps early reflections and a short tail.",
        "By SNR:", score_table(data, [(f"{s} dB", data.choose(snr=s)) for s in (-5, 0, 5, 10, 20)], ("pesq", "stoi", "sisdr", "ovrl")),
    ]  # fmt: skip
    if data.recordings:
        count = len(next(iter(data.recordings.values())))
        text += ["## Real recordings", f"{count} recordings without a reference, DNSMOS P.835.", recordings_table(data)]
    if calls:
        groups = [(f"{s} dB", calls.choose(snr=s)) for s in (2.5, 7.5, 12.5, 17.5)] + [("**all**", list(calls.rows))]
        text += ["## Read speech in everyday places", "Sentences in cafes, buses, streets, offices at friendly SNRs, like the public sets "
                 f"that papers report; each cell: {order}.", score_table(calls, groups, ("pesq", "stoi", "sisdr", "ovrl")),
                 f"Their {len(calls.rows)} references without any noise, output against input:",
                 untouched_table(calls, [*PEERS, *networks], options.jobs)]  # fmt: skip
    text += [
        "## Onsets and fricatives", "Energy of the output against the clean recording at 10 dB SNR; noise that is left counts for it, speech that is "
        "eaten against it. The energy of all of them together should stay within 3 dB of the clean one's; test/quality watches it.", kept_table(data),
        "## Typing", "Keyboards that begin after three seconds of speech, 0 to 10 dB SNR: attenuation where their spectrum is 10 dB or more above "
        "the speech.", typing_table(data),
        "## Voice activity", "Frames: speech probability of 0.5 or more, speech being frames within 30 dB of the active level and none those 42 dB "
        "below. Indicator: `speechstart` and `speechend` with their defaults "
        f"({start}, {stop}, hold {10 * int(hold)} ms), against speech within the last {10 * int(hold)} "
        f"ms. Both are compared at the time they are heard, {10 * options.delay} ms after the input; lag from the first frame of a word to `speechstart` where it was not on.",
        activity_table(data, networks, options.delay, int(hold)),
    ]  # fmt: skip
    if ablated:
        text += ["## What each part earns, and what int8 costs", f"`{ABLATION}`. `float` and `rounded` are the network before export, in PyTorch, "
                 "through the same core; `whole` is the exported file. Between harmonics: energy midway between the harmonics of "
                 "voiced frames, output against clean (`evaluation/scores/harmonics.py`).", ablated]  # fmt: skip
    (options.out or options.dev / "report.md").write_text("\n\n".join(text) + "\n")


if __name__ == "__main__":
    main()
