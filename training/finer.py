"""The finer stage: a complex weight of every bin below 8 kHz on top of the bands' sound, by one small network that all of the spectrum shares.

    x   = what is known of each bin (INPUTS numbers)              [160, 10]
    e   = tanh(conv over 8 bins, every 4th)                       [40, C]
    m   = tanh(conv over 3 positions of e)                        [40, C]
    h   = GRU(m) through time, the same weights at each position  [40, C]
    d   = tanh(conv over 3 positions of [h, e])                   [40, C]
    out = linear d -> two numbers for each of the 4 bins          [160, 2]

    X_k = (1 + a_k + i b_k) g_k c_k Z_k

The last layer starts at zero: the stage begins as identity, on a trained band network. Positions are 200 Hz apart, so that harmonics of one voice lie
at different places of each: what is learnt of a harmonic at 500 Hz is known at 3 kHz.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional

from gru import gru
from loss import LOOKAHEAD

BINS = 160
STRIDE = 4
SPAN = 8
POSITIONS = BINS // STRIDE
INPUTS = 10
CHANNELS = 32


def level(power: Tensor) -> Tensor:
    """As the features of band energies: about -2 in silence, 2 at full scale."""
    return 0.4 * torch.log10(power + 1e-7) + 0.5


class Finer(nn.Module):
    """forward: noisy and comb-filtered spectra and the bands' sound -> weights, all [batch, time, BINS]."""

    def __init__(self, channels: int = CHANNELS):
        super().__init__()
        self.channels = channels
        self.encode = nn.Linear(SPAN * INPUTS, channels)
        self.before = nn.Linear(3 * channels, channels)
        self.gru = nn.GRU(channels, channels, batch_first=True)
        self.after = nn.Linear(6 * channels, channels)
        self.decode = nn.Linear(channels, 2 * STRIDE)
        nn.init.zeros_(self.decode.weight)
        nn.init.zeros_(self.decode.bias)
        self.where = nn.Parameter(torch.zeros(POSITIONS, channels))

    @staticmethod
    def beside(x: Tensor) -> Tensor:
        """[..., positions, channels] -> [..., positions, 3 channels]: each with its neighbours."""
        padded = functional.pad(x, (0, 0, 1, 1))
        return torch.cat([padded[..., :-2, :], x, padded[..., 2:, :]], -1)

    def inputs(self, spectra: Tensor, sound: Tensor, gains: Tensor, strengths: Tensor) -> Tensor:
        """spectra [batch, time, 2, SPECTRUM] complex; sound [batch, time, SPECTRUM] complex; gains, strengths [batch, time, SPECTRUM]: [batch, time, BINS, INPUTS]."""
        y, p, x = spectra[:, :, 0, :BINS], spectra[:, :, 1, :BINS], sound[..., :BINS]
        py, pp, px = (s.real**2 + s.imag**2 for s in (y, p, x))
        coherence = (y.real * p.real + y.imag * p.imag) * torch.rsqrt((py + 1e-9) * (pp + 1e-9))
        own = level(py)
        # The two frames to come; the last ones of a sequence are followed by themselves.
        later = torch.cat([own, own[:, -1:].expand(-1, LOOKAHEAD, -1)], 1)
        # The turn of phase since the frame before, against the one a steady tone in the middle of the bin makes: a hop is half a window, so every odd bin turns by pi.
        last = torch.cat([torch.zeros_like(y[:, :1]), y[:, :-1]], 1)
        turn = y * last.conj()
        turn = turn / (turn.abs() + 1e-6)
        odd = 1 - 2 * (torch.arange(BINS, device=y.device) % 2)
        return torch.stack([own, level(pp), level(px), later[:, 1:-1], later[:, 2:], coherence, gains[..., :BINS], strengths[..., :BINS], turn.real * odd, turn.imag * odd], -1)

    def forward(self, spectra: Tensor, sound: Tensor, gains: Tensor, strengths: Tensor) -> Tensor:
        batch, time = sound.shape[:2]
        x = self.inputs(spectra, sound, gains, strengths)
        # Windows of 8 bins, every 4th, that begin two bins below.
        x = functional.pad(x, (0, 0, 2, SPAN - STRIDE - 2)).unfold(2, SPAN, STRIDE).flatten(3)
        e = torch.tanh(self.encode(x) + self.where)
        m = torch.tanh(self.before(self.beside(e)))
        h = m.transpose(1, 2).reshape(batch * POSITIONS, time, self.channels)
        g = self.gru
        h = gru(h, g.weight_ih_l0, g.weight_hh_l0, g.bias_ih_l0, g.bias_hh_l0)
        h = h.reshape(batch, POSITIONS, time, self.channels).transpose(1, 2)
        d = torch.tanh(self.after(self.beside(torch.cat([h, e], -1))))
        w = self.decode(d).view(batch, time, BINS, 2)
        return torch.complex(1 + w[..., 0], w[..., 1])
