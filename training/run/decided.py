"""What a trained band network decides of shards, beside them: decided/, float16 [sequences, frames - 2, 2 * 161 + 3 * 100 + context].

    python -m training decided --cache CACHE --bands MODEL [--watch]

For train_finer.py, which hears each shard many times: of the frames in decision, the spectrum that is heard without a
finer stage (re and im, bins up to 8 kHz); for bins below 5 kHz that of the clean sound (re and im) and the log power of the noise as the enhancer learns it; then the state of gru_gain. With --watch it goes on with new shards.
"""

import argparse
import os
import time
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from common.shape import FEATURES, LOOKAHEAD, SAMPLE_RATE
from training.export.restore import checkpoint
from training.losses.sound import NARROW_BINS, NARROW_HOP, RATE, WINDOW, band_energies, factors
from training.network.finer import BINS, log_power
from training.network.network import PercepNet


class Bands(PercepNet):
    """The band network as it runs in the core, that tells the state of gru_gain too."""

    @classmethod
    def of(cls, path: Path) -> "Bands":
        state = checkpoint(path)
        bands = cls(**state["config"], quantise=True).requires_grad_(False).eval()
        bands.load_state_dict(state["model"])
        return bands

    def _gru(self, gru, x):
        state = super()._gru(gru, x)
        if gru is self.gru_gain:
            self.context = state
        return state

    def decide(self, features: Tensor, spectra: Tensor) -> tuple[tuple[Tensor, ...], Tensor, Tensor, Tensor]:
        """features [batch, time, 70], spectra [batch, time - 2, 2, 200] -> what forward() returns; S and log power of the noise [batch, time - 2, 200], context [batch, time - 2, units]."""
        decided = self(features)
        with torch.autocast(features.device.type, enabled=False):
            gains, strengths, _ = (y[:, LOOKAHEAD:].float() for y in decided)
            mixed, kept, noise = factors(gains, strengths, spectra, band_energies(features))
            return decided, mixed * kept, log_power(noise), self._activations(self.context)[:, LOOKAHEAD:].float()


def clean_spectra(sound: Tensor) -> Tensor:
    """Clean sound [batch, 160 frames] of a shard -> spectra of its frames in decision [batch, frames - 2, 161] as the core has them."""
    frames = functional.pad(sound, (NARROW_HOP, 0)).unfold(-1, 2 * NARROW_HOP, NARROW_HOP)
    return torch.fft.rfft(frames * WINDOW.to(sound.device)) * (SAMPLE_RATE / RATE)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cache", type=Path, required=True)
    parser.add_argument("--bands", type=Path, required=True, help="checkpoint or model file")
    parser.add_argument("--watch", action="store_true")
    args = parser.parse_args()
    torch.set_num_threads(1)
    torch.set_grad_enabled(False)
    bands = Bands.of(args.bands)
    folder = args.cache / "decided"
    folder.mkdir(exist_ok=True)
    while True:
        for file in sorted((args.cache / "shards").glob("*.npy")):
            if (folder / file.name).exists():
                continue
            parts = []
            for at in range(0, len(shard := np.load(file, mmap_mode="r")), 8):
                features = torch.from_numpy(shard[at : at + 8, :, :FEATURES].astype(np.float32))
                spectra, sound = (np.load(args.cache / kind / file.name, mmap_mode="r")[at : at + 8] for kind in ("spectra", "sound"))
                spectra = torch.from_numpy(spectra[:, LOOKAHEAD:].astype(np.float32).view(np.complex64)[..., 0])
                _, heard, noise, context = bands.decide(features, spectra)
                clean = clean_spectra(torch.from_numpy(sound.copy()))[:, : heard.shape[1]]
                complexes = [torch.view_as_real(x.contiguous()).flatten(-2) for x in (heard[..., :NARROW_BINS], clean[..., :BINS])]
                parts.append(torch.cat([*complexes, noise[..., :BINS], context], -1).half().numpy())
            decided = np.concatenate(parts)
            temporary = folder / f"{os.getpid()}.tmp"
            with open(temporary, "wb") as f:
                np.save(f, decided)
            temporary.replace(folder / file.name)
        if not args.watch:
            break
        time.sleep(20)


if __name__ == "__main__":
    main()
