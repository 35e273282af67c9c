"""The mean of two trained networks of one family: python -m training average A.pt B.pt OUT.pt --sparse lite (A and B may be model files)

Of files that have a finer stage it is the mean of bands and stages; where one is a checkpoint of a stage alone, of the stages.

B went on from A's weights, so both lie in one valley of the loss, and the mean is often better than either. Where their tiles
differ, the strongest of the mean stay, as many as each has. The card and the hours of the result are B's.
"""

import argparse
from pathlib import Path

import torch

from training.export.restore import checkpoint, seconds_heard
from training.network.finer import Finer
from training.network.network import PercepNet
from training.network.sparsity import DENSITY, BlockSparsity


def average(a: dict, b: dict, density: dict[str, float] | None) -> PercepNet | Finer:
    """Checkpoints as train.py writes them; ValueError when their sizes differ."""
    if a["config"] != b["config"]:
        raise ValueError(f"networks of different sizes: {a['config']} and {b['config']}")
    network = (Finer if "channels" in b["config"] else PercepNet)(**b["config"])
    network.load_state_dict({name: torch.lerp(weight, b["model"][name], 0.5) for name, weight in a["model"].items()})
    if density and isinstance(network, PercepNet):
        sparsity = BlockSparsity(network, density)
        sparsity.update(network, 1.0)
        sparsity.apply(network)
    return network


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("a", type=Path)
    parser.add_argument("b", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--sparse", choices=sorted(DENSITY))
    arguments = parser.parse_args()
    a, b = (checkpoint(path) for path in (arguments.a, arguments.b))
    density = DENSITY[arguments.sparse] if arguments.sparse else None

    def mean(a: dict, b: dict) -> dict:
        network = average(a, b, density)
        return {"model": network.state_dict(), "config": network.config}

    card = {"card": b.get("card", {})}
    if "finer" in a and "finer" in b:
        torch.save({**mean(a, b), "finer": mean(a["finer"], b["finer"]), **card}, arguments.out)
    else:
        torch.save({**mean(a.get("finer", a), b.get("finer", b)), **card, "heard": seconds_heard(b)}, arguments.out)


if __name__ == "__main__":
    main()
