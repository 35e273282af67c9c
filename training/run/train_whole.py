"""Trains the bands and the finer stage behind them together, by the sound that both make.

    python -m training train-whole --cache CACHE --out RUN --weights MODEL --minutes 100

MODEL is a network with a finer stage: a model file, or RUN/latest.pt of this. CACHE is of `features --spectra --teacher`. Resumes by itself, and several processes share one training
(run/loop.py).
"""

import argparse

import torch
from torch import Tensor, nn

from common.shape import FEATURES, LOOKAHEAD
from training.export.restore import checkpoint, seconds_heard
from training.features.shards import Shards
from training.losses.finer import FinerLoss
from training.losses.objective import total_loss
from training.losses.sound import NARROW_BINS
from training.network.finer import BINS, Finer
from training.network.sparsity import DENSITY, BlockSparsity
from training.run import train, train_finer
from training.run.decided import Bands, clean_spectra
from training.run.loop import Run

# What the bands learn besides is what keeps those above 8 kHz, whose sound nobody scores, and the speech probability.
OF_BANDS = ["--resolutions", "2", "4", "8", "--keep", "0.15", "--strength-weight", "0.03"]


class Whole(nn.Module):
    """features [batch, time, 70], spectra [batch, time - 2, 2, 200] -> decisions of the bands on all frames, S [batch, time - 4, 200], what the stage makes of it [batch, time - 4, 100]."""

    def __init__(self, bands: dict, finer: dict) -> None:
        super().__init__()
        self.config = {"bands": bands, "finer": finer}
        self.bands, self.finer = Bands(**bands), Finer(**finer)

    @property
    def quantise(self) -> bool:
        return self.bands.quantise

    @quantise.setter
    def quantise(self, on: bool) -> None:
        self.bands.quantise = self.finer.quantise = on

    def forward(self, features: Tensor, spectra: Tensor) -> tuple[tuple[Tensor, ...], Tensor, Tensor]:
        decided, *of_frames = self.bands.decide(features, spectra)
        # The stage sees two frames ahead.
        s, noise, context = (x[:, :-LOOKAHEAD] for x in of_frames)
        y, p = spectra[:, :, 0, :BINS], spectra[:, :-LOOKAHEAD, 1, :BINS]
        return decided, s, self.finer(s[..., :BINS], noise[..., :BINS], y, p, context)


class WholeRun(Run):
    """The training of a whole network, the sparsity of its bands included."""

    def __init__(self, args: argparse.Namespace):
        super().__init__(args)
        state = checkpoint(args.weights, self.device)
        if "finer" not in state:
            raise SystemExit(f"{args.weights} has no finer stage: --weights takes a network with one")
        stage = state["finer"]
        weights = {f"bands.{name}": w for name, w in state["model"].items()} | {f"finer.{name}": w for name, w in stage["model"].items()}
        self.begin(Whole(state["config"], stage["config"]), weights, seconds_heard(state))
        self.measure, self.of_bands = FinerLoss(args, self.device), train.parser().parse_args(["--cache", "", "--out", "", *OF_BANDS])
        self.sparsity = BlockSparsity(self.network.bands, DENSITY[args.sparse]) if args.sparse else None
        if self.sparsity:
            self.sparsity.update(self.network.bands, 1.0)

    def loss(self, network: nn.Module, batch: list[Tensor]) -> tuple[Tensor, dict[str, float]]:
        rows, spectra, sound, taught = batch
        decided, s, out = network(rows[..., :FEATURES], spectra)
        loss, parts = total_loss(lambda _: decided, rows, self.of_bands)
        # Half of the first frame's clean sound lies before the crop.
        s, out, clean, taught = (x[:, 1 : s.shape[1]] for x in (s, out, clean_spectra(sound), taught))
        level = train_finer.to_level(rows[:, 0, -1])
        told, scores = self.measure.of(out, s[..., :BINS], s[..., BINS:NARROW_BINS], clean[..., :BINS], taught[..., :BINS], level)
        return loss + told, parts | scores

    def stepped(self, done: float) -> None:
        self.network.bands.clamp_weights()
        if self.sparsity:
            self.sparsity.apply(self.network.bands)

    def averaged(self) -> None:
        if self.sparsity:
            self.sparsity.apply(self.average.bands)


def parser() -> argparse.ArgumentParser:
    parser = train_finer.parser(__doc__)
    parser.add_argument("--sparse", choices=sorted(DENSITY), help="keep the tiles of bands that have so many of them")
    parser.set_defaults(batch=4, frames=602, warm_up=50, average=0.995, save_every=100, log_every=20, quantise_from=0.0, rate=5e-4,
                        keep=0.8, taught_weight=16.0, pesq_weight=0.22, stoi_weight=2.0, sdr_weight=0.03, p808_weight=0.05)  # fmt: skip
    return parser


def main() -> None:
    torch.set_num_threads(1)
    args = parser().parse_args()
    run = WholeRun(args)
    run.learn(Shards(args.cache, args.frames, args.seed + 1000 * run.rank, listen=True, teacher=True))


if __name__ == "__main__":
    main()
