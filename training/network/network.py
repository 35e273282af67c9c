"""The PercepNet network in PyTorch: 70 features per 10 ms frame -> 34 band gains, 34 comb strengths, speech probability.

    x  = features                          70
    d  = tanh(dense x)                     128, weights stay float
    c1 = tanh(conv over 5 frames of d)     conv1 (current frame and 4 past ones)
    c2 = tanh(conv over 3 frames of c1)    conv2
    g1, g2, g3 = GRU(c2), GRU(g1), GRU(g2) units each
    gg = GRU(g3)                           units
    gr = GRU([g3, c2])                     strength_units
    gains, speech = sigmoid(gain_out [c2, g1, g2, g3, gg])
    strengths = sigmoid(strength_out gr)

Every layer but the first runs on int8 weights (one scale per row, max |w| / 127) and on activations of seven bits,
q = trunc(63 x + 64.5), x ~ (q - 64) / 63. With quantise on, the forward pass rounds the same way and the backward pass
ignores the rounding (straight-through). The state of a GRU stays float; only the copy that its own recurrent matrix
reads is rounded, and no unit keeps more than RETAIN of it. exact=True takes a plain loop over time instead of gru.py: the reference of the golden vectors.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from common.shape import BANDS, FEATURES
from training.network.gru import RETAIN
from training.network.gru import gru as fast_gru

DENSE = 128
CONV1_TAPS = 5
CONV2_TAPS = 3
WEIGHT_LIMIT = 0.5


def quantise_activations(x: Tensor) -> Tensor:
    """Round x to the 128 levels (q - 64) / 63, q = trunc(63 x + 64.5) in 0..127. Straight-through gradient."""
    x = x.float()
    levels = (torch.clamp(torch.floor(63.0 * x.detach() + 64.5), 0.0, 127.0) - 64.0) * (1.0 / 63.0)
    return x + (levels - x.detach())


def weight_scales(weight: Tensor) -> Tensor:
    """One scale per output row (first dimension): max |w| / 127, 0 for a row of zeros."""
    return weight.detach().float().abs().flatten(1).amax(1) / 127.0


def weight_integers(weight: Tensor) -> Tensor:
    """The int8 values (as float) of a weight whose first dimension is the output row."""
    scale = weight_scales(weight).view(-1, *[1] * (weight.dim() - 1))
    steps = torch.where(scale > 0, weight.detach().float() / scale.clamp_min(1e-30), torch.zeros_like(weight))
    return torch.clamp(torch.round(steps), -127.0, 127.0)


def quantise_weights(weight: Tensor) -> Tensor:
    """Round a weight to its int8 grid. Straight-through gradient."""
    scale = weight_scales(weight).view(-1, *[1] * (weight.dim() - 1))
    return weight + (weight_integers(weight) * scale - weight.detach())


class PercepNet(nn.Module):
    """forward: features [batch, time, 70] -> gains [batch, time, 34], strengths [batch, time, 34], speech [batch, time].

    All three are in 0..1 and float32, also under autocast. Each sequence starts from zero history.
    """

    def __init__(
        self,
        units: int = 256,
        conv1: int = 256,
        conv2: int = 256,
        strength_units: int = 128,
        quantise: bool = False,
        exact: bool = False,
    ) -> None:
        super().__init__()
        self.config = {"units": units, "conv1": conv1, "conv2": conv2, "strength_units": strength_units}
        self.quantise = quantise
        self.exact = exact
        self.dense = nn.Linear(FEATURES, DENSE)
        self.conv1 = nn.Conv1d(DENSE, conv1, CONV1_TAPS)
        self.conv2 = nn.Conv1d(conv1, conv2, CONV2_TAPS)
        self.gru1 = nn.GRU(conv2, units, batch_first=True)
        self.gru2 = nn.GRU(units, units, batch_first=True)
        self.gru3 = nn.GRU(units, units, batch_first=True)
        self.gru_gain = nn.GRU(units, units, batch_first=True)
        self.gru_strength = nn.GRU(units + conv2, strength_units, batch_first=True)
        self.gain_out = nn.Linear(conv2 + 4 * units, BANDS + 1)
        self.strength_out = nn.Linear(strength_units, BANDS)
        for gru in self.grus():
            for gate in gru.weight_hh_l0.data.chunk(3):
                nn.init.orthogonal_(gate)
        self.clamp_weights()

    def grus(self) -> list[nn.GRU]:
        return [self.gru1, self.gru2, self.gru3, self.gru_gain, self.gru_strength]

    def quantised_weights(self) -> list[nn.Parameter]:
        """The weights that run as int8, each with the output row as first dimension."""
        weights = [self.conv1.weight, self.conv2.weight]
        for gru in self.grus():
            weights += [gru.weight_ih_l0, gru.weight_hh_l0]
        return [*weights, self.gain_out.weight, self.strength_out.weight]

    @torch.no_grad()
    def clamp_weights(self) -> None:
        """Keep the weights of the quantised layers within +-1/2; call after each optimiser step."""
        for weight in self.quantised_weights():
            weight.clamp_(-WEIGHT_LIMIT, WEIGHT_LIMIT)

    def forward(self, features: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        d = self._activations(torch.tanh(self.dense(features)))
        c1 = self._activations(self._conv(self.conv1, d))
        c2 = self._activations(self._conv(self.conv2, c1))
        g1 = self._activations(self._gru(self.gru1, c2))
        g2 = self._activations(self._gru(self.gru2, g1))
        g3 = self._activations(self._gru(self.gru3, g2))
        gg = self._activations(self._gru(self.gru_gain, g3))
        gr = self._activations(self._gru(self.gru_strength, torch.cat([g3, c2], -1)))
        bands = self._linear(self.gain_out, torch.cat([c2, g1, g2, g3, gg], -1))
        strengths = self._linear(self.strength_out, gr)
        return torch.sigmoid(bands[..., :BANDS]), torch.sigmoid(strengths), torch.sigmoid(bands[..., BANDS])

    def _activations(self, x: Tensor) -> Tensor:
        return quantise_activations(x) if self.quantise else x.float()

    def _weight(self, weight: Tensor) -> Tensor:
        return quantise_weights(weight) if self.quantise else weight

    def _conv(self, conv: nn.Conv1d, x: Tensor) -> Tensor:
        padded = functional.pad(x.transpose(1, 2), (conv.kernel_size[0] - 1, 0))
        y = functional.conv1d(padded, self._weight(conv.weight), conv.bias)
        return torch.tanh(y.float()).transpose(1, 2)

    def _linear(self, linear: nn.Linear, x: Tensor) -> Tensor:
        return functional.linear(x, self._weight(linear.weight), linear.bias).float()

    def _gru(self, gru: nn.GRU, x: Tensor) -> Tensor:
        weights = [self._weight(gru.weight_ih_l0), self._weight(gru.weight_hh_l0), gru.bias_ih_l0, gru.bias_hh_l0]
        if self.quantise and self.exact:
            with torch.autocast(x.device.type, enabled=False):
                return self._gru_exact(x.float(), *weights)
        return fast_gru(x, *weights, self.quantise)

    def _gru_exact(self, x: Tensor, w_ih: Tensor, w_hh: Tensor, b_ih: Tensor, b_hh: Tensor) -> Tensor:
        inputs = functional.linear(x, w_ih, b_ih)
        h = x.new_zeros(x.shape[0], w_hh.shape[1])
        outputs = []
        for t in range(x.shape[1]):
            ir, iz, inn = inputs[:, t].chunk(3, -1)
            hr, hz, hn = functional.linear(quantise_activations(h), w_hh, b_hh).chunk(3, -1)
            r = torch.sigmoid(ir + hr)
            z = torch.sigmoid(iz + hz).clamp(max=RETAIN)
            n = torch.tanh(inn + r * hn)
            h = n + z * (h - n)
            outputs.append(h)
        return torch.stack(outputs, 1)
