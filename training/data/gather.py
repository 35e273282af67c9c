"""Gathers recordings for training out of public repositories and Debian packages: what its licence allows, what is clean enough, and each once.

    python -m training gather --repositories FOLDER --packages FOLDER --out DATA [--only SOURCE ...] [--development FOLDER ...] [--lossless] [--workers 2]
    python -m training gather --repositories FOLDER --packages FOLDER --out DATA --list

sources.csv says what is taken: `files` and `leave_out` are regular expressions for paths, `licence_says` is what a file of the source named like
`licence_file` must say, `speaker` a name, re:PATTERN for paths (its groups are the name) or table:FILE:SPEAKER (columns of the source's .tsv files).
FOLDER holds clones, bare or not, as OWNER+NAME or OWNER/NAME; nothing is checked out. Packages are brought by apt-get download.

Writes DATA/speech/SOURCE and DATA/noise/SOURCE as pool.py reads them, and DATA/manifest.json. What is there stays; a source that cannot be had is
named with what to do, and the others go on. --development: data folders whose voices training must not hear (of lists, the rows that are not
"train"): whoever is found there too goes with all that he says.
"""

import argparse
import hashlib
import multiprocessing
import re
import shutil
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import soundfile as sf

from common.sound import RATE, resampled
from common.tables import rows_of, write_rows
from training.data.doubles import pairs, repeated, words
from training.data.pool import listed, plain
from training.data.recordings import Parts, Refused, decode, take_apart
from training.data.sources import Package, Repository, place, speakers, stated_licence
from training.manifest import write

HERE = Path(__file__).resolve().parent
COLUMNS = ("file", "start_s", "seconds", "speaker", "language", "kind", "bandwidth_hz", "floor_db", "level_dbfs", "path", "sha1")
ABOUT = ("source", "repository", "version", "kind", "licence", "stated", "note")
WORDS = "words.npz"  # of doubles.py, of each segment that was written
BATCH = 40  # recordings decoded at once


def kind_of(path: str, kinds: list[tuple[str, tuple[str, ...]]]) -> str:
    """The kind of noise that the name of a file speaks of, or else its folders, from the last to the first."""
    for part in reversed(re.split(r"[/!]", path)):
        own = re.findall(r"[a-z]+", re.sub(r"([a-z])([A-Z])", r"\1 \2", part.rpartition(".")[0] or part).lower())
        for kind, begin in kinds:
            if any(word.startswith(begin) for word in own):
                return kind
    return "misc"


def recordings(source: dict, files: Repository | Package, who: Callable[[str], str], dropped: Counter) -> Iterator[tuple[str, str, np.ndarray, int]]:
    """(path, SHA-1, samples, rate) of each recording that can be decoded, speaker by speaker."""
    leave_out = re.compile(source["leave_out"] or r"$.")
    paths = [path for path in files.files if re.search(source["files"], path) and not leave_out.search(path)]
    # Of a source that is cut off at most_hours, something from everywhere.
    paths.sort(key=lambda path: hashlib.sha1(path.encode()).hexdigest() if source["most_hours"] else (who(path), path))
    seen = set()
    for begin in range(0, len(paths), BATCH):
        batch = []
        for path in paths[begin : begin + BATCH]:
            content = files.read(path)
            digest = hashlib.sha1(content or b"").hexdigest()
            if content is None or digest in seen:
                dropped["absent" if content is None else "double"] += 1
            else:
                seen.add(digest)
                batch.append((path, digest, content))
        for (path, digest, _), sound in zip(batch, decode([(path, content) for path, _, content in batch]), strict=True):
            if sound is None:
                dropped["undecoded"] += 1
            else:
                yield path, digest, *sound


def segments(source: dict, files: Repository | Package, folder: Path, lossless: bool, dropped: Counter) -> tuple[list[dict], list[np.ndarray]]:
    """Writes the parts of a source; its rows of segments.csv and the words of doubles.py of each."""
    speech = source["kind"] == "speech"
    who = speakers(source["speaker"], files)
    kinds = [(row["kind"], tuple(row["words"].split())) for row in rows_of(HERE / "noise_kinds.csv")]
    most = float(source["most_hours"] or "inf") * 3600
    rows, prints, seconds = [], [], 0.0
    parts = Parts(folder, speech, lossless)
    for path, digest, x, rate in recordings(source, files, who, dropped):
        kind = "" if speech else source["kind"] if source["kind"] != "noise" else kind_of(path, kinds)
        if kind == "voice":
            dropped["voice"] += 1
            continue
        if seconds > most:
            break
        language = source["language"]
        if language.startswith("re:"):
            language = found.group(1) if (found := re.search(language[3:], path)) else ""
        for piece in take_apart(x, rate, speech, float(source["least_floor_db"] or 0)):
            if isinstance(piece, str):
                dropped[piece] += 1
                continue
            file, start = parts.add(piece.samples)
            seconds += len(piece.samples) / RATE
            rows.append({"file": file, "start_s": start, "seconds": round(len(piece.samples) / RATE, 3), "speaker": who(path) if speech else "", "language": language,
                         "kind": kind, "bandwidth_hz": int(piece.bandwidth), "floor_db": round(piece.floor, 1), "level_dbfs": round(piece.level, 1),
                         "path": path, "sha1": digest})  # fmt: skip
            prints.append(words(piece.samples))
    parts.close()
    return rows, prints


