"""What the training of a finer stage makes smaller: distances of its spectra and what listeners.py says of their sound."""

import argparse

import torch
from torch.nn import functional

from common.shape import HOP
from training.losses.listeners import Opinion, Pesq, Spectra, Stoi, pauses, si_sdr
from training.losses.sound import NARROW_BINS, overlap_add
from training.network.finer import BINS

# From the core's unnormalised spectra, whose window has the mean square 1/2, to those of listeners.Spectra.
SCALE = (3 / 8 / HOP) ** 0.5
SILENT = (0, NARROW_BINS - BINS)


class FinerLoss:
    """Distance of compressed spectra from the clean ones, and from the teacher's where those are nearer to the clean ones than S is; what listeners.py says of the sound."""

    def __init__(self, args: argparse.Namespace, device: torch.device):
        self.args, self.spectra, self.pesq, self.stoi = args, Spectra(device, args.keep, args.power, args.complex_share), Pesq(device), Stoi(device)
        self.opinion = Opinion(device, args.p808) if args.p808_weight else None
        self.pauses_weight = args.pauses_weight
        self.weights = {"pesq": args.pesq_weight, "stoi": args.stoi_weight, "sdr": args.sdr_weight, "p808": args.p808_weight}

    def __call__(self, net, s, noise, y, p, context, above, clean, taught, level) -> tuple[torch.Tensor, dict]:
        return self.of(net(s, noise, y, p, context), s, above, clean, taught, level)

    def of(self, out, s, above, clean, taught, level) -> tuple[torch.Tensor, dict]:
        """Loss and its parts; those with a 0 are without the stage. Spectra [batch, time, BINS], `above` of the bins from there to 8 kHz; level [batch]."""
        with torch.autocast(s.device.type, enabled=False):
            # As loud as listeners.Spectra wants voices, its windows' scale.
            level = level.view(-1, 1, 1)
            out, s, above, clean, taught = (x * level for x in (out, s, above, clean, taught))

            def distance(x, y):
                return self.spectra.compressed(x * SCALE, y * SCALE).mean((1, 2))

            with torch.no_grad():
                parts = {"clean0": distance(clean, s), "taught0": distance(taught, s)}
                # A teacher that is further from the clean sound than what it is to mend teaches its mistakes.
                parts["leads"] = (distance(clean, taught) < parts["clean0"]).float()
            parts |= {"clean": distance(clean, out), "taught": distance(taught, out) * parts["leads"]}
            loss = self.args.clean_weight * parts["clean"].mean() + self.args.taught_weight * parts["taught"].mean()
            if self.pauses_weight:
                parts["pauses"] = pauses(overlap_add(functional.pad(clean, SILENT)), overlap_add(torch.cat([out, above], -1)))
                loss = loss + self.pauses_weight * parts["pauses"]
            # The sound below 5 kHz, where there is something to compare.
            x, y = overlap_add(functional.pad(clean, SILENT)), overlap_add(functional.pad(out, SILENT))
            spoken = x.square().mean(-1) > 1e-6
            if spoken.any():
                x, y = x[spoken], y[spoken]
                parts |= {"pesq": self.pesq.score(x, y), "stoi": self.stoi.score(x, y), "sdr": si_sdr(x, y)}
                if self.opinion:
                    parts["p808"] = self.opinion.score(overlap_add(torch.cat([out, above], -1)[spoken]))
                loss = loss - sum(weight * parts[name].mean() for name, weight in self.weights.items() if weight)
                if not torch.is_grad_enabled():
                    y = overlap_add(functional.pad(s, SILENT))[spoken]
                    parts |= {"pesq0": self.pesq.score(x, y), "stoi0": self.stoi.score(x, y), "sdr0": si_sdr(x, y)}
                    if self.opinion:
                        parts["p8080"] = self.opinion.score(overlap_add(torch.cat([s, above], -1)[spoken]))
        return loss, {name: part.mean().item() for name, part in parts.items()}
