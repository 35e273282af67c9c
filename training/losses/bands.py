"""Losses of a frame from band statistics alone: the enhanced spectrum is never built.

For a band with noisy y, comb output p and clean x, the enhanced band is g c z with z = (1 - r) y + r p and c = ||y|| / ||z||.
Norms and real correlations of y, p and x per band (assembly/entries/oracle.ts) are all that its distance from x depends on.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from common.shape import BANDS, COMB_PERIODS, FEATURES, HOP, LOOKAHEAD, MAX_PERIOD, MIN_PERIOD, SETTINGS
from common.sound import SILENCE, SPEECH
from training.features.columns import noisy_level

POSTFILTER_BETA = SETTINGS["POST_FILTER_BETA"]
EPS = 1e-4
# Weight of the distance at each coarser resolution beside that of single frames.
POOLED_WEIGHT = 0.5


@dataclass
class Targets:
    """Statistics of the frames in decision, [batch, time, 34] unless stated."""

    noisy: Tensor  # ||y|| relative to the speech level of the sequence
    ratio: Tensor  # ||x|| / ||y||
    rho_xy: Tensor
    kappa: Tensor  # ||p|| / ||y||
    rho_xp: Tensor
    rho_yp: Tensor
    strength: Tensor  # ideal strength of the comb filter
    mask: Tensor  # 1 where the band has a target
    speech: Tensor  # [batch, time]: 1 speech, 0 none, -1 undecided


def split(rows: Tensor) -> tuple[Tensor, Targets]:
    """Rows [batch, time, 243] of a shard -> features [batch, time, 70] and the targets of all but the first two frames."""
    features = rows[..., :FEATURES]
    late = rows[:, LOOKAHEAD:]
    stats = late[..., FEATURES : FEATURES + 5 * BANDS].unflatten(-1, (5, BANDS))
    bands = torch.arange(BANDS, device=rows.device)
    clean = late[..., FEATURES + 5 * BANDS]
    speech = torch.where(clean > SPEECH, 1.0, torch.where(clean < SILENCE, 0.0, -1.0))
    return features, Targets(
        noisy=10 ** (noisy_level(rows).clamp(-120, 60) / 20),
        ratio=stats[..., 0, :],
        rho_xy=stats[..., 1, :],
        kappa=stats[..., 2, :],
        rho_xp=stats[..., 3, :],
        rho_yp=late[..., BANDS : 2 * BANDS],
        strength=ideal_strength(stats[..., 4, :], late[..., BANDS : 2 * BANDS], late[..., 2 * BANDS]),
        mask=(bands < late[..., -2:-1]).float(),
        speech=speech,
    )


def comb_noise() -> Tensor:
    """s2, the sum of squared weights of the comb filter, with 0 to 3 periods of future."""
    squares = []
    for future in range(COMB_PERIODS + 1):
        k = torch.cat([torch.arange(1, future + 1), torch.arange(1, COMB_PERIODS + 1)])
        w = 0.5 + 0.5 * torch.cos(torch.pi * k / (COMB_PERIODS + 1))
        squares.append(float((w**2).sum() / w.sum() ** 2))
    return torch.tensor(squares)


COMB_NOISE = comb_noise()


def periodicity(q: Tensor, s2: Tensor) -> Tensor:
    """How periodic a band is by its coherence q with the comb filter's output: assembly/entries/oracle.ts."""
    b = (1 - s2) * q**2
    return torch.sqrt(0.5 * (b + torch.sqrt(b**2 + 4 * s2 * q**2)))


def ideal_strength(qx: Tensor, qy: Tensor, period_feature: Tensor) -> Tensor:
    """r of assembly/entries/oracle.ts from the coherences of clean and noisy and the period's feature, -1 (60) to 1 (800)."""
    period = MIN_PERIOD * (MAX_PERIOD / MIN_PERIOD) ** ((period_feature + 1) / 2)
    future = (LOOKAHEAD * HOP / period + 1e-3).floor().clamp(1, COMB_PERIODS).long()
    s2 = COMB_NOISE.to(qx.device)[future].unsqueeze(-1)
    x, y = periodicity(qx.clamp(0, 1), s2), periodicity(qy.clamp(0, 1), s2)
    allowed = y**2 * (1 - x**2) / (x**2 * (1 - y**2)).clamp_min(1e-9)
    r = (1 - torch.sqrt((1 - (1 + s2) * (1 - allowed)).clamp_min(0))) / (1 + s2)
    return torch.where(y >= x, 0.0, r).clamp(0, 1)