def counted(dropped: str) -> Counter:
    """The column `dropped` of measured.csv, "noisy:7 short:2"."""
    return Counter({why: int(number) for why, number in (item.split(":") for item in dropped.split())})


def key(row: dict) -> str:
    return f"{row['file']} {row['start_s']}"


def write_table(path: Path, rows: list[dict]) -> None:
    new = path.with_suffix(".tmp")
    write_rows(new, list(rows[0]) if rows else list(COLUMNS), rows)
    new.replace(path)


def write_source(folder: Path, about: dict, rows: list[dict], dropped: Counter) -> str:
    """measured.csv, a row of what the source is and holds, and then segments.csv, with which it is done. Says what it holds."""
    sizes = {key: np.array([float(row[key]) for row in rows]) for key in ("seconds", "bandwidth_hz", "floor_db")}
    spread = "/".join(str(int(v)) for v in np.percentile(sizes["bandwidth_hz"], [10, 50, 90])) if rows else ""
    measured = {"segments": len(rows), "hours": round(sizes["seconds"].sum() / 3600, 3), "voices": len({row["speaker"] for row in rows} - {""}),
                "languages": len({row["language"] for row in rows} - {""}), "bandwidth_hz": spread,
                "floor_db": round(float(np.median(sizes["floor_db"])), 1) if rows else "", "dropped": " ".join(f"{why}:{n}" for why, n in sorted(dropped.items()))}  # fmt: skip
    write_table(folder / "measured.csv", [{name: about[name] for name in ABOUT} | measured])
    write_table(folder / "segments.csv", rows)
    return "{hours} h, {segments} segments, {voices} voices, {bandwidth_hz} Hz, floor {floor_db} dB; dropped {dropped}".format(**measured)


def gather(task: tuple[dict, Path, Path, Path, bool]) -> tuple[str, str, bool]:
    """One source: its name, what there is to say, and whether it is there now."""
    source, folder, repositories, packages, lossless = task
    files = None
    try:
        opened, name, where = place(source, repositories, packages)
        files = opened(name, where)
        stated = stated_licence(source, files)
        shutil.rmtree(folder, ignore_errors=True)  # what an earlier run left unfinished
        folder.mkdir(parents=True)
        dropped: Counter = Counter()
        rows, prints = segments(source, files, folder, lossless, dropped)
        if not rows:
            raise Refused(f"nothing of it can be used: {dict(dropped) or 'no file is called ' + source['files']}")
        np.savez(folder / WORDS, words=np.concatenate(prints), ends=np.cumsum([len(p) for p in prints]), segments=[key(row) for row in rows])
        about = source | {"version": files.version, "stated": stated}
        return source["source"], write_source(folder, about, rows, dropped), True
    except Refused as error:
        return source["source"], str(error), False
    except Exception as error:  # a damaged archive, a full disk: the others go on
        return source["source"], f"{type(error).__name__}: {error}", False
    finally:
        if files:
            files.close()


def development_words(folders: list[Path]) -> list[np.ndarray]:
    """The words of every file of data folders that training must not hear."""
    files = {row[2] for data in folders for what in ("speech", "noise") for row in (listed(data, what, training=False) if (data / f"{what}.csv").exists() else plain(data, what))}
    out = []
    for file in sorted(files):
        x, rate = sf.read(file, dtype="float32", always_2d=True)
        out.append(words(resampled(x.mean(axis=1), rate)))
    return out


