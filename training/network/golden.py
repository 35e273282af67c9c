"""Write the golden vectors of the network tests to test/golden: python -m training golden

tiny.safetensors      a network with small, unequal sizes, random weights, one matrix sparse
tiny.f32              FRAMES x (70 features, 34 gains, 34 strengths, speech), what PyTorch makes of it
finer.safetensors     tiny with a finer stage of random weights
finer.i8, finer.f32   FINER_FRAMES x (features of its bins and the context, in levels of 1/32 and 1/63), and its outputs
layers.json           a convolution and a GRU on their own, with integer weights
All with the exact quantisation of the core, the recurrent activations included. A value that rounds to the other level moves
everything after it, so the network is run with the core's own tanh; that PyTorch's tanh gives nearly the same is checked here.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from unittest import mock

import torch

from common.shape import ACTIVATIONS
from training.export.model_file import export
from training.network.finer import BINS, Finer
from training.network.finer import FEATURES as FINER_FEATURES
from training.network.network import PercepNet, quantise_activations

FRAMES = 60
FINER_FRAMES = 12
SEED = 20240611
TANH_LIMIT = ACTIVATIONS["TANH_LIMIT"]
P = tuple(ACTIVATIONS[f"P{i}"] for i in range(4))
Q = (1.0, *(ACTIVATIONS[f"Q{i}"] for i in range(1, 4)))
OUT = Path(__file__).resolve().parents[2] / "test" / "golden"


def prune(weight: torch.Tensor, density: float) -> None:
    """Zero whole 16 x 4 tiles."""
    rows, columns = weight.shape
    keep = (torch.rand(rows // 16, columns // 4) < density).float()
    weight.mul_(keep.repeat_interleave(16, 0).repeat_interleave(4, 1))


def core_tanh(x: torch.Tensor) -> torch.Tensor:
    t = x.clamp(-TANH_LIMIT, TANH_LIMIT)
    u = t * t
    p = ((P[3] * u + P[2]) * u + P[1]) * u + P[0]
    q = ((Q[3] * u + Q[2]) * u + Q[1]) * u + Q[0]
    return (t * p / q).clamp(-1.0, 1.0)


def core_sigmoid(x: torch.Tensor) -> torch.Tensor:
    return core_tanh(x * 0.5) * 0.5 + 0.5


def run(model: PercepNet, features: torch.Tensor) -> torch.Tensor:
    gains, strengths, speech = model(features)
    return torch.cat([gains, strengths, speech.unsqueeze(-1)], -1)


@torch.no_grad()
def write_network() -> PercepNet:
    torch.manual_seed(SEED)
    model = PercepNet(units=32, conv1=48, conv2=16, strength_units=16, quantise=True, exact=True).eval()
    for weight in model.quantised_weights():
        weight.mul_(2.0)
    model.clamp_weights()
    prune(model.gru2.weight_hh_l0, 0.5)
    prune(model.gru_gain.weight_ih_l0, 0.3)
    features = torch.randn(1, FRAMES, 70) * 1.5
    features[:, 20:30] = 0.0
    with mock.patch.multiple(torch, tanh=core_tanh, sigmoid=core_sigmoid):
        outputs = run(model, features)
    difference = (outputs - run(model, features)).abs()
    print(f"with PyTorch's tanh: mean difference {difference.mean():.2g}, largest {difference.max():.2g}")
    if difference.mean() > 2e-3 or difference[:, 0].max() > 1e-5:
        raise ValueError("the core's tanh does not follow PyTorch's")
    checkpoint = {"model": model.state_dict(), "config": model.config, "card": {"name": "tiny", "version": "0.0.0"}}
    export(checkpoint, OUT / "tiny.safetensors")
    rows = torch.cat([features, outputs], -1)[0]
    (OUT / "tiny.f32").write_bytes(rows.numpy().astype("<f4").tobytes())
    return model


@torch.no_grad()
def write_finer(bands: PercepNet) -> None:
    torch.manual_seed(SEED + 2)
    units = bands.config["units"]
    stage = Finer(channels=32, context=units)
    stage.quantise = True
    stage.place.normal_()
    stage.leave.weight.normal_(0, 0.2)
    stage.leave.bias.normal_(0, 0.2)
    features = torch.randint(-96, 97, (1, FINER_FEATURES, FINER_FRAMES, BINS))
    context = torch.randint(-63, 64, (1, FINER_FRAMES, units))
    arguments = (features / 32, context / 63)
    with mock.patch.multiple(torch, tanh=core_tanh, sigmoid=core_sigmoid):
        outputs = stage.outputs(*arguments)
    difference = (outputs - stage.outputs(*arguments)).abs()
    print(f"finer stage with PyTorch's tanh: mean difference {difference.mean():.2g}, largest {difference.max():.2g}")
    if difference.mean() > 2e-3:
        raise ValueError("the core's tanh does not follow PyTorch's in the finer stage")
    card = {"name": "tiny", "version": "0.0.0"}
    finer = {"model": stage.state_dict(), "config": stage.config}
    export({"model": bands.state_dict(), "config": bands.config, "card": card, "finer": finer}, OUT / "finer.safetensors")
    rows = torch.cat([features[0].transpose(0, 1).flatten(1), context[0]], 1)
    (OUT / "finer.i8").write_bytes(rows.to(torch.int8).numpy().tobytes())
    (OUT / "finer.f32").write_bytes(outputs[0].numpy().astype("<f4").tobytes())


def floats(x: torch.Tensor) -> list:
    return [float(f"{value:.9g}") for value in x.flatten().tolist()]


@torch.no_grad()
def write_layers() -> None:
    torch.manual_seed(SEED + 1)
    inputs, units, frames = 12, 16, 20
    net = PercepNet(units=16, conv1=16, conv2=16, strength_units=16, quantise=True, exact=True)
    x = quantise_activations(torch.rand(1, frames, inputs) * 2 - 1)

    def matrix(rows: int, columns: int) -> tuple[torch.Tensor, torch.Tensor]:
        integers = torch.randint(-127, 128, (rows, columns)).float()
        integers[:, 0] = 127.0
        return integers, torch.rand(rows) * 0.003 + 0.001

    wi, si = matrix(3 * units, inputs)
    wh, sh = matrix(3 * units, units)
    bi, bh = torch.randn(3 * units) * 0.2, torch.randn(3 * units) * 0.2
    bi[units : units + 2] = 20  # two units that keep all they may
    h = net._gru_exact(x, wi * si[:, None], wh * sh[:, None], bi, bh)

    taps = 3
    wc, sc = matrix(units, taps * inputs)
    bc = torch.randn(units) * 0.2
    conv = torch.nn.Conv1d(inputs, units, taps)
    conv.weight.copy_((wc * sc[:, None]).view(units, taps, inputs).transpose(1, 2))
    conv.bias.copy_(bc)
    y = net._conv(conv, x)
    integers = lambda t: t.int().flatten().tolist()  # noqa: E731
    (OUT / "layers.json").write_text(
        json.dumps(
            {
                "inputs": inputs,
                "units": units,
                "frames": frames,
                "taps": taps,
                "x": integers(torch.round(x * 63 + 64)),
                "gru": {
                    "input": {"weights": integers(wi), "scales": floats(si), "bias": floats(bi)},
                    "recurrent": {"weights": integers(wh), "scales": floats(sh), "bias": floats(bh)},
                    "states": floats(h),
                },
                "conv": {"weights": integers(wc), "scales": floats(sc), "bias": floats(bc), "outputs": floats(y)},
            },
            separators=(",", ":"),
        )
        + "\n"
    )


def main() -> None:
    argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter).parse_args()
    OUT.mkdir(parents=True, exist_ok=True)
    torch.set_num_threads(1)
    write_finer(write_network())
    write_layers()
    for file in sorted(OUT.iterdir()):
        print(file.name, file.stat().st_size)


if __name__ == "__main__":
    main()
