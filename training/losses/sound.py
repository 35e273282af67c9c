"""The core's way from decisions to sound in PyTorch, differentiable: gains and strengths -> 16 kHz sound that listeners.py scores.

Same stages and numbers as assembly/enhance (comfort floor, comb filter's mix, Wiener filter), on the bins
below 8 kHz. No gradient flows through the noise spectrum that is learnt and the smoothed powers: they change slowly. Differs from
the core's sound below 8 kHz by -48 dB or less; test_training.py allows -40.
"""

import torch
from torch import Tensor

from common.frames import NARROW_WINDOW
from common.shape import BANDS, CENTRES, HOP, LOOKAHEAD, SAMPLE_RATE, SETTINGS, SPECTRUM
from common.sound import NARROW as RATE

NARROW_HOP = HOP * RATE // SAMPLE_RATE
NARROW_BINS = NARROW_HOP + 1
# Bands with a centre among the bins of a shard; the last one's upper half is missing and reaches no bin below 8 kHz.
LOW_BANDS = int((CENTRES < SPECTRUM).sum())
# Far below any energy of the core's unnormalised spectra (its quietest floor is 2e-6), far above the square root of the smallest float.
TINY = 1e-12

# enhance/noise.ts and enhance/wiener.ts
LEARNING, OVERESTIMATE, LOWEST, LOWEST_SLOPE, NOISELESS, MOST_LOST = (
    SETTINGS[name] for name in ("NOISE_LEARNING", *(f"WIENER_{part}" for part in ("OVERESTIMATE", "LOWEST", "LOWEST_SLOPE", "NOISELESS", "MOST_LOST")))
)
# enhance/comfort.ts; HIGH is its first band with the lower floor.
HIGH = SETTINGS["COMFORT_HIGH_BAND"]
COMFORT, COMFORT_HIGH = SETTINGS["COMFORT_LEVEL"] * HOP**2, SETTINGS["COMFORT_LEVEL_HIGH"] * HOP**2
# signal/erb.ts: the high-pass of the band energies.
RUMBLE = SETTINGS["RUMBLE_CORNER"]
# enhance/mix.ts
MOST_RESTORED = SETTINGS["COMB_MOST_RESTORED"]


def triangles() -> Tensor:
    """[LOW_BANDS, SPECTRUM]: share of each bin in each band."""
    shares = torch.zeros(LOW_BANDS, SPECTRUM)
    for band in range(LOW_BANDS - 1):
        low, high = CENTRES[band], CENTRES[band + 1]
        upper = (torch.arange(low, high) - low) / (high - low)
        shares[band, low:high] += 1 - upper
        shares[band + 1, low:high] += upper
    shares[-1, CENTRES[LOW_BANDS - 1] :] = 1
    return shares


def band_sums(shares: Tensor) -> Tensor:
    """[SPECTRUM, LOW_BANDS]: from powers of bins to energies of bands, rumble left out, the first half triangle counted double."""
    ratio = (50.0 * torch.arange(SPECTRUM) / RUMBLE) ** 4
    sums = shares.T * torch.where(torch.arange(SPECTRUM) < 16, ratio / (1 + ratio), 1.0).unsqueeze(1)
    sums[:, 0] *= 2
    return sums.contiguous()


SPREAD = triangles()
SUMS = band_sums(SPREAD)
WINDOW = torch.from_numpy(NARROW_WINDOW)


def band_energies(features: Tensor) -> Tensor:
    """Energies ||y_b||^2 of the unnormalised spectra of the frames in decision from features [batch, time, 70]: [batch, time - 2, 34]."""
    power = 10 ** ((features[:, :-LOOKAHEAD, :BANDS] - SETTINGS["FEATURE_OFFSET"]) * (1 / SETTINGS["FEATURE_SCALE"]))
    return (power - SETTINGS["FEATURE_FLOOR"]).clamp_min(0) * HOP**2


def as_taught(gains: Tensor) -> Tensor:
    """Gains [..., 34] with those of bands that were never taught no higher than the last taught one: assembly/decisions.ts."""
    taught = gains[..., : SETTINGS["TAUGHT_BANDS"]]
    return torch.cat([taught, torch.minimum(gains[..., SETTINGS["TAUGHT_BANDS"] :], taught[..., -1:])], -1)


@torch.no_grad()
def listen_on(gains: Tensor, noisy: Tensor, around: Tensor) -> tuple[Tensor, Tensor]:
    """What the core carries from frame to frame: noise spectrum after each frame, smoothed powers; frame by frame."""
    batch, time, _ = gains.shape
    noise, smoothed = noisy.new_zeros(batch, SPECTRUM), noisy.new_zeros(batch, SPECTRUM)
    noises, smooth = torch.empty_like(noisy), torch.empty_like(noisy)
    spread = SPREAD.to(noisy.device)
    for t in range(time):
        noise = noise + LEARNING * (1 - gains[:, t, :LOW_BANDS] @ spread).clamp_min(0) ** 4 * (noisy[:, t] - noise) + TINY
        smoothed = (around[:, t] + 2 * smoothed) / 3 + TINY
        noises[:, t], smooth[:, t] = noise, smoothed
    return noises, smooth


