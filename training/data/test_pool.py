"""The pool, the made disturbances and vowels, on tones. Part of `python -m training.test_training`."""

from pathlib import Path

import numpy as np
import soundfile as sf

from common.sound import RATE
from training.data.mixing import MADE
from training.data.pool import Pool, build
from training.data.voices import A_VOICE, NO_NOISE, NONSPEECH, Voices
from training.data.vowels import exclaimed, held, laughed, vowel


def test_corpus(folder: Path) -> None:
    """Lists, gathered folders and plain ones make one pool: development voices, the outside yardstick's sources, doubles and, if asked, copyleft stay out."""
    tone = 0.1 * np.sin(2 * np.pi * 440 * np.arange(2 * RATE) / RATE)
    listed, gathered = folder / "listed", folder / "gathered"
    (listed / "speech").mkdir(parents=True)
    (listed / "noise").mkdir()
    for name in ("own", "dev", "double"):
        sf.write(listed / "speech" / f"{name}.flac", tone, RATE)
    sf.write(listed / "noise/fan.flac", tone, RATE)
    head = "file,split,source,speaker,bandwidth_hz,licence,kind\n"
    (listed / "speech.csv").write_text(
        head + "own.flac,train,a/own,s1,16000,CC BY-SA 4.0,\ndev.flac,dev,a/own,s2,16000,CC0,\ndouble.flac,train,rhasspy/dataset-voice-kathleen,s3,16000,CC0,\n"
    )
    (listed / "noise.csv").write_text(head + "fan.flac,train,a/fan,,16000,CC0,fan\n")
    for what, files in (("speech", ("own", "dev", "double")), ("noise", ("fan",))):
        (listed / f"{what}-segments.csv").write_text("file,start_s,seconds\n" + "".join(f"{name}.flac,0.5,1.0\n" for name in files))
    for source in ("kathleen", "gasp_stories"):
        (gathered / "speech" / source).mkdir(parents=True)
        sf.write(gathered / "speech" / source / "part.flac", tone, RATE)
        (gathered / "speech" / source / "segments.csv").write_text("file,start_s,seconds,speaker,kind,bandwidth_hz,floor_db\npart.flac,0,1.5,x,,20000,50\n")
        (gathered / "speech" / source / "measured.csv").write_text("licence\nCC0-1.0\n")
    for licences, sources in (("all", {"speech-a+own", "speech-kathleen", "noise-a+fan"}), ("permissive", {"speech-kathleen", "noise-a+fan"})):
        pool = Pool(build([listed, gathered], folder / f"pool-{licences}", permissive=licences == "permissive"))
        assert set(pool.audio) == sources, (licences, set(pool.audio))
    (segment,) = (s for s in pool.speech if s.source == "speech-kathleen")
    assert segment.samples == 1.5 * RATE and np.abs(pool.cut(segment, 100, 50) - tone[100:150]).max() < 1e-4


