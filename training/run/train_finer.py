"""Trains the finer stage (network/finer.py) behind a trained band network, which stays as it is.

    python -m training decided --cache CACHE --bands MODEL
    python -m training train-finer --cache CACHE --out RUN --minutes 100

CACHE is of `features --spectra --teacher`. Resumes by itself, and several processes share one training (run/loop.py).
"""

import argparse
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from common.shape import LOOKAHEAD
from training.export.restore import checkpoint, seconds_heard
from training.features.shards import Shards
from training.losses.finer import FinerLoss
from training.losses.listeners import LEVEL
from training.losses.sound import NARROW_BINS
from training.network.finer import BINS, Finer
from training.run.loop import Run, add_options

# Of what a crop holds.
CONTEXT = 4


def to_level(level):
    """The factor that brings voices of so many dBFS, a number or several, to LEVEL."""
    return 10 ** ((LEVEL - level) / 20)


class Decided(Shards):
    """Shards with what decided.py wrote beside them: S, N, Y (two frames more), P, context, what is heard above S, clean, teacher's and level of each crop."""

    STEP = "decided"

    def __init__(self, cache: Path, frames: int, seed: int):
        super().__init__(cache, frames + 2 * LOOKAHEAD, seed, listen=True, teacher=True)

    def load(self, file: Path) -> np.ndarray:
        if not (self.folder.parent / "decided" / file.name).exists():
            raise FileNotFoundError(file)
        return super().load(file)

    def crop(self, file: Path, shard: np.ndarray, number: int, at: int, frames: int) -> tuple:
        def part(folder: str, begin: int, end: int) -> np.ndarray:
            return np.load(self.folder.parent / folder / file.name, mmap_mode="r")[number, begin:end]

        def spectra(x: np.ndarray) -> np.ndarray:
            return np.ascontiguousarray(x, np.float32).view(np.complex64)[..., 0]

        time = frames - 2 * LOOKAHEAD
        decided = part("decided", at, at + time)
        heard, clean, noise, context = np.split(decided, np.cumsum([2 * NARROW_BINS, 2 * BINS, BINS]), -1)
        heard, clean = (spectra(x.reshape(time, -1, 2)) for x in (heard, clean))
        noise, context = noise.astype(np.float32), context.astype(np.float32)
        noisy, comb = spectra(part("spectra", at + LOOKAHEAD, at + frames)[:, :, :BINS]).swapaxes(0, 1)
        taught = spectra(part("taught", at + LOOKAHEAD, at + LOOKAHEAD + time)[:, :BINS])
        level = to_level(shard[number, at, -1].astype(np.float32))
        return heard[:, :BINS], noise, noisy, comb[:time], context, heard[:, BINS:], clean, taught, level


def weights_of(path: Path, config: dict[str, int]) -> tuple[dict[str, Tensor], float]:
    """State dict of a finer stage of these sizes and the seconds it has heard, out of a checkpoint of train-finer or a model file. SystemExit: there is none, or one of other sizes."""
    state = checkpoint(path)
    stage = state.get("finer", state)
    if "channels" not in stage["config"]:
        raise SystemExit(f"{path} has no finer stage: --weights takes a checkpoint of train-finer, or a model file that has one")
    if stage["config"] != config:
        raise SystemExit(
            f"{path} has a finer stage of {stage['config']}, this run trains one of {config}: give --channels, and --bands of the same width to decided"
        )
    return stage["model"], seconds_heard(state)


class Stage(Run):
    """The training of a finer stage."""

    def __init__(self, args: argparse.Namespace):
        super().__init__(args)
        self.shards = Decided(args.cache, args.frames, args.seed + 1000 * self.rank)
        network = Finer(args.channels, self.shards.batch(1)[CONTEXT].shape[-1])
        self.begin(network, *(weights_of(self.weights, network.config) if self.weights else ()))
        self.measure = FinerLoss(args, self.device)

    def loss(self, network: nn.Module, batch: list[Tensor]) -> tuple[Tensor, dict[str, float]]:
        return self.measure(network, *batch)


def parser(text: str | None = __doc__) -> argparse.ArgumentParser:
    """The command line; `text` is what it says of the step."""
    parser = argparse.ArgumentParser(description=text, formatter_class=argparse.RawDescriptionHelpFormatter)
    add_options(parser, batch=2, frames=300, warm_up=300, average=0.999, save_every=1000, quantise_from=0.5)
    parser.add_argument("--channels", type=int, default=32)
    parser.add_argument("--power", type=float, default=0.5, help="that compresses spectra")
    parser.add_argument("--complex-share", type=float, default=0.1, help="of the complex distance: where the phase is unknown it asks for less than there is")
    parser.add_argument("--keep", type=float, default=0.5, help="extra weight of magnitudes that are too low")
    parser.add_argument("--clean-weight", type=float, default=4.0, help="of the distance of compressed spectra from the clean ones")
    parser.add_argument("--taught-weight", type=float, default=8.0, help="of the distance from the teacher's")
    parser.add_argument("--pesq-weight", type=float, default=0.005)
    parser.add_argument("--stoi-weight", type=float, default=0.05)
    parser.add_argument("--sdr-weight", type=float, default=0.001, help="of a decibel")
    parser.add_argument("--pauses-weight", type=float, default=0.0, help="of a decibel of what is left where nobody speaks")
    parser.add_argument("--p808", type=Path, help="DNSMOS P.808 model (model_v8.onnx); the one of speechmos by default")
    parser.add_argument("--p808-weight", type=float, default=0.0, help="of what it says of the sound below 8 kHz")
    return parser


def main() -> None:
    torch.set_num_threads(1)
    run = Stage(parser().parse_args())
    run.learn(run.shards)


if __name__ == "__main__":
    main()
