"""Speech and noise for training in one index: which segment, of whom, how wide, how clean; the audio as int16 at 48 kHz, decoded once.

    python -m training pool --data DATA [--data MORE ...] --pool POOL [--leave-out SOURCE ...] [--licences permissive] [--workers 2]

A data folder is one of
- lists (speech.csv, speech-segments.csv, noise.csv, noise-segments.csv) beside speech/ and noise/: rows of the split "train" are taken;
- speech/SOURCE/ and noise/SOURCE/, each with a segments.csv (file, start_s, seconds, speaker, kind, bandwidth_hz, floor_db) beside its parts;
- neither: every wav, flac, ogg or opus file below speech/ and noise/ is one segment of one talker or one kind of noise.

Writes POOL/WHAT-SOURCE.i16 with a .csv beside it, where they are not there already, and the names of what training may hear into POOL/sources.json. Sources of evaluation/outside/sources.json are left out always: the outside yardstick must stay
outside. Where two folders hold the same repository the later one counts, so that nothing is heard double.
"""

import argparse
import csv
import json
import multiprocessing
import re
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile as sf

from common import tables
from common.sound import RATE, resampled
from common.tables import rows_of

SUFFIXES = {".wav", ".flac", ".ogg", ".opus"}
OUTSIDE = Path(__file__).resolve().parents[2] / "evaluation" / "outside" / "sources.json"
COLUMNS = ("kind", "source", "file", "offset", "samples", "speaker", "bandwidth_hz", "floor_db", "licence")
# Licences that ask for a copyright notice at most; where files of a source have several, each must be one of them.
PERMISSIVE = re.compile(r"CC0|public domain|MIT|BSD|Apache|CC[ -]BY(?![ -](SA|NC|ND))", re.I)
DEMANDING = re.compile(r"GPL|GFDL|FDL|[ -](SA|NC|ND)\b", re.I)
# The gathered folders and the repositories they were taken out of, where an older list holds parts of the same.
SAME = {
    "kathleen": "rhasspy/dataset-voice-kathleen", "kerstin": "rhasspy/dataset-voice-kerstin", "nathalie": "rhasspy/dataset-voice-nathalie",
    "flemishguy": "rhasspy/dataset-voice-flemishguy", "yoruba": "ogunlao/yoruba_speech_project", "fleursdumal": "heitorchang/fleursdumal_librivox",
    "picovoice_intent": "Picovoice/speech-to-intent-benchmark", "picovoice_wake": "Picovoice/wake-word-benchmark",
    "robotutor_en_stories": "XPRIZE/GLEXP-Team-RoboTutor-EnglishAssets", "blanket_full": "rafaelmardojai/blanket",
    "dsurround": "OreCruncher/DynamicSurroundings",
}  # fmt: skip


@dataclass
class Segment:
    """Where a segment lies in the pool, and what is known of it."""

    source: str
    offset: int
    samples: int
    speaker: str
    bandwidth: float
    floor: float


def listed(data: Path, what: str, training: bool = True) -> list[tuple]:
    """(kind, source, file, start, seconds, speaker, bandwidth, floor, licence) of a folder with lists: what is for training, or what is not."""
    return [
        (what if what == "speech" else row["kind"], row.get("source") or "", data / what / row["file"], start, seconds,
         row.get("speaker") or "", row.get("bandwidth_hz") or 20000, row.get("floor_db") or 45, row.get("licence") or "")
        for row, spans in tables.listed(data, what) if (row["split"] == "train") == training for start, seconds in spans
    ]  # fmt: skip


def gathered(folder: Path, what: str) -> list[tuple]:
    measured = folder / "measured.csv"
    licence = rows_of(measured)[0]["licence"] if measured.exists() else ""
    return [
        (what if what == "speech" else row["kind"] or "misc", folder.name, folder / row["file"], float(row["start_s"]), float(row["seconds"]),
         f"{folder.name}/{row['speaker']}", row["bandwidth_hz"] or 20000, row["floor_db"] or 45, licence)
        for row in rows_of(folder / "segments.csv")
    ]  # fmt: skip


