"""Writes the outside yardstick's figures where they are told: docs/quality.md, the README, the cards of models/.

    python -m evaluation table --set SET --p808 MODEL.onnx --json table.json
    python -m evaluation tell --json table.json [--root .]

In the README and the cards between the marks `<!-- voice: begin -->` and `<!-- voice: end -->`; what stands around them is written by hand.
"""

import argparse
import json
import pathlib
import re

from evaluation.outside.table import document
from evaluation.report.model_facts import model_facts, version
from evaluation.scores.tables import cell, markdown

COMMANDS = "`python -m evaluation outside --corpus CORPUS --first DATA --out SET`, `python -m evaluation hear --set SET`, `python -m evaluation table --set SET --p808 model_v8.onnx --json table.json`"
# Rows of the README: system, how it is called there.
ROWS = {
    "noisy": "noisy", "rnnoise": "RNNoise 0.1", "gtcrn": "GTCRN (16 kHz)", "deepfilternet3": "DeepFilterNet3", "lite": "**lite** (default, {size})", "full": "**full** ({size})",
}  # fmt: skip
METRICS = ("pesq", "stoi", "sisdr", "p808")
HEAD = ["PESQ-WB", "STOI", "SI-SDR", "P.808"]


def marked(text: str, block: str) -> str:
    """`text` with `block` between its marks. Raises ValueError where it has none."""
    begin, end = "<!-- voice: begin -->", "<!-- voice: end -->"
    if text.count(begin) != 1 or text.count(end) != 1:
        raise ValueError(f"needs one {begin} and one {end}")
    return re.sub(f"{begin}.*{end}", lambda _: f"{begin}\n{block}\n{end}", text, flags=re.S)


def overview(result, sizes) -> str:
    """The README's table: every system over all clips, of clean speech, and of recordings."""
    rows = []
    for name, title in ROWS.items():
        clean = result.get("clean", {}).get(name, {})
        rows.append([
            title.format(size=sizes.get(name)), *(cell(m, result["overall"][name].get(m)) for m in METRICS),
            ", ".join(cell(m, clean.get(m)) for m in ("pesq", "sisdr")), cell("p808", result["recordings"].get(name, {}).get("p808")),
        ])  # fmt: skip
    return markdown(["", *HEAD[:2], "SI-SDR, dB", "P.808", "clean speech through it: PESQ-WB, SI-SDR", "recordings: P.808"], rows)


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
    """Writes docs/quality.md, README.md and the card of every network of ROWS that `result` has and models/ holds."""
    networks = {name: root / "models" / name / "model.safetensors" for name in ROWS if (root / "models" / name / "model.safetensors").exists()}
    sizes = {name: f"{path.stat().st_size / 1e6:.1f} MB" for name, path in networks.items()}
    pages = {root / "README.md": overview(result, sizes)}
    pages |= {path.with_name("README.md"): card(result, name, path) for name, path in networks.items()}
    for path, block in pages.items():
        try:
            path.write_text(marked(path.read_text(), block))
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
