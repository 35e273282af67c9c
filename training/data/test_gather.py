"""Gathering on synthetic voices and tiny repositories, ten seconds. `python -m training.data.test_gather` prints `N passed, N failed`."""

import io
import json
import os
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import soundfile as sf
from scipy.signal import resample_poly

from common.checks import run_each
from common.sound import RATE
from common.tables import rows_of
from training.data.doubles import pairs, repeated, words
from training.data.gather import kind_of
from training.data.pool import index
from training.data.recordings import GATED_FLOOR, Piece, Refused, bandwidth, decode, measure, pauses, take_apart
from training.data.sources import FORBIDDEN

HERE = Path(__file__).resolve().parent
SOURCE = {"kind": "speech", "files": r"\.(wav|flac|ogg|mp3|g722)$", "leave_out": "", "licence": "CC0-1.0", "licence_file": "^LICENSE$", "licence_says": "CC0 1.0 Universal",
          "speaker": "somebody", "language": "xx", "least_floor_db": "20", "most_hours": "", "note": ""}  # fmt: skip


def voice(seed: int, seconds: float, floor: float = 45, pauses: tuple[float, ...] = ()) -> np.ndarray:
    """Syllables of a gliding pitch with harmonics up to 12 kHz, silent for 0.4 s at each of `pauses`, over noise `floor` dB below."""
    rng = np.random.default_rng(seed)
    out = np.zeros(int(seconds * RATE))
    at = 0
    while at < len(out):
        n = int(rng.uniform(0.15, 0.35) * RATE)
        phase = 2 * np.pi * np.cumsum(rng.uniform(90, 250) * (1 + rng.uniform(-0.2, 0.2) * np.linspace(-1, 1, n))) / RATE
        shape = rng.uniform(0.2, 1, 48) / np.arange(1, 49) ** 0.5
        syllable = sum(a * np.sin(k * phase) for k, a in enumerate(shape, 1)) * np.hanning(n)
        out[at : at + n] += 0.05 * syllable[: len(out) - at]
        at += n + int(rng.uniform(0.02, 0.12) * RATE)
    for pause in pauses:
        out[int(pause * RATE) : int((pause + 0.4) * RATE)] = 0
    level = np.sqrt(np.square(out[np.abs(out) > 1e-3]).mean())
    return (out + level * 10 ** (-floor / 20) * rng.standard_normal(len(out))).astype(np.float32)


def kept(x: np.ndarray, speech: bool = True, least_floor: float = 20) -> list[Piece]:
    """The pieces of a recording, all of which can be used."""
    pieces = list(take_apart(x, RATE, speech, least_floor))
    assert all(isinstance(piece, Piece) for piece in pieces), pieces
    return [piece for piece in pieces if isinstance(piece, Piece)]


def reasons(x: np.ndarray, speech: bool = True, least_floor: float = 20) -> list[str]:
    return [piece if isinstance(piece, str) else "kept" for piece in take_apart(x, RATE, speech, least_floor)]


def test_measures(_: Path) -> None:
    for floor in (25, 40, 55):
        found = measure(voice(1, 6, floor, (1, 2, 3, 4, 5)), RATE)
        assert abs(found.floor - floor) < 4, (floor, found.floor)
    gated = voice(1, 6, 45, (1, 2, 3, 4, 5))
    for pause in (1, 2, 3, 4, 5):
        gated[pause * RATE : int((pause + 0.4) * RATE)] = 0
    assert measure(gated, RATE).floor >= GATED_FLOOR
    # What a resampler leaves is all there is, at whatever rate it is stored.
    for edge in (4000, 8000, 11025):
        narrow = resample_poly(resample_poly(voice(2, 4), 2 * edge, RATE), RATE, 2 * edge).astype(np.float32)
        assert 0.88 * edge < bandwidth(narrow, RATE) < 1.1 * edge, (edge, bandwidth(narrow, RATE))
    assert bandwidth(voice(2, 4, 25), RATE) > 20000, "the noise of the recording reaches the top"


