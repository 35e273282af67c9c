"""The finer stage in PyTorch: complex mask and deep filter of the bins below 5 kHz, by layers that share their weights along frequency.

    f  = per bin: log powers of S, Y, Y+1, Y+2, N, comb's coherence (re, im), turn of Y since the last frame (re, im)    9
    e  = tanh(conv over 8 bins of f, every 4th bin, + context of the frame + place)                         25 x channels, weights stay float
    q1 = QRNN over this frame and the last, 3 places, of e
    m  = tanh(all places of the state of q1 mixed)                                                         weights stay float
    q2 = QRNN over 3 places of [q1, m]
    q3 = QRNN over 3 places of [q2, q1]
    o  = linear [q3, q1, e], overlapped to bins: mask and taps

S is what the stages before it make of the frame (synthesis.enhance), N the noise as they learn it, Y the noisy spectrum, context the state of the band network's gru_gain. A QRNN (Bradbury et al. 2017)
is h = z h' + (1 - z) n with gates that read only its inputs: z = sigmoid, n = tanh. Weights and activations are rounded as network.py says;
the state h stays float, what is passed on is rounded. With all weights of `leave` at zero the stage is the identity.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional

from common.shape import FINER, HOP, SETTINGS
from training.network.network import quantise_activations, quantise_weights

BINS, STRIDE, KERNEL, PLACES, FEATURES, OUTPUTS = (FINER[f"FINER_{name}"] for name in ("BINS", "STRIDE", "KERNEL", "PLACES", "FEATURES", "OUTPUTS"))
LIMIT, MOST, RETAIN = (SETTINGS[f"FINER_{name}"] for name in ("LIMIT", "MOST", "RETAIN"))
TAPS = 3


class _Scan(torch.autograd.Function):
    """h[t] = n[t] + z[t] (h[t - 1] - n[t]) along dimension 1 from zero."""

    @staticmethod
    def forward(ctx, z: Tensor, n: Tensor) -> Tensor:
        h = torch.empty_like(n)
        torch.mul(n[:, 0], 1 - z[:, 0], out=h[:, 0])
        for t in range(1, n.shape[1]):
            torch.lerp(n[:, t], h[:, t - 1], z[:, t], out=h[:, t])
        ctx.save_for_backward(z, n, h)
        return h

    @staticmethod
    def backward(ctx, grad: Tensor):
        z, n, h = ctx.saved_tensors
        total = grad.clone(memory_format=torch.contiguous_format)
        for t in range(n.shape[1] - 2, -1, -1):
            total[:, t].addcmul_(total[:, t + 1], z[:, t + 1])
        dz = -n
        dz[:, 1:] += h[:, :-1]
        return total * dz, total * (1 - z)


class Qrnn(nn.Module):
    """x [batch, inputs, time, places] -> h [batch, channels, time, places]."""

    def __init__(self, inputs: int, channels: int, frames: int = 1):
        super().__init__()
        self.frames = frames
        self.conv = nn.Conv2d(inputs, 2 * channels, (frames, 3))

    def forward(self, x: Tensor, weight: Tensor) -> Tensor:
        gates = functional.conv2d(functional.pad(x, (1, 1, self.frames - 1, 0)), weight, self.conv.bias).float()
        z, n = gates.permute(0, 2, 3, 1).chunk(2, -1)
        h = _Scan.apply(torch.sigmoid(z).clamp(max=RETAIN).contiguous(), torch.tanh(n).contiguous())
        return h.permute(0, 3, 1, 2)


def unit(z: Tensor) -> Tensor:
    return z * torch.rsqrt(z.real**2 + z.imag**2 + 1e-9)


def log_power(power: Tensor) -> Tensor:
    return torch.log10(power / HOP**2 + SETTINGS["FEATURE_FLOOR"]) * SETTINGS["FEATURE_SCALE"] + SETTINGS["FEATURE_OFFSET"]


class Finer(nn.Module):
    """S, P: complex [batch, time, BINS]; Y the same of [batch, time + 2, BINS]; log_power(N) [batch, time, BINS]; context [batch, time, width] -> enhanced [batch, time, BINS]."""

    def __init__(self, channels: int = 32, context: int = 256) -> None:
        super().__init__()
        self.config = {"channels": channels, "context": context}
        self.quantise, c = False, channels
        self.enter = nn.Conv2d(FEATURES, c, (1, KERNEL), (1, STRIDE), (0, (KERNEL - STRIDE) // 2))
        self.place = nn.Parameter(torch.zeros(c, 1, PLACES))
        self.context = nn.Linear(context, c)
        self.qrnn1 = Qrnn(c, c, 2)
        self.mix = nn.Linear(PLACES, PLACES)
        self.qrnn2 = Qrnn(2 * c, c)
        self.qrnn3 = Qrnn(2 * c, c)
        self.leave = nn.Conv2d(3 * c, KERNEL * OUTPUTS, 1)
        nn.init.zeros_(self.leave.weight)
        nn.init.zeros_(self.leave.bias)

    def _activations(self, x: Tensor) -> Tensor:
        return quantise_activations(x) if self.quantise else x.float()

    def _weight(self, w: Tensor) -> Tensor:
        return quantise_weights(w) if self.quantise else w

    def _qrnn(self, layer: Qrnn, x: Tensor) -> Tensor:
        return layer(x, self._weight(layer.conv.weight))

    def features(self, s: Tensor, noise: Tensor, y: Tensor, p: Tensor) -> Tensor:
        """[batch, FEATURES, time, BINS]."""
        time = s.shape[1]
        now, last = y[:, :time], before(y)[:, :time]
        towards = p * now.conj() * (2 / (p.abs() ** 2 + now.abs() ** 2 + 1e-9))
        turn = unit(now * last.conj())
        powers = [log_power(x.real**2 + x.imag**2) for x in (s, now, y[:, 1 : time + 1], y[:, 2 : time + 2])]
        return torch.stack([*powers, noise, towards.real, towards.imag, turn.real, turn.imag], 1).clamp(-LIMIT, LIMIT)

    def forward(self, s: Tensor, noise: Tensor, y: Tensor, p: Tensor, context: Tensor) -> Tensor:
        with torch.no_grad():
            f = self.features(s, noise, y, p)
        return self.apply_outputs(self.outputs(f, context), s, y[:, : s.shape[1] + 1])

    def outputs(self, f: Tensor, context: Tensor) -> Tensor:
        """Features [batch, FEATURES, time, BINS], context [batch, time, width] -> [batch, time, OUTPUTS, BINS]."""
        batch, _, time, _ = f.shape
        c = functional.linear(context, self._weight(self.context.weight), self.context.bias).transpose(1, 2).unsqueeze(-1)
        e = self._activations(torch.tanh(self.enter(f.contiguous(memory_format=torch.channels_last)).float() + c.float() + self.place))
        h1 = self._qrnn(self.qrnn1, e)
        q1 = self._activations(h1)
        m = self._activations(torch.tanh(self.mix(h1).float()))
        q2 = self._activations(self._qrnn(self.qrnn2, torch.cat([q1, m], 1)))
        q3 = self._activations(self._qrnn(self.qrnn3, torch.cat([q2, q1], 1)))
        o = functional.conv2d(torch.cat([q3, q1, e], 1), self._weight(self.leave.weight), self.leave.bias).float()
        # Each place tells of 8 bins; those of two neighbours are added.
        o = o.permute(0, 2, 1, 3).reshape(batch * time, OUTPUTS * KERNEL, PLACES)
        pad = (KERNEL - STRIDE) // 2
        return functional.fold(o, (1, BINS + 2 * pad), (1, KERNEL), stride=(1, STRIDE))[:, :, 0, pad : pad + BINS].reshape(batch, time, OUTPUTS, BINS)

    def apply_outputs(self, o: Tensor, s: Tensor, y: Tensor) -> Tensor:
        """(2 sigmoid + i tanh) S + sqrt(gain) (taps on Y-1, Y, Y+1)."""
        now, after = y[:, :-1], y[:, 1:] * alternating(y)
        w = torch.tanh(o[:, :, 1:])
        mask = 2 * torch.sigmoid(o[:, :, 0]) + 1j * w[:, :, 0]
        gain = torch.sqrt((s.abs() + 1e-6) / (now.abs() + 1e-6)).clamp(max=MOST)
        w = w[:, :, 1 : 1 + TAPS] + 1j * w[:, :, 1 + TAPS :]
        return s * mask + gain * (w[:, :, 0] * before(y)[:, :-1] + w[:, :, 1] * now + w[:, :, 2] * after)


def alternating(y: Tensor) -> Tensor:
    """A steady tone at the centre of bin k turns by pi k in a hop."""
    return 1 - 2 * (torch.arange(y.shape[-1], device=y.device) % 2)


def before(y: Tensor) -> Tensor:
    return functional.pad(y, (0, 0, 1, 0))[:, :-1] * alternating(y)
