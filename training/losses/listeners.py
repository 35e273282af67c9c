"""What measures of listening say of enhanced sound, as losses: a relative of PESQ, STOI, SI-SDR, DNSMOS P.808, and what is left in pauses. All take 16 kHz sound.

They know nothing of the other's clock: clean and heard must be aligned. Scores in the cards are of the real P.862.2, pystoi and onnxruntime (evaluation/scores).
"""

import importlib.util
import math
from pathlib import Path

import onnx
import torch
from onnx import numpy_helper
from torch import Tensor
from torch.nn import functional

from common.sound import NARROW as RATE
from common.sound import SILENCE

# Added to energies of full scale 1 and to their roots: no gradient may become infinite in digital silence.
EPS = 1e-9
# Of voices in the loss, dBFS; nobody hears what lies further below them, dB. Samples of a block of 20 ms.
LEVEL, QUIET, BLOCK = -26.0, -60.0, 320


def bark(hertz: Tensor) -> Tensor:
    """Traunmueller 1990."""
    return 26.81 * hertz / (1960 + hertz) - 0.53


class Pesq:
    """A differentiable relative of P.862.2: loudness of 49 bands of the Bark scale, what is missing and what was added, over 0.3 s.

    Without its alignment in time, with formulas in place of its tables. WEIGHTS were fitted to the real one on 27 noisy clips of the development set, as they
    are and with 70 and 90 % of their clean ones (correlation 0.97): three numbers of the measure, none of the network.
    """

    FRAME, HOP, BANDS = 512, 256, 49
    # Score of P.862 = 4.41 - 0.662 (what is missing) - 0.0533 (what was added).
    WEIGHTS = (4.41, 0.662, 0.0533)
    # Frames of P.862's intervals of 0.3 s.
    INTERVAL = 20
    POWER, LOUDNESS = 6.910853e-6 * 2.2, 0.1866055

    def __init__(self, device: torch.device | str = "cpu"):
        hertz = torch.arange(self.FRAME // 2 + 1) * RATE / self.FRAME
        low, high = bark(torch.tensor(16.0)), bark(torch.tensor(RATE / 2))
        wanted = ((bark(hertz) - low) / (high - low) * self.BANDS).floor().clamp(0, self.BANDS - 1).long().tolist()
        # Every band has a bin: at the low end bands are wider than the scale says.
        band, bands = -1, []
        for bin_band in wanted[1:]:
            band += bin_band > band
            bands.append(band)
        count = band + 1
        member = functional.one_hot(torch.tensor(bands), count).float()
        bins = member.sum(0)
        ends = [k for k in range(len(bands)) if k + 1 == len(bands) or bands[k + 1] != bands[k]]
        edges = torch.tensor([0.0, *((k + 1.5) * RATE / self.FRAME for k in ends)])
        self.width = (bark(edges[1:]) - bark(edges[:-1])).clamp_min(0.05).to(device)
        centre = bark((hertz[1:, None] * member).sum(0) / bins).clamp_min(0.1).to(device)
        self.threshold = 0.3 + 10 ** (5.2 - 2.3 * centre.clamp_max(6))
        self.exponent = 0.23 * (6 / (centre + 2)).clamp(1, 2) ** 0.15
        # The input filter of P.862.2: a high-pass at 100 Hz.
        z = torch.exp(-2j * math.pi * hertz / RATE)
        response = 2.740826 * (1 - 2 * z + z**2) / (1 - 1.9444777 * z + 0.94597794 * z**2)
        filtered = functional.pad(member / bins, (0, 0, 1, 0)) * response.abs().square().unsqueeze(1)
        self.bands = filtered.to(device) * (self.width / self.width.mean()) * self.POWER
        self.window = torch.hann_window(self.FRAME, device=device)

    def levelled(self, sound: Tensor) -> Tensor:
        """The same power between 325 and 3250 Hz for all."""
        spectrum = torch.fft.rfft(sound)
        hertz = torch.fft.rfftfreq(sound.shape[-1], 1 / RATE, device=sound.device)
        power = 2 * (spectrum.abs().square() * ((hertz > 325) & (hertz < 3250))).sum(-1, keepdim=True) / sound.shape[-1] ** 2
        return sound * torch.sqrt(1e7 / (power + 1e-12))

    def densities(self, sound: Tensor) -> Tensor:
        spectra = torch.fft.rfft(self.levelled(sound).unfold(-1, self.FRAME, self.HOP) * self.window)
        return (spectra.real**2 + spectra.imag**2) @ self.bands

    def audible(self, density: Tensor, times: float = 1.0) -> Tensor:
        return density * (density > times * self.threshold)

    def loudness(self, density: Tensor) -> Tensor:
        """Zwicker's law."""
        above = 0.5 + 0.5 * torch.maximum(density, self.threshold) / self.threshold
        return self.LOUDNESS * (2 * self.threshold) ** self.exponent * (above**self.exponent - 1)

    def score(self, clean: Tensor, heard: Tensor) -> Tensor:
        """Sound [batch, samples] of some seconds with speech in it -> about 1 to 4.6, [batch]."""
        x, y = self.densities(clean), self.densities(heard)
        spoken = (self.audible(x, 100).sum(-1) >= 1e7).float().unsqueeze(-1)
        ratio = ((self.audible(y, 100) * spoken).mean(1) + 1000) / ((self.audible(x, 100) * spoken).mean(1) + 1000)
        x = x * ratio.clamp(0.01, 100).unsqueeze(1)
        level = self.audible(x).sum(-1)
        gain = (level + 5e3) / (self.audible(y).sum(-1) + 5e3)
        gain = torch.cat([gain[:, :1], 0.8 * gain[:, 1:] + 0.2 * gain[:, :-1]], 1).clamp(3e-4, 5)
        y = y * gain.unsqueeze(-1)
        loud_x, loud_y = self.loudness(x), self.loudness(y)
        difference = loud_y - loud_x
        difference = torch.sign(difference) * (difference.abs() - 0.25 * torch.minimum(loud_x, loud_y)).clamp_min(0)
        missing = torch.sqrt((difference * self.width).square().sum(-1) + 1e-6 * self.width.sum())
        asymmetry = ((y + 50) / (x + 50)) ** 1.2
        asymmetry = (asymmetry * (asymmetry >= 3)).clamp(max=12)
        added = (difference.abs() * asymmetry * self.width).sum(-1) + 1e-3
        weight = ((level + 1e5) / 1e7) ** 0.04
        raw = self.WEIGHTS[0]
        for disturbance, factor in zip((missing, added), self.WEIGHTS[1:]):
            frames = (disturbance / weight).clamp(max=45)
            intervals = ((frames.unfold(-1, self.INTERVAL, self.INTERVAL // 2) + 1e-3) ** 6).mean(-1) ** (1 / 6)
            raw = raw - factor * torch.sqrt(intervals.square().mean(-1))
        return 0.999 + 4 / (1 + torch.exp(-1.3669 * raw + 3.8224))


class Stoi:
    """Short-time objective intelligibility (Taal et al. 2011) of the frames within 40 dB of the loudest, at 16 kHz."""

    FRAME, HOP, SIZE, SEGMENT, STEP = 410, 205, 512, 30, 3

    def __init__(self, device: torch.device | str = "cpu"):
        hertz = torch.arange(self.SIZE // 2 + 1) * RATE / self.SIZE
        thirds = 150 * 2 ** (torch.arange(15) / 3)
        self.bands = torch.stack([((hertz >= f * 2 ** (-1 / 6)) & (hertz < f * 2 ** (1 / 6))).float() for f in thirds], 1).to(device)
        self.window = torch.hann_window(self.FRAME, device=device)

    def envelopes(self, sound: Tensor) -> Tensor:
        spectra = torch.fft.rfft(sound.unfold(-1, self.FRAME, self.HOP) * self.window, self.SIZE)
        return torch.sqrt((spectra.real**2 + spectra.imag**2) @ self.bands + EPS)

    def score(self, clean: Tensor, heard: Tensor) -> Tensor:
        """Sound [batch, samples] -> up to 1, [batch]; 1 where there are less than 0.4 s of speech."""
        scores = []
        for x, y in zip(self.envelopes(clean), self.envelopes(heard)):
            energy = x.square().sum(-1)
            spoken = energy > 1e-4 * energy.max()
            x, y = x[spoken], y[spoken]
            if len(x) < self.SEGMENT:
                scores.append(1 + 0 * y.sum())
                continue
            x, y = x.unfold(0, self.SEGMENT, self.STEP), y.unfold(0, self.SEGMENT, self.STEP)
            y = y * x.norm(dim=-1, keepdim=True) / (y.norm(dim=-1, keepdim=True) + 1e-6)
            y = torch.minimum(y, x * (1 + 10 ** (15 / 20)))
            x, y = x - x.mean(-1, keepdim=True), y - y.mean(-1, keepdim=True)
            scores.append(((x * y).sum(-1) / (x.norm(dim=-1) * y.norm(dim=-1) + 1e-6)).mean())
        return torch.stack(scores)


def si_sdr(clean: Tensor, heard: Tensor) -> Tensor:
    """Scale-invariant signal-to-distortion ratio in dB, [batch]; 30 at most."""
    x, y = clean - clean.mean(-1, keepdim=True), heard - heard.mean(-1, keepdim=True)
    target = x * (x * y).sum(-1, keepdim=True) / (x.square().sum(-1, keepdim=True) + EPS)
    energy = target.square().sum(-1)
    return 10 * torch.log10((energy + EPS) / ((y - target).square().sum(-1) + 1e-3 * energy + EPS))


def pauses(clean: Tensor, heard: Tensor) -> Tensor:
    """How loud it is where nobody speaks, in dB beside a voice, QUIET at least; sound [batch, samples] of voices at LEVEL dBFS -> a number, 0 where there is no pause."""

    def decibels(sound: Tensor) -> Tensor:
        power = sound[..., : sound.shape[-1] // BLOCK * BLOCK].unflatten(-1, (-1, BLOCK)).square().mean(-1)
        return 10 * torch.log10(power.clamp_min(10 ** ((LEVEL + QUIET) / 10))) - LEVEL

    silent = decibels(clean) < SILENCE
    return decibels(heard)[silent].mean() if silent.any() else heard.sum() * 0


class Spectra:
    """Distance of compressed spectra, of magnitudes and complex, in windows of 8, 20 and 64 ms (Braun and Tashev 2021)."""

    SIZES = (128, 320, 1024)
    # Added to power spectra, 60 dB below a voice of -26 dBFS: nobody hears what lies lower.
    FLOOR = 1e-7

    def __init__(self, device: torch.device | str = "cpu", keep: float = 0.0, power: float = 0.3, complex_share: float = 0.3):
        self.windows = {size: torch.hann_window(size, device=device) / size**0.5 for size in self.SIZES}
        self.keep, self.power, self.complex_share = keep, power, complex_share

    def compressed(self, x: Tensor, y: Tensor) -> Tensor:
        """Distance of each bin of spectra x (clean) and y whose windows have a mean square of 3/8 over `size`."""
        px, py = x.real**2 + x.imag**2 + self.FLOOR, y.real**2 + y.imag**2 + self.FLOOR
        mx, my = px ** (self.power / 2), py ** (self.power / 2)
        magnitude = (my - mx) ** 2
        if self.keep:
            magnitude = magnitude * (1 + self.keep * (my < mx))
        # |a - b|^2 of the compressed complex bins by their cosine.
        cosine = (x.real * y.real + x.imag * y.imag) * torch.rsqrt(px * py)
        phase = mx**2 + my**2 - 2 * mx * my * cosine
        return (1 - self.complex_share) * magnitude + self.complex_share * phase

    def distance(self, clean: Tensor, heard: Tensor) -> Tensor:
        """Sound [batch, samples] of voices at -26 dBFS -> [batch]; what is too low counts 1 + keep times."""
        total = torch.zeros(len(clean), device=clean.device)
        for size, window in self.windows.items():
            x, y = (torch.fft.rfft(sound.unfold(-1, size, size // 2) * window) for sound in (clean, heard))
            total = total + self.compressed(x, y).mean((1, 2))
        return total / len(self.windows)


def mel_bands(size: int, bands: int) -> Tensor:
    """[bins, bands] for spectra of windows of `size` samples: triangles of area one on Slaney's scale of mel (Auditory Toolbox, 1998): linear up to 1 kHz, a step of a logarithm above."""
    step = math.log(6.4) / 27

    def mel(hertz: Tensor) -> Tensor:
        return torch.where(hertz < 1000, hertz * 3 / 200, 15 + torch.log(hertz.clamp_min(1000) / 1000) / step)

    def hertz_of(mels: Tensor) -> Tensor:
        return torch.where(mels < 15, mels * 200 / 3, 1000 * torch.exp((mels - 15) * step))

    top = float(mel(torch.tensor(RATE / 2, dtype=torch.float64)))
    edges = hertz_of(torch.linspace(0, top, bands + 2, dtype=torch.float64))
    hertz = torch.arange(size // 2 + 1, dtype=torch.float64).unsqueeze(1) * RATE / size
    low, centre, high = edges[:-2], edges[1:-1], edges[2:]
    triangles = torch.minimum((hertz - low) / (centre - low), (high - hertz) / (high - centre)).clamp_min(0)
    return (triangles * 2 / (high - low)).float()


def p808_model() -> Path:
    """DNSMOS P.808 as the package speechmos brings it; FileNotFoundError without it."""
    package = importlib.util.find_spec("speechmos")
    if not package or not package.origin:
        raise FileNotFoundError("DNSMOS is missing: pip install -r training/requirements.txt, or name the model with --p808")
    return Path(package.origin).parent / "dnsmos_models/model_v8.onnx"


class Opinion:
    """DNSMOS P.808 (Reddy et al. 2021) from its ONNX file, for sound of any length from 0.4 s on; the level does not matter."""

    CONVOLUTIONS = ("5", "6", "7", "8", "9")
    # Convolutions after which frames and bands are halved.
    POOLED = (0, 1, 3)
    FRAME, HOP, BANDS = 321, 160, 120
    # Decibels below the loudest, at most, and what they are divided by.
    RANGE, SCALE = 80.0, 40.0

    def __init__(self, device: torch.device | str = "cpu", path: Path | None = None):
        weights = {entry.name: torch.tensor(numpy_helper.to_array(entry)).to(device) for entry in onnx.load(path or p808_model()).graph.initializer}
        self.convolutions = [(weights[f"conv2d_{n}/kernel:0"].to(memory_format=torch.channels_last), weights[f"conv2d_{n}/bias:0"]) for n in self.CONVOLUTIONS]
        dense = "mos_estimator_small_1/dense_{}/{}/ReadVariableOp/resource:0"
        self.dense = [(weights[dense.format(n, "MatMul")], weights[dense.format(n, "BiasAdd")]) for n in (3, 4, 5)]
        self.bands = mel_bands(self.FRAME, self.BANDS).to(device)
        self.window = torch.hann_window(self.FRAME, device=device)

    def score(self, heard: Tensor) -> Tensor:
        """Sound [batch, samples] -> 1 to 5, [batch]."""
        frames = functional.pad(heard, (self.FRAME // 2, self.FRAME // 2)).unfold(-1, self.FRAME, self.HOP)
        spectra = torch.fft.rfft(frames * self.window)
        mel = ((spectra.real**2 + spectra.imag**2) @ self.bands).clamp_min(1e-10)
        levels = 10 * torch.log10(mel / mel.amax((1, 2), keepdim=True))
        y = ((levels.clamp_min(-self.RANGE) + self.SCALE) / self.SCALE).unsqueeze(1).contiguous(memory_format=torch.channels_last)
        for number, (kernel, bias) in enumerate(self.convolutions):
            y = functional.relu(functional.conv2d(y, kernel, bias, padding=1))
            if number in self.POOLED:
                y = functional.max_pool2d(y, 2)
        y = y.amax((2, 3))
        for number, (kernel, bias) in enumerate(self.dense):
            y = y @ kernel + bias
            if number < len(self.dense) - 1:
                y = functional.relu(y)
        return y.squeeze(-1)
