"""Trains a network on feature shards: python -m training train --cache CACHE --out RUN --minutes 100 [--units 256]

Resumes by itself, and several processes share one training (run/loop.py).

With --listen the finished sound is scored as well (losses/sound.py, losses/listeners.py), for the last run of a network:
python -m training train --listen --cache CACHE --out RUN --weights BEFORE --batch 6 --frames 904 --rate 2e-4 ...
"""

import argparse
from pathlib import Path

from torch import Tensor, nn

from training.export.restore import checkpoint
from training.features.shards import Shards
from training.losses.objective import Listeners, total_loss
from training.network.network import PercepNet
from training.network.sparsity import DENSITY, BlockSparsity
from training.run.loop import Run, add_options

# Masks move every so many steps.
SPARSE_EVERY = 20


def parser() -> argparse.ArgumentParser:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add_options(parser, batch=48, frames=202, warm_up=200, average=0.998, save_every=500, quantise_from=0.6)
    parser.add_argument("--units", type=int, default=256)
    parser.add_argument("--strength-units", type=int, default=128)
    parser.add_argument("--power", type=float, default=0.3)
    parser.add_argument("--complex-share", type=float, default=0.4)
    parser.add_argument("--keep", type=float, default=0.3, help="extra weight of magnitudes that are too low")
    parser.add_argument("--resolutions", type=int, nargs="*", default=[], help="frames over which energies are compared as well, such as 2 4 8")
    parser.add_argument("--spectrum-weight", type=float, default=1.0)
    parser.add_argument("--gain-loss", choices=("paper", "follow-up"), default="paper")
    parser.add_argument("--gain-weight", type=float, default=0.03)
    parser.add_argument("--strength-weight", type=float, default=0.06)
    parser.add_argument("--speech-weight", type=float, default=0.02)
    parser.add_argument("--lower-own-noise", action="store_true", help="targets of noisy voices with a lower floor (features/own_noise.py)")
    parser.add_argument("--teacher", type=Path, help="checkpoint or model file of a larger network to learn from")
    parser.add_argument("--teacher-weight", type=float, default=0.1)
    parser.add_argument("--listen", action="store_true", help="score the finished sound too (losses/listeners.py); needs a cache with --spectra")
    parser.add_argument("--sound-weight", type=float, default=1.0, help="of the distance of compressed spectra of the finished sound")
    parser.add_argument("--taught-weight", type=float, default=0.0, help="of the distance from the teacher's sound; needs a cache with --teacher")
    parser.add_argument("--pauses-weight", type=float, default=0.0, help="of a decibel of what is left where nobody speaks")
    parser.add_argument("--filters", action=argparse.BooleanOptionalAction, default=False, help="the filters behind the network in the finished sound")
    parser.add_argument("--pesq-weight", type=float, default=0.0)
    parser.add_argument("--stoi-weight", type=float, default=0.0)
    parser.add_argument("--sdr-weight", type=float, default=0.0, help="of a decibel")
    parser.add_argument("--p808", type=Path, help="DNSMOS P.808 model (model_v8.onnx); the one of speechmos by default")
    parser.add_argument("--p808-weight", type=float, default=0.0, help="of what it says")
    parser.add_argument("--p808-clips", type=int, default=8, help="sequences of a batch that it hears: it takes longest")
    parser.add_argument("--post-filter", action=argparse.BooleanOptionalAction, default=False, help="of the article, in the loss of bands")
    parser.add_argument("--sparse", choices=sorted(DENSITY), help="grow block sparsity to these densities")
    parser.add_argument("--sparse-span", type=float, nargs=2, default=(0.02, 0.5), metavar=("FROM", "TO"),
                        help="shares of the run between which tiles are cut; 0 0 keeps the tiles of weights that are sparse already")  # fmt: skip
    return parser


class Bands(Run):
    """The training of a network of bands, its sparsity included."""

    def __init__(self, args: argparse.Namespace):
        super().__init__(args)
        weights = checkpoint(self.weights, self.device)["model"] if self.weights else None
        self.begin(PercepNet(args.units, args.units, args.units, args.strength_units), weights)
        self.listeners = Listeners(args, self.device) if args.listen else None
        self.teacher = None
        if args.teacher:
            state = checkpoint(args.teacher, self.device)
            self.teacher = PercepNet(**state["config"]).to(self.device).requires_grad_(False)
            self.teacher.load_state_dict(state["model"])
            self.teacher.quantise = args.teacher.suffix == ".safetensors"
        self.sparsity = BlockSparsity(self.network, DENSITY[args.sparse]) if args.sparse else None
        if self.sparsity:
            self.sparsity.update(self.network, self.cut(self.done()))

    def cut(self, done: float) -> float:
        """How far the tiles are cut, from 0 to 1 (and beyond), when so much of the run is over."""
        begin, end = self.args.sparse_span
        return (done - begin) / (end - begin) if end > begin else 1.0

    def loss(self, network: nn.Module, batch: list[Tensor]) -> tuple[Tensor, dict[str, float]]:
        rows, *audible = batch
        return total_loss(network, rows, self.args, self.teacher, self.listeners, audible)

    def stepped(self, done: float) -> None:
        self.network.clamp_weights()
        if self.sparsity:
            # The masks of a finished schedule stay: tiles no longer come back.
            if self.step % SPARSE_EVERY == 0 and done < self.args.sparse_span[1] + 0.02:
                self.sparsity.update(self.network, self.cut(done))
            self.sparsity.apply(self.network)

    def averaged(self) -> None:
        if self.sparsity:
            self.sparsity.apply(self.average)

    def told(self) -> dict[str, float]:
        return {"kept": self.sparsity.kept()} if self.sparsity else {}


def main() -> None:
    args = parser().parse_args()
    if args.taught_weight and not args.listen:
        parser().error("--taught-weight needs --listen: the teacher is heard")
    run = Bands(args)
    run.learn(Shards(args.cache, args.frames, args.seed + 1000 * run.rank, args.lower_own_noise, listen=args.listen, teacher=args.taught_weight > 0))


if __name__ == "__main__":
    main()
