"""Writes the outside yardstick's figures where they are told: docs/quality.md, the README, the cards of models/.

    python -m evaluation table --set SET --p808 MODEL.onnx --json table.json
    python -m evaluation tell --json table.json [--root .]

In the README and the cards between the marks `<!-- voice: begin -->` and `<!-- voice: end -->`; what stands around them is written by hand, and
so are rows of the README's table that are not of voice.
"""

import argparse
import json
import pathlib
from collections.abc import Callable
from functools import partial

from evaluation.outside.table import document
from evaluation.report.model_facts import model_facts, version
from evaluation.scores.tables import cell, markdown

COMMANDS = "`python -m evaluation outside --corpus CORPUS --first DATA --out SET`, `python -m evaluation hear --set SET`, `python -m evaluation table --set SET --p808 model_v8.onnx --json table.json`"
# Columns of the README: system, how it is called there.
COLUMNS = {"noisy": "noisy", "rnnoise": "RNNoise", "gtcrn": "GTCRN", "deepfilternet3": "DeepFilterNet3", "lite": "**lite** (default)", "full": "**full**"}
# Its rows: how it is called there, of what, metric. The others of them are in docs/quality.md.
README_ROWS = [("PESQ-WB", "overall", "pesq"), ("P.808", "overall", "p808"), ("clean voices, SI-SDR, dB", "clean", "sisdr")]
BEGIN, END = "<!-- voice: begin -->", "<!-- voice: end -->"
METRICS = ("pesq", "stoi", "sisdr", "p808")


def between(text: str) -> str:
    """What stands between the marks of `text`. Raises ValueError where it has none."""
    if text.count(BEGIN) != 1 or text.count(END) != 1:
        raise ValueError(f"needs one {BEGIN} and one {END}")
    return text.partition(BEGIN)[2].partition(END)[0]


def marked(text: str, block: str) -> str:
    """`text` with `block` between its marks. Raises ValueError where it has none."""
    return text.replace(f"{BEGIN}{between(text)}{END}", f"{BEGIN}\n{block}\n{END}")


def overview(result, old: str) -> str:
    """The README's table, a column a system; rows of `old`, the table as it is, that are none of README_ROWS stay as they are, behind."""
    rows = [[title, *(cell(m, result.get(group, {}).get(name, {}).get(m)) for name in COLUMNS)] for title, group, m in README_ROWS]
    lines = [line for line in old.splitlines() if line.startswith("| ")][1:]
    by_hand = [line for line in lines if line.split("|")[1].strip() not in {title for title, *_ in README_ROWS}]
    return "\n".join([markdown(["", *COLUMNS.values()], rows), *by_hand])


def slices(result, name) -> str:
    """A card's table: each slice, noisy / DeepFilterNet3 / this network."""
    shown = ("noisy", "deepfilternet3", name)
    groups = [(title, result["counts"][title], found) for title, found in result["slices"].items()]
    groups.append(("**all**", result["clips"], result["overall"]))
    rows = [[title, str(count), *(" / ".join(cell(m, found[s].get(m)) for s in shown) for m in METRICS)] for title, count, found in groups]
    return markdown(["slice", "clips", f"PESQ-WB: noisy / DeepFilterNet3 / {name}", "STOI", "SI-SDR, dB", "P.808"], rows)


def card(result, name, model) -> str:
    size, kept, whole, layers = model_facts(model)
    clean, recordings = result["clean"][name], result["recordings"][name]
    last = f"Clean speech through it: PESQ-WB {cell('pesq', clean['pesq'])}, SI-SDR {cell('sisdr', clean['sisdr'])} dB. Recordings without a reference: P.808 {cell('p808', recordings.get('p808'))}."
    return "\n\n".join(
        [f"File: {size}. Weights kept: {kept / 1e6:.2f} M of {whole / 1e6:.2f} M.", layers, f"Outside yardstick ({COMMANDS}):", slices(result, name), last]
    )


def tell(result, root: pathlib.Path) -> None:
    """Writes docs/quality.md, README.md and the card of every network of COLUMNS that `result` has and models/ holds."""
    networks = {name: root / "models" / name / "model.safetensors" for name in COLUMNS if (root / "models" / name / "model.safetensors").exists()}
    readme = root / "README.md"
    pages: dict[pathlib.Path, Callable[[], str]] = {readme: lambda: overview(result, between(readme.read_text()))}
    pages |= {path.with_name("README.md"): partial(card, result, name, path) for name, path in networks.items()}
    for path, block in pages.items():
        try:
            path.write_text(marked(path.read_text(), block()))
        except ValueError as error:
            raise SystemExit(f"{path} {error}") from error
    words = any("words" in row for row in result["overall"].values())
    head = f"# Quality\n\n{' and '.join(version(path) for path in networks.values())}, as committed; {COMMANDS}, `python -m evaluation tell --json table.json`."
    (root / "docs/quality.md").write_text(document(result, {"words": words}).replace("# Outside yardstick", head, 1))


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--json", type=pathlib.Path, required=True, help="figures of `python -m evaluation table --json`")
    parser.add_argument("--root", type=pathlib.Path, default=pathlib.Path("."), help="of the repository")
    given = parser.parse_args()
    tell(json.loads(given.json.read_text()), given.root)


if __name__ == "__main__":
    main()