def test_disturbances(folder: Path) -> None:
    """Bursts, tones and struck objects come and go, fans and music do not, textures may; all are as long as asked, finite and heard."""
    rng = np.random.default_rng(3)

    def quiet(name: str) -> float:
        """Share of 20 ms blocks 40 dB below the loudest, over 20 draws of 4 s."""
        shares = []
        for _ in range(20):
            x = MADE[name](rng, 4 * RATE)
            assert len(x) == 4 * RATE and x.dtype == np.float32 and np.isfinite(x).all(), name
            power = np.square(x.reshape(-1, RATE // 50)).mean(axis=1)
            shares.append(np.mean(power <= 1e-4 * power.max()) if power.max() > 0 else 1)
        return float(np.mean(shares))

    assert quiet("coloured") < 0.02
    assert quiet("rotor") < 0.6
    assert quiet("passes") < 0.6
    assert quiet("rain") < 0.6
    assert 0.1 < quiet("typing") < 0.95
    assert 0.1 < quiet("bursts") < 0.9
    assert 0.1 < quiet("tones") < 0.9
    assert 0.3 < quiet("impacts") < 0.97
    assert quiet("music") < 0.2
    assert 0.005 < quiet("texture") < 0.4


def test_vowels(folder: Path) -> None:
    """The steady vowel of an utterance is found, held as long as asked at its pitch and level, and laughed in notes; where there is none nothing changes."""
    rng = np.random.default_rng(5)
    t = np.arange(RATE // 2) / RATE
    spoken = sum(np.sin(2 * np.pi * 150 * k * t) / k for k in range(1, 20)) * 0.1
    hiss = 0.02 * rng.standard_normal(RATE // 2)
    x = np.concatenate([hiss, spoken, hiss]).astype(np.float32)
    begin, end = vowel(x) or (0, 0)
    assert abs(begin - RATE / 2) < 0.05 * RATE and abs(end - RATE) < 0.05 * RATE, (begin / RATE, end / RATE)
    assert vowel(np.tile(hiss, 3).astype(np.float32)) is None and held(rng, hiss, 2.0) is hiss
    long = held(rng, x, 3.0)
    assert 4.1 * RATE < len(long) < 4.5 * RATE and np.isfinite(long).all()
    blocks = long[int(0.9 * RATE) : int(3.1 * RATE)].reshape(-1, RATE // 10)
    level = 10 * np.log10(np.square(blocks).mean(1) / np.square(spoken).mean())
    assert np.abs(level).max() < 3, level
    spectrum = np.abs(np.fft.rfft(blocks * np.hanning(RATE // 10)))
    assert np.abs(spectrum[:, 5:30].argmax(1) * 10 + 50 - 150).max() <= 10

    def breath(rng: np.random.Generator, x: np.ndarray) -> np.ndarray:
        return 0.001 * rng.standard_normal(len(x)).astype(np.float32)

    for _ in range(5):
        laughter = laughed(rng, x, breath)
        power = np.square(laughter[: len(laughter) // 960 * 960].reshape(-1, 960)).mean(1)
        loud = power > 0.004 * power.max()
        assert 2 <= np.sum(loud[1:] & ~loud[:-1]) <= 12 and 0.4 * RATE < len(laughter) <= 3 * RATE, (np.sum(loud[1:] & ~loud[:-1]), len(laughter))


def test_exclamations(folder: Path) -> None:
    """A laugh in a folder of noise is a voice and no noise, a cough stays noise, a baby's cry too, and what is neither is heard nowhere."""
    rng = np.random.default_rng(6)
    t = np.arange(RATE // 4) / RATE
    note = sum(np.sin(2 * np.pi * 200 * k * t) / k for k in range(1, 20)) * 0.1 * np.hanning(len(t))
    cough = np.exp(-t * 20) * 0.3 * rng.standard_normal(len(t))
    laugh, coughs = (np.tile(np.concatenate([x, 0.0 * x]), 4) for x in (note, cough))
    assert exclaimed(laugh.astype(np.float32)) > A_VOICE and exclaimed(coughs.astype(np.float32)) < NO_NOISE
    sounds = {"game/laugh": laugh, "game/cough": coughs, "game/neither": np.concatenate([*[coughs] * 4, note]), "baby/cry": laugh}
    for name, x in sounds.items():
        path = folder / "exclaimed" / "noise" / f"{name}.flac"
        (parent := path.parent).mkdir(parents=True, exist_ok=True)
        sf.write(path, x, RATE)
        rows = "".join(
            f"{kind}.flac,0,{len(y) / RATE},,{NONSPEECH},20000,45\n" for of, y in sounds.items() for where, kind in [of.split("/")] if where == parent.name
        )
        (parent / "segments.csv").write_text("file,start_s,seconds,speaker,kind,bandwidth_hz,floor_db\n" + rows)
    said = folder / "exclaimed" / "speech" / "source" / "word.flac"
    said.parent.mkdir(parents=True)
    sf.write(said, 0.05 * np.sin(2 * np.pi * 440 * np.arange(RATE) / RATE), RATE)
    pool = Pool(build([folder / "exclaimed"], folder / "pool-exclaimed"))
    lengths = {len(pool.cut(s, 0, s.samples)) for s in pool.noise[NONSPEECH]}
    voices = Voices(pool, drawn_out=0, exclaims=1)
    (only,) = voices.exclamations
    assert (only.source, only.samples) == ("noise-game", len(laugh)) and len(lengths) == 2
    assert {(s.source, s.samples) for s in pool.noise[NONSPEECH]} == {("noise-game", len(coughs)), ("noise-baby", len(laugh))}
    x, _ = voices.utterances(rng, 12 * RATE)
    # Notes and pauses as long, 440 Hz nowhere: every piece is the laugh, as loud as the word it takes the place of.
    power = np.abs(np.fft.rfft(x)) ** 2
    assert power[12 * 439 : 12 * 441].sum() < 0.02 * power.sum() and -36 < 10 * np.log10(np.square(x).mean()) < -20
