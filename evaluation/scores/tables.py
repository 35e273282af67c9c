"""Names of the metrics, their decimals, means over clips, tables in Markdown."""

import numpy as np

# In the order of tables; a unit follows the comma.
TITLES = {
    "pesq": "PESQ-WB", "stoi": "STOI", "sisdr": "SI-SDR, dB", "between": "between harmonics, dB", "p808": "P.808", "sig": "SIG", "bak": "BAK", "ovrl": "OVRL",
    "distillmos": "DistillMOS", "words": "word errors, %", "kept": "speech kept, dB", "weak": "weak parts, dB", "left": "noise in pauses, dB",
}  # fmt: skip
DECIMALS = {"stoi": 3, "sisdr": 1, "words": 0, "kept": 1, "weak": 1, "left": 1}  # 2 where not named


def means(sets, files, metrics=TITLES):
    """{set: {metric: mean}} of {set: {file: {metric: value}}}, over the files for which every set has the metric: all means are of the same files."""
    out = {name: {} for name in sets}
    for metric in metrics:
        common = [file for file in files if all(rows[file].get(metric) is not None for rows in sets.values())]
        for name, rows in sets.items():
            if common:
                out[name][metric] = float(np.mean([rows[file][metric] for file in common]))
    return out


def cell(metric, value):
    return "-" if value is None else f"{value:.{DECIMALS.get(metric, 2)}f}"


def markdown(head, rows):
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    return "\n".join(lines + ["| " + " | ".join(str(c) for c in row) + " |" for row in rows])
