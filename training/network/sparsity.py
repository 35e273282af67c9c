"""Block sparsity grown during training: tiles of 16 x 4 weights with the least energy go, more of them as training goes on.

The schedule is the cubic one of arXiv 1710.01878; a tile that was cut may come back while the mask still moves. Tiles are those
of export/model_file.py, so what is zero here costs neither bytes nor time in the core.
"""

from __future__ import annotations

import torch
from torch import Tensor

from common.shape import TILE_COLUMNS, TILE_ROWS
from training.network.network import PercepNet

# Share of the tiles that stay, per part of the network. GRU densities hold for the input and the recurrent matrix alike.
# Order of densities as in the follow-up paper (arXiv 2102.05245): candidate over update over reset.
DENSITY = {
    "lite": {"conv1": 0.7, "conv2": 0.5, "candidate": 0.47, "update": 0.3, "reset": 0.2},
    "wide": {"conv1": 0.7, "conv2": 0.5, "candidate": 0.55, "update": 0.35, "reset": 0.2},
}
GATES = ("reset", "update", "candidate")


def as_matrix(weight: Tensor) -> Tensor:
    """[rows, columns] as export/model_file.py stores it: taps of a convolution side by side, oldest first."""
    return weight.transpose(1, 2).flatten(1) if weight.dim() == 3 else weight


def tile_mask(matrix: Tensor, density: float) -> Tensor:
    """1 for the weights of the tiles with the most energy, [rows, columns]."""
    rows, columns = matrix.shape
    tiles = matrix.detach().float().view(rows // TILE_ROWS, TILE_ROWS, columns // TILE_COLUMNS, TILE_COLUMNS)
    energy = tiles.square().sum((1, 3))
    keep = max(1, round(density * energy.numel()))
    threshold = energy.flatten().kthvalue(energy.numel() - keep + 1).values
    mask = (energy >= threshold).to(matrix.dtype)
    return mask.repeat_interleave(TILE_ROWS, 0).repeat_interleave(TILE_COLUMNS, 1)


class BlockSparsity:
    """Masks of a network. update() moves them, apply() zeroes the weights outside: call it after each optimiser step."""

    def __init__(self, model: PercepNet, density: dict[str, float]):
        gates = tuple(density[gate] for gate in GATES)
        self.densities: dict[str, tuple[float, ...]] = {f"{name}.weight": (density[name],) for name in ("conv1", "conv2")}
        names = {id(parameter): name for name, parameter in model.named_parameters()}
        for gru in model.grus():
            for weight in (gru.weight_ih_l0, gru.weight_hh_l0):
                self.densities[names[id(weight)]] = gates
        self.masks: dict[str, Tensor] = {}
        self.update(model, 0.0)

    @torch.no_grad()
    def update(self, model: PercepNet, progress: float) -> None:
        """progress 0: dense; 1: the densities asked for."""
        left = (1 - min(1.0, max(0.0, progress))) ** 3
        for name, densities in self.densities.items():
            weight = model.get_parameter(name)
            gates = as_matrix(weight).chunk(len(densities))
            mask = torch.cat([tile_mask(gate, d + (1 - d) * left) for gate, d in zip(gates, densities)])
            if weight.dim() == 3:
                mask = mask.view(weight.shape[0], weight.shape[2], weight.shape[1]).transpose(1, 2).contiguous()
            self.masks[name] = mask

    @torch.no_grad()
    def apply(self, model: PercepNet) -> None:
        for name, mask in self.masks.items():
            model.get_parameter(name).mul_(mask)

    def kept(self) -> int:
        """Weights that stay, over all matrices that may be sparse."""
        return int(sum(mask.sum() for mask in self.masks.values()))
