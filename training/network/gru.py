"""A GRU layer whose training step is fast on a CPU and exact about the int8 arithmetic of the core.

Same equations as torch.nn.GRU, but for an update gate of at most RETAIN. Matrix products run in bf16 where autocast is
on, the state stays float32, and the weight gradients are one product over all frames instead of one a frame. With
quantise on, the copy of the state that the recurrent matrix reads is rounded to seven bits, as the core does
(straight-through gradient).
"""

import torch
from torch import Tensor

from common.shape import SETTINGS

RETAIN = SETTINGS["RETAIN"]


def _round7(h: Tensor) -> Tensor:
    return (torch.floor(63.0 * h + 64.5).clamp_(0.0, 127.0) - 64.0).mul_(1.0 / 63.0)


class _Gru(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x: Tensor, w_ih: Tensor, w_hh: Tensor, b_ih: Tensor, b_hh: Tensor, quantise: bool, dtype: torch.dtype):
        batch, time, width = x.shape
        units = w_hh.shape[1]
        xt = x.transpose(0, 1).reshape(time * batch, width).to(dtype)
        wi, wh = w_ih.to(dtype), w_hh.to(dtype)
        bias = b_ih.float().clone()
        bias[: 2 * units] += b_hh[: 2 * units]
        gi = (xt @ wi.t()).float().add_(bias).view(time, batch, 3 * units)
        wht = wh.t().contiguous()
        states = x.new_zeros(time + 1, batch, units, dtype=torch.float32)
        read = torch.empty(time, batch, units, dtype=dtype, device=x.device)
        rz = torch.empty(time, batch, 2 * units, device=x.device)
        candidate = torch.empty(time, batch, units, device=x.device)
        recurrent = torch.empty(time, batch, units, device=x.device)
        bn = b_hh[2 * units :].float()
        for t in range(time):
            h = states[t]
            read[t] = _round7(h) if quantise else h
            gh = (read[t] @ wht).float()
            gates = torch.add(gi[t, :, : 2 * units], gh[:, : 2 * units], out=rz[t]).sigmoid_()
            hn = torch.add(gh[:, 2 * units :], bn, out=recurrent[t])
            n = torch.addcmul(gi[t, :, 2 * units :], gates[:, :units], hn, out=candidate[t]).tanh_()
            torch.lerp(n, h, gates[:, units:].clamp_(max=RETAIN), out=states[t + 1])
        ctx.save_for_backward(xt, wi, wh, states, read, rz, candidate, recurrent)
        ctx.shape = (batch, time, width)
        return states[1:].transpose(0, 1)

    @staticmethod
    def backward(ctx, grad: Tensor):
        xt, wi, wh, states, read, rz, candidate, recurrent = ctx.saved_tensors
        batch, time, width = ctx.shape
        units = wh.shape[1]
        r, z = rz[..., :units], rz[..., units:]
        # Factors that need no carry, for all frames at once.
        slope_n = (1 - z) * (1 - candidate * candidate)
        slope_z = (states[:-1] - candidate) * z * (1 - z)
        slope_r = recurrent * r * (1 - r)
        dt = grad.transpose(0, 1).contiguous()
        d_hidden = torch.empty(time, batch, 3 * units, dtype=wh.dtype, device=grad.device)
        d_candidate = torch.empty(time, batch, units, dtype=wh.dtype, device=grad.device)
        carry = torch.zeros(batch, units, device=grad.device)
        for t in range(time - 1, -1, -1):
            dh = dt[t].add_(carry)
            dn = dh * slope_n[t]
            d_candidate[t] = dn
            d_hidden[t, :, :units] = dn * slope_r[t]
            d_hidden[t, :, units : 2 * units] = dh * slope_z[t]
            d_hidden[t, :, 2 * units :] = dn * r[t]
            carry = torch.addcmul((d_hidden[t] @ wh).float(), dh, z[t])
        flat = d_hidden.view(time * batch, 3 * units)
        d_input = torch.cat([flat[:, : 2 * units], d_candidate.view(time * batch, units)], 1)
        dx = (d_input @ wi).view(time, batch, width).transpose(0, 1)
        dw_hh = (flat.t() @ read.view(time * batch, units)).float()
        dw_ih = (d_input.t() @ xt).float()
        return dx.float(), dw_ih, dw_hh, d_input.float().sum(0), flat.float().sum(0), None, None


def gru(x: Tensor, w_ih: Tensor, w_hh: Tensor, b_ih: Tensor, b_hh: Tensor, quantise: bool = False) -> Tensor:
    """x [batch, time, inputs] -> states [batch, time, units] from a zero state; gates in torch's order r, z, n."""
    dtype = torch.get_autocast_dtype(x.device.type) if torch.is_autocast_enabled(x.device.type) else torch.float32
    with torch.autocast(x.device.type, enabled=False):
        return _Gru.apply(x.float(), w_ih, w_hh, b_ih, b_hh, quantise, dtype)
