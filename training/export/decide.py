"""Decisions of a trained network in PyTorch, as float and with the rounding of the exported file, for evaluation/ablate.mjs.

    python -m training decide CHECKPOINT --out DIR noisy.wav ...

Writes DIR/float/NAME.f32 and DIR/rounded/NAME.f32: [hops, 34 gains + 34 strengths + speech] float32 of each 48 kHz mono file.
CHECKPOINT is what `python -m training export` takes.
"""

import argparse
from pathlib import Path

import numpy as np
import soundfile as sf
import torch

from common.core import Core
from common.shape import FEATURES, HOP, LOOKAHEAD
from common.sound import RATE
from training.losses.sound import as_taught
from training.network.network import PercepNet

DELAY = (1 + LOOKAHEAD) * HOP


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("checkpoint", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("files", type=Path, nargs="+")
    args = parser.parse_args()
    checkpoint = torch.load(args.checkpoint, map_location="cpu", weights_only=True)
    network = PercepNet(**checkpoint["config"]).eval()
    network.load_state_dict(checkpoint["model"])
    core = Core()
    for folder in ("float", "rounded"):
        (args.out / folder).mkdir(parents=True, exist_ok=True)
    for path in args.files:
        noisy, rate = sf.read(path, dtype="float32")
        if rate != RATE or noisy.ndim != 1:
            raise SystemExit(f"{path} is not 48 kHz mono")
        hops = -(-(len(noisy) + DELAY) // HOP)
        noisy = np.pad(noisy, (0, hops * HOP - len(noisy)))
        features = torch.from_numpy(core.features(noisy, noisy)[None, :, :FEATURES].copy())
        for folder in ("float", "rounded"):
            network.quantise = folder == "rounded"
            with torch.no_grad():
                gains, strengths, speech = network(features)
            gains = as_taught(gains)
            rows = torch.cat([gains[0], strengths[0], speech[0, :, None]], -1)
            (args.out / folder / f"{path.stem}.f32").write_bytes(rows.numpy().astype("<f4").tobytes())


if __name__ == "__main__":
    main()
