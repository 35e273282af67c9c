"""Draws spectrograms: a PNG beside each WAV file, all on one scale so that they can be compared.

    python -m evaluation spectrogram a.wav b.wav ...
"""

import argparse
import pathlib

import matplotlib
import numpy as np
import soundfile as sf
from PIL import Image
from scipy import signal

matplotlib.use("Agg")
from matplotlib import pyplot as plt  # noqa: E402

RANGE = (-110, -30)  # dB full scale of a bin
WINDOW = 0.020  # seconds


def draw(axes, path, title):
    """One spectrogram into a matplotlib axes; returns the image."""
    samples, rate = sf.read(path, always_2d=True)
    length = int(WINDOW * rate)
    if len(samples) < length:
        samples = np.pad(samples, ((0, length - len(samples)), (0, 0)))
    frequency, time, power = signal.spectrogram(
        samples.mean(axis=1), rate, "hann", length, length * 3 // 4, scaling="spectrum"
    )
    image = axes.pcolormesh(
        time, frequency / 1000, 10 * np.log10(power + 1e-14), vmin=RANGE[0], vmax=RANGE[1], cmap="magma", rasterized=True
    )
    axes.set(title=title, xlabel="seconds", ylabel="kHz", ylim=(0, min(20, rate / 2000)))
    return image


def draw_row(paths, titles, target):
    """Several sounds beside each other in one small PNG."""
    figure, axes = plt.subplots(1, len(paths), figsize=(9.0, 2.4), sharey=True, layout="constrained")
    for axis, path, title in zip(axes, paths, titles, strict=True):
        draw(axis, path, title)
        axis.label_outer()
    figure.canvas.draw()
    picture = Image.fromarray(np.asarray(figure.canvas.buffer_rgba())[..., :3])
    picture.quantize(48).save(target, optimize=True)
    plt.close(figure)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("files", type=pathlib.Path, nargs="+")
    for path in parser.parse_args().files:
        figure, axes = plt.subplots(figsize=(10, 4), layout="constrained")
        figure.colorbar(draw(axes, path, path.stem), label="dB")
        figure.savefig(path.with_suffix(".png"), dpi=100)
        plt.close(figure)


if __name__ == "__main__":
    main()
