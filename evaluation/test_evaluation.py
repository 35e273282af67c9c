"""The yardstick on synthetic voices and noise, nothing downloaded: `python -m evaluation.test_evaluation`

Builds a small set, hears it through known systems and checks the figures. Prints `N passed, N failed`.
"""

import argparse
import csv
import importlib
import json
import pathlib
import shutil
import subprocess
import sys
import tempfile

import numpy as np
import soundfile as sf

from common.checks import run_each
from common.rooms import heard
from common.sound import RATE, active_rms
from evaluation.__main__ import STEPS
from evaluation.outside.corpora import SOURCES, Noises, Segment, Voices
from evaluation.outside.noises import STATIONARY, coloured, laid, strewn
from evaluation.outside.outside import build
from evaluation.outside.quick import Quick
from evaluation.outside.rooms import EARLY, room
from evaluation.outside.table import document, evaluate
from evaluation.outside.tell import marked, tell
from evaluation.peers.hear import hear
from evaluation.scores.levels import changes
from evaluation.scores.metrics import against, quick
from evaluation.scores.recogniser import distance

CLIPS = {"machines": 3, "keyboard": 2, "babble": 1, "room": 2, "telephone": 1, "hard": 1, "clean": 2}
NOTHING = {"p808": None, "p835": None, "distill": False, "words": False}


def voice(rng, seconds):
    """Syllables of a gliding pitch, quiet at both ends."""
    out = np.zeros(int(seconds * RATE))
    at = RATE // 20
    while at < len(out) - RATE // 2:
        n = int(rng.uniform(0.15, 0.35) * RATE)
        phase = 2 * np.pi * np.cumsum(rng.uniform(100, 240) * (1 + 0.1 * np.linspace(-1, 1, n))) / RATE
        out[at : at + n] = sum(np.sin(k * phase) / k for k in range(1, 30)) * np.hanning(n)
        at += n + int(rng.uniform(0.02, 0.15) * RATE)
    return 0.05 * out