def post_filter(gains: Tensor, noisy: Tensor) -> Tensor:
    """The envelope post-filter of assembly/enhance/postfilter.ts."""
    warped = gains * torch.sin(0.5 * torch.pi * gains)
    energy = noisy**2
    e0 = (gains**2 * energy).sum(-1, keepdim=True)
    e1 = (warped**2 * energy).sum(-1, keepdim=True)
    ratio = (e0 / (e1 + 1e-12)).clamp(1, 50)
    return warped * torch.sqrt((1 + POSTFILTER_BETA) * ratio / (1 + POSTFILTER_BETA * ratio**2))


def masked_mean(loss: Tensor, mask: Tensor) -> Tensor:
    return (loss * mask).sum() / mask.sum().clamp_min(1)


def magnitude_loss(enhanced: Tensor, clean: Tensor, keep: float) -> Tensor:
    """Squared distance; what is below the clean one counts 1 + keep times: eaten speech is worse than a little noise."""
    return (enhanced - clean) ** 2 * (1 + keep * (enhanced < clean))


def spectrum_loss(gains: Tensor, strengths: Tensor, t: Targets, power: float, complex_share: float, keep: float = 0.0) -> Tensor:
    """Compressed magnitude and complex distance of enhanced and clean bands, mean over the masked bands."""
    r = strengths
    energy = (1 - r) ** 2 + 2 * r * (1 - r) * t.rho_yp * t.kappa + (r * t.kappa) ** 2
    norm = torch.sqrt(energy.clamp_min(1e-4))
    rho = ((1 - r) * t.rho_xy + r * t.kappa * t.rho_xp) / norm
    enhanced = (gains * t.noisy + EPS) ** power
    clean = (t.ratio * t.noisy + EPS) ** power
    magnitude = magnitude_loss(enhanced, clean, keep)
    # |a - b|^2 of the compressed complex bands.
    phase = enhanced**2 + clean**2 - 2 * enhanced * clean * rho.clamp(-1, 1)
    loss = (1 - complex_share) * magnitude + complex_share * phase
    return masked_mean(loss, t.mask)


def pooled_loss(gains: Tensor, t: Targets, frames: int, power: float, keep: float = 0.0) -> Tensor:
    """The magnitude part of spectrum_loss for mean energies of `frames` frames that overlap by half: long notes, vowels, pauses."""

    def pool(x: Tensor) -> Tensor:
        return torch.nn.functional.avg_pool1d(x.transpose(1, 2), frames, max(1, frames // 2)).transpose(1, 2)

    # The mask is the same in all frames of a sequence.
    enhanced = (pool((gains * t.noisy) ** 2) + EPS**2) ** (power / 2)
    clean = (pool((t.ratio * t.noisy) ** 2) + EPS**2) ** (power / 2)
    return masked_mean(magnitude_loss(enhanced, clean, keep), pool(t.mask))


def gain_loss(gains: Tensor, t: Targets) -> Tensor:
    """L_g of arXiv 2008.04259: squared and fourth-power error of sqrt(g)."""
    error = ((gains + EPS) ** 0.5 - (t.ratio.clamp(0, 1) + EPS) ** 0.5) ** 2
    loss = error + 10 * error**2
    return masked_mean(loss, t.mask)


def follow_up_gain_loss(gains: Tensor, t: Targets) -> Tensor:
    """L_g of arXiv 2102.05245: distance of g^0.6 relative to the larger of the two, and ten times its square."""
    target, estimate = (t.ratio.clamp(0, 1) + EPS) ** 0.6, (gains + EPS) ** 0.6
    error = (target - estimate) ** 2 / (torch.maximum(target, estimate) + EPS)
    loss = error + 10 * error**2
    return masked_mean(loss, t.mask)


def teacher_loss(gains: Tensor, strengths: Tensor, teacher_gains: Tensor, teacher_strengths: Tensor, t: Targets) -> Tensor:
    """Distillation: squared distance of sqrt(g) and sqrt(1 - r) from a larger network's."""
    g = ((gains + EPS) ** 0.5 - (teacher_gains + EPS) ** 0.5) ** 2
    r = ((1 - strengths + EPS) ** 0.5 - (1 - teacher_strengths + EPS) ** 0.5) ** 2
    return masked_mean(g + r, t.mask)


def strength_loss(strengths: Tensor, t: Targets) -> Tensor:
    """L_r of arXiv 2008.04259: squared error of sqrt(1 - r)."""
    loss = ((1 - strengths + EPS) ** 0.5 - (1 - t.strength + EPS) ** 0.5) ** 2
    return masked_mean(loss, t.mask)


def speech_loss(speech: Tensor, t: Targets) -> Tensor:
    known = (t.speech >= 0).float()
    p = speech.clamp(1e-5, 1 - 1e-5)
    entropy = -(t.speech * p.log() + (1 - t.speech) * (1 - p).log())
    return masked_mean(entropy, known)
