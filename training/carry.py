"""Carries a network over to a core whose features or comb filter are others, as a student of itself.

Teacher and student hear the same mixtures, each with the features of its own core (train.py --teacher-cache). The student starts from
the teacher's weights, its first layer translated, follows the teacher's gains and speech probability, which have nothing to do with
the comb filter, and learns the strengths of the new one from clean speech.
"""

import torch
from torch import Tensor
from torch.nn import functional

from core import FEATURES
from loss import EPS, LOOKAHEAD, masked_mean, post_filter, spectrum_loss, split, strength_loss

# Per feature, so that one that hardly varies is not stretched.
RIDGE = 1e-5


def translate(weights: dict[str, Tensor], new: Tensor, old: Tensor) -> dict[str, Tensor]:
    """Weights whose first layer reads new features [frames, 70] as it read old ones of the same frames: least squares of old from new."""
    x = torch.cat([new.double(), new.new_ones(len(new), 1).double()], 1)
    ridge = RIDGE * len(x) * torch.eye(x.shape[1], dtype=x.dtype, device=x.device)
    ridge[-1, -1] = 0
    matrix = torch.linalg.solve(x.T @ x + ridge, x.T @ old.double())
    weight = weights["dense.weight"].double()
    return weights | {
        "dense.weight": (weight @ matrix[:FEATURES].T).float(),
        "dense.bias": (weights["dense.bias"].double() + weight @ matrix[FEATURES]).float(),
    }


def carried_loss(model, rows: Tensor, heard: Tensor, teacher, args) -> tuple[Tensor, dict[str, Tensor]]:
    """Loss of rows [batch, time, 243] beside the teacher's features of the same frames [batch, time, 70], and its parts."""
    features, targets = split(rows)
    gains, strengths, speech = (y[:, LOOKAHEAD:].float() for y in model(features))
    with torch.no_grad():
        taught_gains, _, taught_speech = (y[:, LOOKAHEAD:].float() for y in teacher(heard))
    loudness = targets.noisy * targets.mask
    applied, taught = post_filter(gains, loudness), post_filter(taught_gains, loudness)
    level = ((applied * targets.noisy + EPS) ** args.power - (taught * targets.noisy + EPS) ** args.power) ** 2
    parts = {
        "gain": masked_mean(((gains + EPS) ** 0.5 - (taught_gains + EPS) ** 0.5) ** 2 + level, targets.mask),
        "spectrum": spectrum_loss(taught, strengths, targets, args.power, args.complex_share, args.keep),
        "strength": strength_loss(strengths, targets),
        "speech": functional.binary_cross_entropy(speech.clamp(1e-5, 1 - 1e-5), taught_speech.clamp(1e-5, 1 - 1e-5)),
    }
    loss = args.teacher_weight * parts["gain"] + args.spectrum_weight * parts["spectrum"]
    return loss + args.strength_weight * parts["strength"] + args.speech_weight * parts["speech"], parts
