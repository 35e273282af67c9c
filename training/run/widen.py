"""Grow a trained network: python -m training widen CHECKPOINT OUT --units 512

The old network sits unchanged inside the new one: new units read old ones but nothing old reads them yet, so the outputs are
the same to rounding, and training goes on from there instead of from noise (the idea of arXiv 1511.05641, without copies of
units, which would stay equal under symmetric gradients).
"""

from __future__ import annotations

import argparse
from pathlib import Path

import torch
from torch import Tensor

from training.export.restore import checkpoint
from training.network.network import PercepNet


def spans(sizes: list[tuple[int, int]]) -> Tensor:
    """Places of the old entries in a concatenation of (old, new) sizes."""
    places, at = [], 0
    for old, new in sizes:
        places.append(torch.arange(old) + at)
        at += new
    return torch.cat(places)


@torch.no_grad()
def widen(small: PercepNet, large: PercepNet) -> None:
    """Copies small into large, which keeps its random weights for what the new units read."""
    s, l = small.config, large.config
    conv1, conv2, units, strength = ((s[k], l[k]) for k in ("conv1", "conv2", "units", "strength_units"))

    def place(name: str, rows: list, columns: list | None) -> None:
        source, target = dict(small.named_parameters())[name], dict(large.named_parameters())[name]
        at = spans(rows)
        if columns is None:
            target[at] = source
            return
        across = spans(columns)
        # What is old reads nothing new.
        target[at] = 0
        target[at.unsqueeze(1), across] = source

    for name in ("dense.weight", "dense.bias"):
        dict(large.named_parameters())[name].copy_(dict(small.named_parameters())[name])
    place("conv1.weight", [conv1], [(128, 128)])
    place("conv2.weight", [conv2], [conv1])
    inputs = {"gru1": [conv2], "gru2": [units], "gru3": [units], "gru_gain": [units], "gru_strength": [units, conv2]}
    for name, columns in inputs.items():
        size = strength if name == "gru_strength" else units
        place(f"{name}.weight_ih_l0", [size] * 3, columns)
        place(f"{name}.weight_hh_l0", [size] * 3, [size])
        place(f"{name}.bias_ih_l0", [size] * 3, None)
        place(f"{name}.bias_hh_l0", [size] * 3, None)
    place("gain_out.weight", [(35, 35)], [conv2, units, units, units, units])
    place("strength_out.weight", [(34, 34)], [strength])
    for name, rows in (("conv1.bias", [conv1]), ("conv2.bias", [conv2]), ("gain_out.bias", [(35, 35)]), ("strength_out.bias", [(34, 34)])):
        place(name, rows, None)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("checkpoint", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--units", type=int, default=512)
    arguments = parser.parse_args()
    state = checkpoint(arguments.checkpoint)
    small = PercepNet(**state["config"])
    small.load_state_dict(state["model"])
    torch.manual_seed(1)
    large = PercepNet(arguments.units, arguments.units, arguments.units, state["config"]["strength_units"])
    widen(small, large)
    torch.save({"model": large.state_dict(), "config": large.config, "card": state.get("card", {})}, arguments.out)


if __name__ == "__main__":
    main()
