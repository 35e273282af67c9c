"""What a step of training makes smaller: losses of bands, of the teacher, and of what listeners say of the sound."""

import torch

from common.shape import FEATURES, LOOKAHEAD
from training.losses.bands import (
    POOLED_WEIGHT,
    follow_up_gain_loss,
    gain_loss,
    pooled_loss,
    post_filter,
    spectrum_loss,
    speech_loss,
    split,
    strength_loss,
    teacher_loss,
)
from training.losses.listeners import LEVEL, Opinion, Pesq, Spectra, Stoi, pauses, si_sdr
from training.losses.sound import band_energies, banded, enhance, overlap_add


class Listeners:
    """The scores of finished sound that training rises."""

    def __init__(self, args, device):
        self.spectra, self.pesq, self.stoi = Spectra(device, args.keep, args.power, args.complex_share), Pesq(device), Stoi(device)
        self.opinion = Opinion(device, args.p808) if args.p808_weight else None
        self.weights = {
            "sound": -args.sound_weight,
            "taught": -args.taught_weight,
            "pauses": -args.pauses_weight,
            "pesq": args.pesq_weight,
            "stoi": args.stoi_weight,
            "sdr": args.sdr_weight,
            "p808": args.p808_weight,
        }
        self.clips = args.p808_clips
        self.filters = args.filters

    def __call__(self, gains, strengths, rows, spectra, sound, taught=None) -> tuple[torch.Tensor, dict]:
        """Loss of decisions of the frames of `spectra`, and the scores."""
        with torch.autocast(rows.device.type, enabled=False):
            energies = band_energies(rows[..., :FEATURES])
            heard = enhance(gains, strengths, spectra, energies) if self.filters else overlap_add(banded(gains, strengths, spectra, energies))
            # Every voice as loud as the others.
            level = 10 ** ((LEVEL - rows[:, :1, -1]) / 20)
            heard, sound = heard * level, sound * level
            scores = {}
            if self.weights["sound"]:
                scores["sound"] = self.spectra.distance(sound, heard)
            if taught is not None:
                scores["taught"] = self.followed(sound, heard, overlap_add(taught) * level)
            if self.weights["pauses"]:
                scores["pauses"] = pauses(sound, heard)
            # Where nobody speaks there is nothing to compare.
            spoken = sound.square().mean(-1) > 1e-6
            heard, sound = heard[spoken], sound[spoken]
            if len(heard):
                if self.weights["pesq"]:
                    scores["pesq"] = self.pesq.score(sound, heard)
                if self.weights["stoi"]:
                    scores["stoi"] = self.stoi.score(sound, heard)
                if self.weights["sdr"]:
                    scores["sdr"] = si_sdr(sound, heard)
                if self.opinion:
                    scores["p808"] = self.opinion.score(heard[: self.clips])
            if not scores:
                return gains.sum() * 0, {}
        return -sum(self.weights[name] * score.mean() for name, score in scores.items()), {name: score.mean() for name, score in scores.items()}

    def followed(self, clean, heard, taught) -> torch.Tensor:
        """Distance from the teacher's sound, of sequences in which the teacher is nearer to the clean sound than the network is; 0 in the others."""
        with torch.no_grad():
            leads = self.spectra.distance(clean, taught) < self.spectra.distance(clean, heard)
        return self.spectra.distance(taught, heard) * leads


def total_loss(model, rows: torch.Tensor, args, teacher=None, listeners: Listeners | None = None, audible=()) -> tuple[torch.Tensor, dict]:
    features, targets = split(rows)
    gains, strengths, speech = model(features)
    gains, strengths, speech = (y[:, LOOKAHEAD:].float() for y in (gains, strengths, speech))
    applied = post_filter(gains, targets.noisy * targets.mask) if args.post_filter else gains
    spectrum = spectrum_loss(applied, strengths, targets, args.power, args.complex_share, args.keep)
    gain = (follow_up_gain_loss if args.gain_loss == "follow-up" else gain_loss)(applied, targets)
    voice = speech_loss(speech, targets)
    comb = strength_loss(strengths, targets)
    loss = args.spectrum_weight * spectrum + args.gain_weight * gain + args.strength_weight * comb + args.speech_weight * voice
    parts = {"spectrum": spectrum, "gain": gain, "strength": comb, "speech": voice}
    if args.resolutions:
        parts["pooled"] = sum(pooled_loss(applied, targets, frames, args.power, args.keep) for frames in args.resolutions)
        loss = loss + args.spectrum_weight * POOLED_WEIGHT * parts["pooled"]
    if teacher:
        with torch.no_grad():
            taught_gains, taught_strengths, _ = teacher(features)
        parts["teacher"] = teacher_loss(gains, strengths, taught_gains[:, LOOKAHEAD:], taught_strengths[:, LOOKAHEAD:], targets)
        loss = loss + args.teacher_weight * parts["teacher"]
    if listeners and audible:
        told, scores = listeners(gains, strengths, rows, *audible)
        loss, parts = loss + told, parts | scores
    return loss, {name: part.item() for name, part in parts.items()}