def plain(data: Path, what: str) -> list[tuple]:
    out = []
    for path in sorted((data / what).rglob("*")):
        if path.suffix.lower() in SUFFIXES:
            info = sf.info(path)
            kind = what if what == "speech" else path.parent.name
            out.append((kind, path.parent.name, path, 0.0, info.duration, f"{path.parent.name}/{path.stem}", min(20000, info.samplerate // 2), 60, ""))
    return out


def index(folders: list[Path], leave_out: set[str], permissive: bool) -> list[tuple]:
    """Every segment of the folders that training may hear."""
    found: list[tuple] = []
    for data in folders:
        for what in ("speech", "noise"):
            parts = sorted(p.parent for p in (data / what).glob("*/segments.csv"))
            if (data / f"{what}.csv").exists():
                found += listed(data, what)
            elif parts:
                for part in parts:
                    found += gathered(part, what)
            else:
                found += plain(data, what)
    here = {row[1] for row in found}
    doubles = {SAME[source] for source in here & SAME.keys()}
    return [row for row in found if row[1] not in doubles | leave_out and (not permissive or (PERMISSIVE.search(row[8]) and not DEMANDING.search(row[8])))]


def decode(task: tuple[Path, list[tuple]]) -> tuple[str, int]:
    """One source into the pool; its name there and how many samples it has, 0 if it was there."""
    pool, rows = task
    what = "speech" if rows[0][0] == "speech" else "noise"
    name = f"{what}-{re.sub(r'[^A-Za-z0-9_.-]+', '+', rows[0][1])}"
    files = defaultdict(list)
    for row in rows:
        files[row[2]].append(row)
    out, at = [], 0
    if (pool / f"{name}.csv").exists():
        return name, 0
    with open(pool / f"{name}.tmp", "wb") as sound:
        for file, own in files.items():
            x, rate = sf.read(file, dtype="float32", always_2d=True)
            x = resampled(x.mean(axis=1), rate)
            for kind, _, _, start, seconds, speaker, bandwidth, floor, licence in own:
                piece = x[int(start * RATE) : int((start + seconds) * RATE)]
                if len(piece) < RATE // 100:
                    continue
                sound.write(np.clip(np.round(piece * 32767), -32768, 32767).astype("<i2").tobytes())
                out.append((kind, name, file.name, at, len(piece), speaker, bandwidth, floor, licence))
                at += len(piece)
    (pool / f"{name}.tmp").replace(pool / f"{name}.i16")
    with open(pool / f"{name}.tmp", "w", newline="", encoding="utf-8") as f:
        writer = csv.writer(f)
        writer.writerow(COLUMNS)
        writer.writerows(out)
    (pool / f"{name}.tmp").replace(pool / f"{name}.csv")
    return name, at


def build(folders: list[Path], pool: Path, leave_out: set[str] = frozenset(), permissive: bool = False, workers: int = 1) -> Path:
    """Decodes what the pool lacks; returns the pool."""
    if OUTSIDE.exists():
        outside = json.loads(OUTSIDE.read_text())
        leave_out = set(leave_out) | {name for what in ("speech", "noise", "first_noise") for name in outside.get(what, {})}
    sources = defaultdict(list)
    for row in index(folders, set(leave_out), permissive):
        sources[(row[0] == "speech", row[1])].append(row)
    if not any(speech for speech, _ in sources) or all(speech for speech, _ in sources):
        raise SystemExit(f"no speech or no noise for training in {', '.join(map(str, folders))}: put wav, flac, ogg or opus files into speech/ and noise/ there")
    pool.mkdir(parents=True, exist_ok=True)
    names = []
    with multiprocessing.Pool(workers) as processes:
        for number, (name, samples) in enumerate(processes.imap_unordered(decode, [(pool, rows) for rows in sources.values()])):
            print(f"{number + 1}/{len(sources)}: {name}, {f'{samples / RATE / 3600:.2f} h' if samples else 'there already'}", flush=True)
            names.append(name)
    (pool / "sources.json").write_text(json.dumps(sorted(names)))
    return pool


class Pool:
    """The audio of a pool, memory-mapped and shared by all processes."""

    def __init__(self, folder: Path):
        names = folder / "sources.json"
        if not names.exists():
            raise SystemExit(f"no sources.json in {folder}: run `python -m training pool` first")
        self.rows = [row for name in json.loads(names.read_text()) for row in rows_of(folder / f"{name}.csv")]
        self.speech: list[Segment] = []
        self.noise: dict[str, list[Segment]] = defaultdict(list)
        for row in self.rows:
            segment = Segment(row["source"], int(row["offset"]), int(row["samples"]), row["speaker"], float(row["bandwidth_hz"]), float(row["floor_db"]))
            (self.speech if row["kind"] == "speech" else self.noise[row["kind"]]).append(segment)
        self.audio = {name: np.memmap(folder / f"{name}.i16", dtype="<i2", mode="r") for name in {s.source for s in self.segments()}}

    def segments(self) -> list[Segment]:
        return self.speech + [segment for segments in self.noise.values() for segment in segments]

    def cut(self, segment: Segment, start: int, samples: int) -> np.ndarray:
        """Up to `samples` samples of a segment from `start` on, float32."""
        end = min(segment.samples, start + samples)
        return self.audio[segment.source][segment.offset + start : segment.offset + end].astype(np.float32) / 32767


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, action="append", required=True)
    parser.add_argument("--pool", type=Path, required=True)
    parser.add_argument("--leave-out", nargs="*", default=[], metavar="SOURCE")
    parser.add_argument("--licences", choices=("all", "permissive"), default="all", help="permissive: CC0, public domain, MIT, BSD, Apache, CC BY alone")
    parser.add_argument("--workers", type=int, default=1)
    args = parser.parse_args()
    build(args.data, args.pool, set(args.leave_out), args.licences == "permissive", args.workers)


if __name__ == "__main__":
    main()