def test_refusals(_: Path) -> None:
    x = voice(3, 4, 45, (1, 2))
    (piece,) = take_apart(0.05 * x, RATE, True, 20)
    assert isinstance(piece, Piece) and abs(measure(piece.samples, RATE).level + 26) < 1 and np.abs(piece.samples).max() <= 0.9
    assert abs(piece.level - measure(x, RATE).level - 20 * np.log10(0.05)) < 0.5
    assert reasons(voice(3, 4, 12, (1, 2))) == ["noisy"] and reasons(voice(3, 4, 12, (1, 2)), speech=False) == ["kept"]
    assert reasons(np.clip(20 * x, -1, 1)) == ["clipped"]
    assert reasons(1e-4 * x) == ["silent"] and reasons(np.zeros(RATE, np.float32)) == ["silent"]
    assert reasons(x[: RATE // 10]) == ["short"] and reasons(np.full(RATE, np.nan, np.float32)) == ["broken"]
    padded = np.concatenate([np.zeros(2 * RATE, np.float32), x, np.zeros(2 * RATE, np.float32)])
    assert abs(len(kept(padded)[0].samples) / RATE - 4.2) < 0.15


def test_cutting(_: Path) -> None:
    """Long speech is cut in its pauses and nowhere else, and loses nothing but them."""
    quiet = tuple(np.arange(5, 58, 5.0))
    x = voice(4, 60, 45, quiet)
    cuts = [frame * 0.02 for frame in pauses(measure(x, RATE))]
    assert cuts and all(min(cut - pause for pause in quiet if pause <= cut) <= 0.45 for cut in cuts), cuts
    pieces = kept(x)
    seconds = [len(piece.samples) / RATE for piece in pieces]
    assert len(pieces) == len(cuts) + 1 and max(seconds) <= 14 and min(seconds) >= 2 and 57 < sum(seconds) <= 60, seconds
    assert [len(piece.samples) / RATE for piece in kept(x, False, 0)] == [30, 30]


def test_decoding(folder: Path) -> None:
    x = voice(5, 2)

    def file(form: str) -> bytes:
        content = io.BytesIO()
        sf.write(content, x, RATE, format=form)
        return content.getvalue()

    flac, dead = file("FLAC"), np.stack([np.zeros_like(x), x], axis=1)
    sf.write(folder / "dead.wav", dead, RATE)
    whole, broken, half = decode([("a.flac", flac), ("b.webm", b"nothing"), ("c.wav", (folder / "dead.wav").read_bytes())])
    assert whole and half and broken is None
    (a, rate), (b, _) = whole, half
    assert rate == RATE and np.abs(a - x).max() < 1e-3 and np.abs(b - x).max() < 1e-3
    path = os.environ["PATH"]
    try:
        os.environ["PATH"] = ""
        decode([("a.flac", flac), ("voice.g722", b"\0" * 8000)])
        raise AssertionError("decoded without ffmpeg")
    except Refused as error:
        assert "voice.g722 needs ffmpeg" in str(error)
    finally:
        os.environ["PATH"] = path
    if shutil.which("ffmpeg"):
        sf.write(folder / "a.wav", x, RATE)
        subprocess.run(["ffmpeg", "-v", "error", "-i", folder / "a.wav", "-ar", "16000", "-f", "g722", folder / "a.g722"], check=True)
        g722 = (folder / "a.g722").read_bytes()
        first, nothing, second = decode([("a.g722", g722), ("b.webm", b"nothing"), ("c.g722", g722)])
        assert (
            nothing is None and first and second and first[1] == second[1] == 16000 and np.array_equal(first[0], second[0]) and abs(len(first[0]) - 32000) < 100
        )


def test_doubles(folder: Path) -> None:
    """Found again through Opus, 16 kHz, another level and another cut; other voices, and the same text twice, are not."""
    voices = [voice(seed, 4) for seed in range(10, 16)]
    sf.write(folder / "again.ogg", 0.2 * voices[2][7000 : 3 * RATE], RATE, format="OGG", subtype="OPUS", compression_level=0.95)
    again = resample_poly(resample_poly(sf.read(folder / "again.ogg", dtype="float32")[0], 1, 3), 3, 1)
    prints = [words(x) for x in [*voices, again]]
    found = pairs(prints, np.arange(len(prints)))
    assert [(i, j) for i, j, _ in found] == [(2, 6)] and found[0][2] > 0.9 * len(prints[6]), found
    assert repeated(found, [len(p) for p in prints], set()) == {6} and repeated(found, [len(p) for p in prints], {2}) == set()
    # Of what overlaps by half, what has less beside it goes; by less, nothing.
    assert repeated([(0, 1, 60)], [80, 140], set()) == {0} and repeated([(0, 1, 60)], [140, 140], set()) == set()
    assert pairs([words(np.zeros(RATE, np.float32))] * 3, np.arange(3)) == [] and pairs([], np.arange(0)) == []


def test_kinds(_: Path) -> None:
    kinds = [(row["kind"], tuple(row["words"].split())) for row in rows_of(HERE / "noise_kinds.csv")]
    for path, kind in (
        ("a/rain_heavy1.ogg", "rain_water"),
        ("sounds/DoorOpen.wav", "door"),
        ("birds/x1.ogg", "bird"),
        ("a.zip!audio/voice/x.ogg", "voice"),
        ("a/b.ogg", "misc"),
    ):
        assert kind_of(path, kinds) == kind, (path, kind_of(path, kinds))


def test_sources(_: Path) -> None:
    rows = rows_of(HERE / "sources.csv")
    assert len({row["source"] for row in rows}) == len(rows) > 40
    for row in rows:
        for column in ("files", "leave_out", "licence_file", "licence_says"):
            re.compile(row[column])
        assert row["kind"] in ("speech", "noise", "music") and row["licence"] and row["licence_file"] and row["licence_says"], row["source"]
        assert not FORBIDDEN.search(row["licence"]) and (row["kind"] != "speech" or (row["speaker"] and float(row["least_floor_db"]))), row["source"]
    # Voices of the development set.
    assert not {"chimple/curious-learning-assests", "XPRIZE/GLEXP-Team-RoboTutor-SwahiliAssets"} & {row["repository"] for row in rows}


def repository(folder: Path, name: str, files: dict[str, np.ndarray | bytes | str], bare: bool = False) -> None:
    work = folder / ("work/" + name if bare else name)
    for path, content in files.items():
        (work / path).parent.mkdir(parents=True, exist_ok=True)
        if isinstance(content, np.ndarray):
            sf.write(work / path, content, RATE)
        else:
            (work / path).write_bytes(content.encode() if isinstance(content, str) else content)
    git = ["git", "-c", "user.name=x", "-c", "user.email=x@x", "-C", str(work)]
    for command in (["init", "-q"], ["add", "-f", "."], ["commit", "-q", "-m", "sounds"]):
        subprocess.run([*git, *command], check=True, capture_output=True)
    if bare:
        subprocess.run(["git", "clone", "-q", "--bare", work, folder / name.replace("/", "+") / "repo"], check=True)


def package(folder: Path, name: str, x: np.ndarray) -> None:
    """A Debian package with a sound in a zip."""
    root = folder / "build" / name
    (root / "DEBIAN").mkdir(parents=True)
    (root / "DEBIAN/control").write_text(f"Package: {name}\nVersion: 1.2-3\nArchitecture: all\nMaintainer: x <x@x>\nDescription: x\n")
    (root / f"usr/share/doc/{name}").mkdir(parents=True)
    (root / f"usr/share/doc/{name}/copyright").write_text("Files: *\nLicense: CC0 1.0 Universal\n")
    sf.write(folder / "engine.ogg", x, RATE)
    with zipfile.ZipFile(root / "usr/share/data.zip", "w") as archive:
        archive.write(folder / "engine.ogg", "sounds/engine.ogg")
    subprocess.run(["dpkg-deb", "--build", root, folder / f"{name}_1.2-3_all.deb"], check=True, capture_output=True)


def test_gathering(folder: Path) -> None:
    """From repositories to what pool.py reads: good, damaged, doubled, forbidden, wrongly licensed and missing sources side by side."""
    there, licence = folder / "repositories", "Creative Commons\n\nCC0 1.0 Universal\n"
    x = [voice(seed, 4, 45, (1, 2)) for seed in range(20, 30)]
    repository(there, "a/voices", {
        "LICENSE": licence, "clips/1.wav": x[0], "clips/2.flac": x[1], "clips/3.ogg": x[2], "clips/4.wav": x[3], "clips/copy.wav": x[0], "clips/quiet.wav": 1e-4 * x[4],
        "clips/pointer.wav": "version https://git-lfs.github.com/spec/v1\n", "clips/broken.wav": b"RIFF", "clips/private/5.wav": x[5],
        "all.tsv": "client_id\tpath\nanna\t1.wav\nanna\t2.flac\nben\t3.ogg\n",
    }, bare=True)  # fmt: skip
    repository(there, "b/again", {"LICENSE": licence, "eva/1.mp3": 0.3 * x[1][2000:], "eva/2.wav": x[6], "finn/3.wav": x[7], "finn/4.wav": x[8]})
    repository(there, "c/other", {"LICENSE": "Attribution-NonCommercial 4.0", "1.wav": x[9]})
    repository(there, "d/noise", {"COPYING": licence, "rain.wav": voice(40, 3, 3), "crew/voice1.wav": x[9]})
    rows = [
        SOURCE | {"source": "voices", "repository": "a/voices", "leave_out": "private", "speaker": "table:path:client_id"},
        SOURCE | {"source": "again", "repository": "b/again", "speaker": "re:^([a-z]+)/"},
        SOURCE | {"source": "other", "repository": "c/other"},
        SOURCE | {"source": "nc", "repository": "c/other", "licence": "CC BY-NC 4.0"},
        SOURCE | {"source": "gone", "repository": "e/gone"},
        SOURCE | {"source": "noise", "repository": "d/noise", "kind": "noise", "licence": "CC0/CC BY-SA (per file)", "licence_file": "^COPYING$", "speaker": "", "least_floor_db": ""},
    ]  # fmt: skip
    if shutil.which("dpkg-deb"):
        package(folder, "engines", voice(41, 2, 3))
        rows.append(rows[-1] | {"source": "engines", "repository": "debian:engines", "licence_file": "^usr/share/doc/engines/copyright$", "licence": "CC0-1.0"})
    with open(folder / "sources.csv", "w") as f:
        f.write("\n".join([",".join(rows[0]), *(",".join(row[name] for name in rows[0]) for row in rows)]))
    # A development recording holds half of what finn says.
    (folder / "development/speech/x").mkdir(parents=True)
    sf.write(folder / "development/speech/x/y.flac", resample_poly(np.concatenate([voice(50, 2), 0.5 * x[7]]), 1, 2), RATE // 2)

    def run(*more: str) -> tuple[int, str]:
        arguments = [str(a) for a in ("--repositories", there, "--packages", folder, "--out", folder / "out", "--sources", folder / "sources.csv", *more)]
        done = subprocess.run([sys.executable, "-m", "training", "gather", *arguments], capture_output=True, text=True)
        return done.returncode, done.stdout + done.stderr

    code, said = run("--list")
    assert code == 0 and "git clone --bare --depth 1 https://github.com/e/gone" in said and "voices (speech, a/voices, CC0-1.0): there" in said, said
    code, said = run("--only", "voices", "unheard-of")
    assert code == 2 and "unheard-of" in said, said
    code, said = run("--lossless")
    assert (
        code == 1 and "other: NOT GATHERED: its licence is not what sources.csv says" in said and "gone: NOT GATHERED: no clone of e/gone: git clone" in said
    ), said
    assert "nc: NOT GATHERED: its licence, CC BY-NC 4.0, forbids it" in said and "Traceback" not in said, said

    manifest = json.loads((folder / "out/manifest.json").read_text())
    about = {row["source"]: row for row in manifest["sources"]}
    assert set(manifest["not_gathered"]) == {"other", "nc", "gone"} and set(about) == {row["source"] for row in rows} - {"other", "nc", "gone"}
    # The pointer is absent, broken.wav cannot be decoded (or is ffmpeg's, which is missing), the copy and 1.mp3 are doubles.
    assert about["voices"]["dropped"] == {"absent": 1, "double": 1, "silent": 1, "undecoded": 1} and about["voices"]["voices"] == 3, about["voices"]
    assert about["voices"]["stated"] == "LICENSE: CC0 1.0 Universal" and re.fullmatch("[0-9a-f]{40}", about["voices"]["version"])
    assert about["again"]["dropped"] == {"double": 1} and about["again"]["segments"] == 3, about["again"]
    assert about["noise"]["dropped"] == {"voice": 1} and abs(about["noise"]["hours"] - 3 / 3600) < 1e-3
    segments = rows_of(folder / "out/speech/voices/segments.csv")
    assert (
        len(segments) == 4
        and len({row["speaker"] for row in segments if row["path"] in ("clips/1.wav", "clips/2.flac")}) == 1
        and segments[0]["language"] == "xx"
    )
    for row in segments:  # the rows say where in the part it is: none of it runs into the next
        sound, rate = sf.read(folder / "out/speech/voices" / row["file"], start=round(float(row["start_s"]) * RATE), frames=round(float(row["seconds"]) * RATE))
        assert rate == RATE and abs(measure(sound, RATE).level + 26) < 1.5 and float(row["floor_db"]) > 35 and float(row["bandwidth_hz"]) > 10000, row

    times = {path: path.stat().st_mtime_ns for path in (folder / "out").rglob("*.flac")}
    code, said = run("--only", "voices", "again", "--development", str(folder / "development"))
    assert code == 0 and {path: path.stat().st_mtime_ns for path in (folder / "out").rglob("*.flac")} == times, said
    left = rows_of(folder / "out/speech/again/segments.csv")
    assert [row["path"] for row in left] == ["eva/2.wav"], left
    assert rows_of(folder / "out/speech/again/measured.csv")[0]["dropped"] == "development:2 double:1"

    assert {row[1] for row in index([folder / "out"], set(), permissive=False)} == set(about)
    assert {row[1] for row in index([folder / "out"], set(), permissive=True)} == set(about) - {"noise"}, "CC BY-SA of some files is not permissive"
    shutil.rmtree(folder / "out/speech/again")
    code, said = run("--only", "again")
    part = folder / "out/speech/again/part-000.opus"
    assert code == 0 and sf.info(part).subtype == "OPUS" and 40 < 8 * part.stat().st_size / 1000 / sf.info(part).duration < 90, said


def main() -> None:
    run_each((test_measures, test_refusals, test_cutting, test_decoding, test_doubles, test_kinds, test_sources, test_gathering))


if __name__ == "__main__":
    main()