def remove_doubles(folders: list[Path], development: list[np.ndarray]) -> None:
    """Takes rows out of segments.csv: what an earlier folder has too, and of speech whoever is heard in the development recordings."""
    rows, prints = [], []
    for folder in folders:
        stored = np.load(folder / WORDS)
        own = dict(zip(stored["segments"].tolist(), np.split(stored["words"], stored["ends"][:-1]), strict=True))
        for row in rows_of(folder / "segments.csv"):
            rows.append((folder, row))
            prints.append(own[key(row)])
    if not rows:
        return
    first: dict[str, Path] = {}
    gone = {i: "double" for i, (folder, row) in enumerate(rows) if first.setdefault(row["sha1"], folder) != folder}
    numbers = np.unique([row["sha1"] for _, row in rows], return_inverse=True)[1]
    found = pairs(development + prints, np.concatenate([-1 - np.arange(len(development)), numbers]))
    n = len(development)
    gone |= dict.fromkeys(repeated([(i - n, j - n, shared) for i, j, shared in found if i >= n], [len(p) for p in prints], set(gone)), "double")
    heard = {j - n for i, j, _ in found if i < n <= j}
    voices = {(rows[i][0], rows[i][1]["speaker"]) for i in heard if rows[i][1]["speaker"]}
    gone |= {i: "development" for i, (folder, row) in enumerate(rows) if i in heard or (folder, row["speaker"]) in voices}
    for folder in {rows[i][0] for i in gone}:
        measured = rows_of(folder / "measured.csv")[0]
        dropped = counted(measured["dropped"])
        dropped.update(why for i, why in gone.items() if rows[i][0] == folder)
        kept = [row for i, (own, row) in enumerate(rows) if own == folder and i not in gone]
        print(f"{folder.name}: {write_source(folder, measured, kept, dropped)}", flush=True)


def state(source: dict, folder: Path, repositories: Path, packages: Path) -> str:
    """For --list: done, there, or what is missing and how it comes."""
    opened, name, where = place(source, repositories, packages)
    if (folder / "segments.csv").exists():
        return "done"
    try:
        opened.find(name, where)
    except Refused as error:
        return str(error)
    return "there"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repositories", type=Path, default=Path("repositories"))
    parser.add_argument("--packages", type=Path, default=Path("packages"))
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--sources", type=Path, default=HERE / "sources.csv")
    parser.add_argument("--only", nargs="+", metavar="SOURCE")
    parser.add_argument("--development", type=Path, nargs="*", default=[], metavar="FOLDER")
    parser.add_argument("--lossless", action="store_true", help="FLAC in place of Opus: four times the size")
    parser.add_argument("--list", action="store_true", help="say of each source whether it is there, and how it comes")
    parser.add_argument("--workers", type=int, default=1)
    args = parser.parse_args()

    sources = {row["source"]: row for row in rows_of(args.sources)}
    unknown = set(args.only or ()) - sources.keys()
    if unknown:
        parser.error(f"not in {args.sources.name}: {', '.join(sorted(unknown))}; --list names them all")
    folders = {name: args.out / ("speech" if row["kind"] == "speech" else "noise") / name for name, row in sources.items()}
    wanted = args.only or sources
    if args.list:
        for name in wanted:
            row = sources[name]
            print(f"{name} ({row['kind']}, {row['repository']}, {row['licence']}): {state(row, folders[name], args.repositories, args.packages)}")
        return
    tasks = [(sources[name], folders[name], args.repositories, args.packages, args.lossless) for name in wanted if not (folders[name] / "segments.csv").exists()]
    refused = {}
    with multiprocessing.Pool(args.workers) as processes:
        for number, (name, text, good) in enumerate(processes.imap_unordered(gather, tasks)):
            print(f"{number + 1}/{len(tasks)} {name}: {'' if good else 'NOT GATHERED: '}{text}", flush=True)
            if not good:
                refused[name] = text
    done = [folder for folder in folders.values() if (folder / "segments.csv").exists() and (folder / WORDS).exists()]
    remove_doubles(done, development_words(args.development))
    measured = [rows_of(folder / "measured.csv")[0] for folder in done]
    for row in measured:
        row |= {"segments": int(row["segments"]), "hours": float(row["hours"]), "voices": int(row["voices"]), "dropped": counted(row["dropped"])}
    args.out.mkdir(parents=True, exist_ok=True)
    write(args.out / "manifest.json", sources=measured, not_gathered=refused)
    hours = {what: sum(row["hours"] for row in measured if (row["kind"] == "speech") == what) for what in (True, False)}
    print(f"{hours[True]:.2f} h of speech, {hours[False]:.2f} h of noise and music from {len(done)} sources; {len(refused)} not gathered: {', '.join(refused) or '-'}")
    sys.exit(bool(refused))


if __name__ == "__main__":
    main()