def corpus(folder, rng):
    """Parts and segments.csv of two speech sources and one of noise, and the first data's noise with one source of its own."""

    def write(kind, source, pieces):
        path = folder / "corpus" / kind / source
        path.mkdir(parents=True)
        rows, at = [], 0.0
        for x, row in pieces:
            rows.append(
                {"file": "part-000.wav", "start_s": round(at, 3), "seconds": len(x) / RATE, "language": "en", "bandwidth_hz": 20000, "floor_db": 60, **row}
            )
            at += len(x) / RATE
        sf.write(path / "part-000.wav", np.concatenate([x for x, _ in pieces]), RATE)
        with open(path / "segments.csv", "w", newline="") as file:
            writer = csv.DictWriter(file, ["file", "start_s", "seconds", "language", "bandwidth_hz", "floor_db", "speaker", "kind", "path"])
            writer.writeheader()
            writer.writerows(rows)

    for source in ("gasp_stories", "speechocean762"):
        write("speech", source, [(voice(rng, 2.5), {"speaker": f"S{i % 4}", "path": f"en/000{i % 4}_x/{i}.mp3"}) for i in range(24)])
    noise = [(0.1 * rng.normal(size=4 * RATE), {"kind": "aircraft", "path": f"engine{i}.ogg"}) for i in range(2)]
    noise += [(np.append(rng.normal(size=RATE // 4), np.zeros(RATE // 4)) * 0.1, {"kind": "keyboard", "path": f"key{i}.ogg"}) for i in range(8)]
    write("noise", "deb_0ad", noise)
    (folder / "first/noise").mkdir(parents=True)
    sf.write(folder / "first/noise/hum.wav", 0.1 * rng.normal(size=4 * RATE), RATE)
    first = next(iter(SOURCES["first_noise"]))
    (folder / "first/noise.csv").write_text(
        f"file,split,kind,source,bandwidth_hz\nhum.wav,dev,aircraft,{first},20000\nother.wav,train,aircraft,someone/else,20000\n"
    )
    (folder / "first/noise-segments.csv").write_text("file,start_s,seconds\nhum.wav,0.0,4.0\nother.wav,0.0,4.0\n")


def built(folder, seed):
    made: dict[str, tuple] = {}
    build(Voices(folder / "corpus"), Noises(folder / "corpus", folder / "first"), seed, lambda name, *pair, **row: made.setdefault(name, (*pair, row)), CLIPS)
    return made


def test_sources(folder):
    """Noise of the first data comes only out of sources that are of split dev throughout; a leak is an error."""
    noises = Noises(folder / "corpus", folder / "first")
    assert {s.source for s in noises.of["aircraft"]} == {"deb_0ad", next(iter(SOURCES["first_noise"]))}
    listed = (folder / "first/noise.csv").read_text()
    (folder / "first/noise.csv").write_text(listed.replace(",dev,", ",train,"))
    try:
        Noises(folder / "corpus", folder / "first")
        raise AssertionError("a source that training hears was taken")
    except ValueError as error:
        assert "training hears" in str(error)
    finally:
        (folder / "first/noise.csv").write_text(listed)


def test_clips(folder):
    """As long, as loud and as noisy as they say; the same seed gives the same samples, another one others."""
    made = built(folder, 1)
    assert len(made) == sum(CLIPS.values()), len(made)
    for name, (clean, noisy, row) in made.items():
        assert len(clean) == len(noisy) and 5.5 * RATE <= len(clean) <= 9.5 * RATE, (name, len(clean) / RATE)
        assert np.isfinite(noisy).all() and np.abs(noisy).max() < 1, name
        level = 20 * np.log10(active_rms(clean))
        assert -55 < level < -17, (name, level)
        if row["slice"] in ("machines", "keyboard", "babble", "hard"):
            snr = 20 * np.log10(active_rms(clean) / active_rms(noisy - clean))
            assert abs(snr - row["snr"]) < 0.1, (name, snr)
        if row["slice"] == "clean":
            assert np.array_equal(clean, noisy)
    again, other = built(folder, 1), built(folder, 2)
    assert all(np.array_equal(pair[1], again[name][1]) for name, pair in made.items())
    assert not any(np.array_equal(pair[1], other[name][1]) for name, pair in made.items() if name in other)
    band = np.abs(np.fft.rfft(next(pair[1] for name, pair in made.items() if "telephone" in name))) ** 2
    assert band[len(band) // 5 :].sum() < 1e-4 * band.sum()


def test_rooms(folder):
    """The direct sound is at zero, the early part ends after 20 ms, and the decay is about what was asked for."""
    for seed, rt60 in enumerate((0.3, 0.6, 0.9)):
        whole, early = room(np.random.default_rng(seed), rt60, 1.5)
        assert abs(whole[0] - 1) < 0.01 and not early[int((EARLY + 0.003) * RATE) :].any()
        left = 10 * np.log10(np.cumsum(whole[::-1] ** 2)[::-1] / np.sum(whole**2))
        decay = 3 * (np.argmax(left < -25) - np.argmax(left < -5)) / RATE
        assert 0.6 * rt60 < decay < 1.3 * rt60, (rt60, decay)
        x = np.random.default_rng(seed).normal(size=RATE)
        assert len(heard(x, whole)) == len(x)


def test_noises(folder):
    rng = np.random.default_rng(1)
    segments = Noises(folder / "corpus", folder / "first").of
    made = [
        *(make(rng, 3 * RATE) for make in STATIONARY.values()),
        laid(rng, segments["aircraft"], 6 * RATE)[0],
        strewn(rng, segments["keyboard"], 3 * RATE, (0.2, 0.5))[0],
    ]
    for x in made:
        assert np.isfinite(x).all() and x.std() > 0 and np.isfinite(coloured(rng, x)).all()
    assert len(made[-2]) == 6 * RATE and np.abs(made[-2][5 * RATE :]).max() > 0, "a recording of 4 s goes on"
    assert isinstance(segments["keyboard"][0], Segment) and len(segments["keyboard"][0].samples()) == RATE // 2


def test_levels(folder):
    """Half the speech is 6 dB less of it, a tenth of the noise 20 dB less of that; weak parts are told from strong ones."""
    rng = np.random.default_rng(3)
    clean = np.concatenate([np.zeros(RATE), voice(rng, 4), np.zeros(RATE)])
    noise = 1e-3 * rng.normal(size=len(clean))
    found = changes(clean, clean + noise, 0.5 * clean + 0.1 * noise, RATE)
    assert abs(found["kept"] + 6.02) < 0.2 and abs(found["left"] + 20) < 0.5 and abs(found["weak"] + 6) < 0.8, found
    spectrum = np.fft.rfft(clean)
    spectrum[int(3000 * len(clean) / RATE) :] *= 0.1  # the treble is what is weak
    found = changes(clean, clean, np.fft.irfft(spectrum, len(clean)), RATE)
    assert abs(found["kept"]) < 0.5 and found["weak"] < found["kept"] - 2, found
    assert found["left"] is None, "there is no noise to be left"
    same = against(clean, clean, RATE)
    assert same["sisdr"] is None and same["pesq"] > 4.5 and same["stoi"] > 0.99
    assert distance("a b c d".split(), "a x c".split()) == 2 and distance([], ["a"]) == 1


def save(folder):
    out = folder / "set"
    rows = []
    for name, (clean, noisy, row) in built(folder, 1).items():
        for kind, x in (("clean", clean), ("noisy", noisy)):
            (out / kind).mkdir(parents=True, exist_ok=True)
            sf.write(out / kind / name, x, RATE, subtype="PCM_16")
        rows.append({"file": name, "seconds": len(clean) / RATE, **row})
    with open(out / "metadata.csv", "w", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    (out / "recordings").mkdir()
    return out


def test_table(folder):
    """A system that halves the noise wins over the input, one that somebody added is scored too, a second run scores nothing."""
    out = save(folder)

    def halve(noisy, heard_folder):
        for path in noisy.glob("*.wav"):
            clean, rate = sf.read(out / "clean" / path.name)
            x = sf.read(path)[0]
            sf.write(heard_folder / path.name, clean + 0.5 * (x - clean), rate, subtype="PCM_16")

    assert hear(halve, [pathlib.Path(__file__)], out / "noisy", out / "systems/halved") == sum(CLIPS.values())
    assert hear(halve, [pathlib.Path(__file__)], out / "noisy", out / "systems/halved") == 0, "nothing is heard twice"
    shutil.copytree(out / "clean", folder / "perfect")
    cache = out / "scores.json"
    result = evaluate(out, {"perfect": folder / "perfect"}, NOTHING, cache, 2)
    overall = result["overall"]
    assert overall["noisy"]["pesq"] < overall["halved"]["pesq"] < overall["perfect"]["pesq"], overall
    assert abs(overall["halved"]["left"] + 6) < 1 and abs(overall["halved"]["kept"]) < 0.3, overall["halved"]
    assert set(result["slices"]) == set(CLIPS) - {"clean"} and "noisy" not in result["clean"]
    assert result["clips"] == sum(CLIPS.values()) - CLIPS["clean"]
    text = document(result, NOTHING)
    assert "PESQ-WB*" in text and "| halved |" in text and "By SNR" in text
    stamp = cache.stat().st_mtime_ns
    assert evaluate(out, {"perfect": folder / "perfect"}, NOTHING, cache, 2)["overall"] == json.loads(json.dumps(overall))
    assert cache.stat().st_mtime_ns == stamp, "the second run scored again"


def test_tell(folder):
    """Figures of a table stand between the marks of the README and of each card, and nothing else changes."""
    root = folder / "told"
    (root / "models/lite").mkdir(parents=True)
    (root / "docs").mkdir()
    shutil.copyfile("models/lite/model.safetensors", root / "models/lite/model.safetensors")
    pages = [root / "README.md", root / "models/lite/README.md"]
    for page in pages:
        page.write_text("before\n\n<!-- voice: begin -->\n| | old |\n|---|---|\n| P.808 | old |\n| CPU | 64 |\n<!-- voice: end -->\n\nafter\n")
    names = ("noisy", "rnnoise", "gtcrn", "deepfilternet3", "lite", "full")
    found = {name: {"pesq": 1.5 + at / 10, "stoi": 0.8, "sisdr": 5.0 + at, "p808": 3.0 + at / 10} for at, name in enumerate(names)}
    counts = {"street": 7, "5": 7, "clean": 2, "recordings": 3}
    result = {"clips": 7, "counts": counts, "overall": found, "slices": {"street": found}, "snr": {"5": found}, "clean": found, "recordings": found}
    tell(json.loads(json.dumps(result)), root)
    for page in pages:
        text = page.read_text()
        assert text.startswith("before\n") and text.endswith("\nafter\n") and "old" not in text
    assert "| P.808 | 3.00 | 3.10 | 3.20 | 3.30 | 3.40 | 3.50 |\n| clean voices, SI-SDR, dB | 5.0 | 6.0 " in pages[0].read_text()
    assert pages[0].read_text().count("| CPU | 64 |\n<!-- voice: end -->") == 1, "what is written by hand stays"
    assert "| **all** | 7 | 1.50 / 1.80 / 1.90 |" in pages[1].read_text() and "Weights kept: 0.87 M of 2.25 M" in pages[1].read_text()
    quality = (root / "docs/quality.md").read_text()
    assert quality.startswith("# Quality\n\nlite 0.") and "| street | 7 | 1.50 | 1.60 |" in quality
    try:
        marked("no marks", "")
        raise AssertionError("a page without marks was written")
    except ValueError as error:
        assert "voice: begin" in str(error)


def test_quick(folder):
    yardstick = Quick(folder / "set")
    same = yardstick.score(lambda noisy: noisy)
    assert {"pesq", "stoi", "sisdr"} <= set(same) and same["clean"]["pesq"] > 4.5 and "babble" in same["slices"]
    told = subprocess.run(
        [sys.executable, "-m", "evaluation", "quick", "--set", folder / "set", "--json", f"same={folder / 'set/noisy'}"],
        check=True,
        capture_output=True,
        text=True,
    )
    assert json.loads(told.stdout)["same"] == same
    clean, noisy = yardstick.clips[0][1:3]
    assert quick(clean, clean + 0.3 * (noisy - clean))["sisdr"] > quick(clean, noisy)["sisdr"] + 8
    try:
        quick(clean, noisy[:-480])
        raise AssertionError("an output of another length was scored")
    except ValueError as error:
        assert "samples" in str(error)


def test_commands(folder):
    """Every step of `python -m evaluation` is a module with a main(), and a step that there is not is refused by name."""
    for steps in STEPS.values():
        for name, (module, _) in steps.items():
            assert callable(importlib.import_module(module).main), name
    done = subprocess.run([sys.executable, "-m", "evaluation", "nothing"], capture_output=True, text=True)
    assert done.returncode and "'nothing'" in done.stderr and "devset" in done.stderr, done.stderr


def main():
    argparse.ArgumentParser(description=__doc__.split("\n")[0]).parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        corpus(folder, np.random.default_rng(1))
        run_each((test_commands, test_sources, test_clips, test_rooms, test_noises, test_levels, test_table, test_tell, test_quick), folder)


if __name__ == "__main__":
    main()