def power(spectra: Tensor) -> Tensor:
    return spectra.real**2 + spectra.imag**2


def beside(powers: Tensor) -> Tensor:
    """Mean of every bin and its two neighbours; at both ends the one neighbour counts twice."""
    below = torch.cat([powers[..., 1:2], powers[..., :-1]], -1)
    above = torch.cat([powers[..., 1:], powers[..., -2:-1]], -1)
    return (powers + below + above) / 3


def banded(gains: Tensor, strengths: Tensor, spectra: Tensor, energies: Tensor) -> Tensor:
    """Spectra [batch, time, SPECTRUM] by comb filter and gains alone: g c ((1 - r) Y + r P), c = ||y|| / ||z||. Arguments as of enhance()."""
    spread, sums = SPREAD.to(gains.device), SUMS.to(gains.device)
    y, p = spectra[:, :, 0], spectra[:, :, 1]
    z = y + (strengths[..., :LOW_BANDS] @ spread) * (p - y)
    kept = torch.sqrt((energies[..., :LOW_BANDS] / (power(z) @ sums + TINY)).clamp(max=MOST_RESTORED) + TINY)
    return z * ((gains[..., :LOW_BANDS] * kept) @ spread)


def enhance(gains: Tensor, strengths: Tensor, spectra: Tensor, energies: Tensor) -> Tensor:
    """The suppressor's sound at 16 kHz: [batch, (time - 1) * 160], where two frames overlap. Arguments as of factors()."""
    mixed, kept, _ = factors(gains, strengths, spectra, energies)
    return overlap_add(mixed * kept)


def factors(gains: Tensor, strengths: Tensor, spectra: Tensor, energies: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """What assembly/enhance makes of decisions: the spectrum that the comb filter left, what its bins are multiplied by, the noise's power.

    gains, strengths [batch, time, 34] as the network gives them; spectra [batch, time, 2, SPECTRUM] of
    Core.spectra; energies [batch, time, 34] of band_energies. Returns three of [batch, time, SPECTRUM].
    """
    device = gains.device
    spread, sums = SPREAD.to(device), SUMS.to(device)
    gains = as_taught(gains)
    y, p = spectra[:, :, 0], spectra[:, :, 1]
    z = y + (strengths[..., :LOW_BANDS] @ spread) * (p - y)
    powers = power(z)
    noise, smoothed = listen_on(gains, power(y), beside(powers.detach()))
    g, r, e = gains[..., :LOW_BANDS], strengths[..., :LOW_BANDS], energies[..., :LOW_BANDS]
    comfort = torch.tensor([COMFORT] * HIGH + [COMFORT_HIGH] * (LOW_BANDS - HIGH), device=device)
    floors = torch.sqrt(comfort / torch.maximum(e, comfort))
    g = torch.maximum(floors, g)
    lowest = floors / (g + TINY)

    # enhance/wiener.ts, with its names.
    mixed = powers @ sums
    own = noise @ sums + TINY
    u, t = OVERESTIMATE * (1 - g**2).clamp_min(0) * mixed, OVERESTIMATE * own
    v = torch.where(u < t, u, (u * t + 1e-30) ** 0.25 * t**0.5)
    w = g**2 * u * t / (t + NOISELESS * u)
    expected = torch.maximum(v + r**2 * (u - v).clamp_min(0), w) / own
    least = torch.maximum(LOWEST + LOWEST_SLOPE * g, lowest)
    weights = torch.maximum(least @ spread, smoothed / (smoothed + (expected @ spread) * noise))
    lost = ((mixed + TINY) / ((weights**2 * powers) @ sums + TINY)).clamp(max=MOST_LOST)

    restored = g * torch.sqrt((e / (mixed + TINY)).clamp(max=MOST_RESTORED) + TINY) * lost**0.125
    return z, (restored @ spread) * weights, noise


def overlap_add(spectra: Tensor) -> Tensor:
    """Frames of unnormalised spectra of 20 ms, bins of 50 Hz from 0 on -> sound at 16 kHz."""
    frames = torch.fft.irfft(spectra[..., :NARROW_BINS] * (RATE / SAMPLE_RATE), 2 * NARROW_HOP) * WINDOW.to(spectra.device)
    return (frames[:, :-1, NARROW_HOP:] + frames[:, 1:, :NARROW_HOP]).flatten(1)
