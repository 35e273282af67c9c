"""Random crops of shards, for training."""

from pathlib import Path

import numpy as np
import torch

from common.shape import HOP, LOOKAHEAD
from training.features.own_noise import lower_own_noise


class Shards:
    """Random crops of the shards on disk; looks for new ones now and then.

    With `listen`, batches hold the spectra and the clean sound of `features --spectra` too, with `teacher` those of the teacher after them.
    """

    # What makes them: a step of `python -m training`.
    STEP = "features"

    def __init__(self, cache: Path, frames: int, seed: int, lower: bool = False, held: int = 1, listen: bool = False, teacher: bool = False):
        self.folder, self.frames, self.lower, self.held, self.listen, self.teacher = cache / "shards", frames, lower, held, listen, teacher
        self.rng = np.random.default_rng(seed)
        self.files: list[Path] = []
        self.open: list[np.ndarray] = []
        self.scan()

    def scan(self) -> None:
        files = sorted(self.folder.glob("*.npy"))[self.held :]
        known = dict(zip(self.files, self.open))
        self.files, self.open = [], []
        for file in files:
            try:
                self.open.append(known[file] if file in known else self.load(file))
                self.files.append(file)
            except FileNotFoundError:
                pass  # `features --endless` has taken it away
        if not self.files:
            raise SystemExit(f"no shards of `{self.STEP}` in {self.folder.parent} beside the one held out: run `python -m training {self.STEP}` first")

    def load(self, file: Path) -> np.ndarray:
        shard = np.load(file, mmap_mode="r")
        if self.listen and not all((self.folder.parent / folder / file.name).exists() for folder in ("spectra", "sound")):
            raise SystemExit(f"{file} has no spectra beside it: run `python -m training features --spectra`")
        if self.teacher and not (self.folder.parent / "taught" / file.name).exists():
            raise SystemExit(f"{file} has nothing of a teacher beside it: run `python -m training features --teacher`")
        return shard

    def sequence(self, shard: np.ndarray, at: int) -> np.ndarray:
        rows = shard[at].astype(np.float32)
        return lower_own_noise(rows) if self.lower else rows

    def spectra(self, folder: str, file: Path, number: int, at: int, frames: int) -> np.ndarray:
        """What lies in spectra/ or taught/ of the frames in decision from row at + 2 on, complex [frames - 2, ...]."""
        spectra = np.load(self.folder.parent / folder / file.name, mmap_mode="r")[number, at + LOOKAHEAD : at + frames]
        return spectra.astype(np.float32).view(np.complex64)[..., 0]

    def sound(self, file: Path, number: int, at: int, frames: int) -> np.ndarray:
        """The clean sound where two of those frames overlap."""
        return np.load(self.folder.parent / "sound" / file.name, mmap_mode="r")[number, at * HOP // 3 : (at + frames - LOOKAHEAD - 1) * HOP // 3].copy()

    def crop(self, file: Path, shard: np.ndarray, number: int, at: int, frames: int) -> tuple[np.ndarray, ...]:
        """Rows at .. at + frames of one sequence; with `listen` their spectra and clean sound, with `teacher` what it makes of them."""
        where = (file, number, at, frames)
        heard = (self.spectra("spectra", *where), self.sound(*where)) if self.listen else ()
        taught = (self.spectra("taught", *where),) if self.teacher else ()
        return (self.sequence(shard, number)[at : at + frames], *heard, *taught)

    def batch(self, size: int) -> list[torch.Tensor]:
        """Rows [size, frames, ...]; with `listen` spectra [size, frames - 2, 2, 200] and clean sound [size, 160 (frames - 3)] too."""
        crops: list[tuple[np.ndarray, ...]] = []
        while len(crops) < size:
            which = self.rng.integers(len(self.open))
            shard = self.open[which]
            number = int(self.rng.integers(len(shard)))
            at = int(self.rng.integers(0, shard.shape[1] - self.frames + 1))
            try:
                crops.append(self.crop(self.files[which], shard, number, at, self.frames))
            except FileNotFoundError:
                self.scan()
        return stacked(crops)

    def validation(self, device) -> list[torch.Tensor]:
        """The first shard, which no batch is drawn from: as batch(), of whole sequences."""
        file = sorted(self.folder.glob("*.npy"))[0]
        shard = self.load(file)
        sequences, frames, _ = shard.shape
        return [tensor.to(device) for tensor in stacked([self.crop(file, shard, number, 0, frames) for number in range(sequences)])]


def stacked(crops: list[tuple[np.ndarray, ...]]) -> list[torch.Tensor]:
    return [torch.from_numpy(np.stack(arrays)) for arrays in zip(*crops)]
