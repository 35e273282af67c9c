"""Draws spectrograms: a PNG beside each WAV file, all on one scale so that they can be compared.

    python training/spectrogram.py a.wav b.wav ...
"""

import argparse
import pathlib

import matplotlib
import numpy as np
import soundfile as sf
from scipy import signal

matplotlib.use("Agg")
from matplotlib import pyplot as plt  # noqa: E402

RANGE = (-110, -30)  # dB full scale of a bin
WINDOW = 0.020  # seconds


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("files", type=pathlib.Path, nargs="+")
    for path in parser.parse_args().files:
        samples, rate = sf.read(path, always_2d=True)
        length = int(WINDOW * rate)
        if len(samples) < length:
            samples = np.pad(samples, ((0, length - len(samples)), (0, 0)))
        frequency, time, power = signal.spectrogram(
            samples.mean(axis=1), rate, "hann", length, length * 3 // 4, scaling="spectrum"
        )
        figure, axes = plt.subplots(figsize=(10, 4), layout="constrained")
        image = axes.pcolormesh(
            time, frequency / 1000, 10 * np.log10(power + 1e-14), vmin=RANGE[0], vmax=RANGE[1], cmap="magma",
            rasterized=True,
        )  # fmt: skip
        axes.set(title=path.stem, xlabel="seconds", ylabel="kHz", ylim=(0, min(20, rate / 2000)))
        figure.colorbar(image, label="dB")
        figure.savefig(path.with_suffix(".png"), dpi=100)
        plt.close(figure)


if __name__ == "__main__":
    main()
