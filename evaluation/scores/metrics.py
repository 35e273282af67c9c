"""What a clip is scored by, on arrays: PESQ-WB, STOI, SI-SDR, DNSMOS P.808 and P.835, DistillMOS, levels, words.

    from evaluation.scores.metrics import quick, Judge
    quick(clean, enhanced, 48000, p808="dnsmos-p808.onnx")  ->  {"pesq": .., "stoi": .., "sisdr": .., "p808": ..}

PESQ, STOI and the opinions hear 16 kHz, SI-SDR and the levels the rate given. None is a metric that is undefined for the clip.
"""

import contextlib
import io
import sys
import types

import numpy as np

from common.sound import NARROW, RATE
from evaluation.scores import score
from evaluation.scores.levels import changes
from evaluation.scores.tables import TITLES

QUICK = ("pesq", "stoi", "sisdr", "p808")


def distillmos():
    """The network of the package `distillmos` as a function of samples at 16 kHz."""
    import torch

    try:
        import torchaudio  # noqa: F401
    except (ImportError, OSError):  # the package wants it for its command line and MFCCs alone; some builds do not load
        transforms = types.ModuleType("torchaudio.transforms")
        transforms.MFCC = None
        sys.modules.update({"torchaudio": types.ModuleType("torchaudio"), "torchaudio.transforms": transforms})
    from distillmos import ConvTransformerSQAModel

    torch.set_num_threads(1)
    with contextlib.redirect_stdout(io.StringIO()):  # it tells where its weights lie
        network = ConvTransformerSQAModel().eval()

    def opinion(samples):
        with torch.inference_mode():
            return float(network(torch.from_numpy(samples.astype(np.float32))[None]))

    return opinion


class Judge:
    """The metrics that were asked for, their models loaded once.

    p808, p835: ONNX files of DNSMOS; distill: DistillMOS; words: a recogniser (recogniser.py); levels: speech kept, noise left.
    """

    def __init__(self, p808=None, p835=None, distill=False, words=False, levels=False):
        score.start(p835, False, p808)
        self.p808, self.p835, self.levels = p808, p835, levels
        self.distill = distillmos() if distill else None
        self.recogniser = None
        if words:
            from evaluation.scores.recogniser import Recogniser

            self.recogniser = Recogniser()

    def __call__(self, enhanced, rate, clean=None, noisy=None, english=False, wanted=TITLES):
        """{metric: value or None} of samples in +-1. Without `clean` only what needs no reference, without `noisy` no levels.

        `wanted`: what is named here is computed, and what comes with it.
        """
        found = {}
        enhanced = np.asarray(enhanced, np.float64)
        narrow = score.at_rate(enhanced, rate, NARROW)
        if clean is not None:
            clean = np.asarray(clean, np.float64)
            if len(clean) != len(enhanced):
                raise ValueError(f"the reference has {len(clean)} samples and the output {len(enhanced)}")
            if not {"pesq", "stoi", "sisdr"}.isdisjoint(wanted):
                found |= against(clean, enhanced, rate)
            if self.levels and noisy is not None and not {"kept", "weak", "left"}.isdisjoint(wanted):
                found |= changes(clean, np.asarray(noisy, np.float64), enhanced, rate)
            if self.recogniser and english and "words" in wanted:
                found["words"] = self.recogniser.errors(score.at_rate(clean, rate, NARROW), narrow)
        if self.p808 and "p808" in wanted:
            found["p808"] = score.p808(narrow)
        if self.p835 and "ovrl" in wanted:
            found |= dict(zip(("sig", "bak", "ovrl"), score.dnsmos(narrow), strict=True))
        if self.distill and "distillmos" in wanted:
            found["distillmos"] = self.distill(narrow)
        return {key: None if value is None or not np.isfinite(value) else round(float(value), 4) for key, value in found.items()}


def against(clean, enhanced, rate):
    """PESQ-WB, STOI and SI-SDR against the reference."""
    from pesq import NoUtterancesError, pesq
    from pystoi import stoi

    narrow_clean, narrow = (score.at_rate(x, rate, NARROW) for x in (clean, enhanced))
    found = {"stoi": stoi(narrow_clean, narrow, NARROW), "sisdr": score.si_sdr(clean, enhanced)}
    try:
        found["pesq"] = pesq(NARROW, narrow_clean, narrow, "wb")
    except (NoUtterancesError, ValueError):
        found["pesq"] = None
    return found


_judges = {}


def quick(clean, enhanced, rate=RATE, p808=None):
    """PESQ-WB, STOI, SI-SDR and, with its ONNX file, P.808 of one clip: two seconds of one core."""
    if p808 not in _judges:
        _judges[p808] = Judge(p808=p808)
    return _judges[p808](enhanced, rate, clean)
