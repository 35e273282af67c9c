"""Reads the corpora the outside yardstick is built of: folders of Opus parts with a segments.csv, and the first data's noise.csv."""

import json
import pathlib
import re
from collections import defaultdict

import soundfile as sf

from common.sound import RATE
from common.tables import rows_of

SOURCES = json.loads(pathlib.Path(__file__).with_name("sources.json").read_text())


class Segment:
    """A span of a file, read when it is asked for."""

    def __init__(self, path, row, source, name, bandwidth):
        self.path, self.source, self.name, self.bandwidth = path, source, name, bandwidth
        self.start, self.seconds = float(row["start_s"]), float(row["seconds"])

    def samples(self):
        """Mono float32 at 48 kHz."""
        first, count = round(self.start * RATE), round(self.seconds * RATE)
        x, rate = sf.read(self.path, start=first, frames=count, dtype="float32")
        if rate != RATE or x.ndim > 1:
            raise ValueError(f"{self.path} is not 48 kHz and mono")
        return x


class Voices:
    """Utterances of the outside speakers, clean enough for a reference: `of` is {source: {speaker: [Segment]}}, `missing` sources not there."""

    def __init__(self, corpus, shortest=0.8, longest=8.0, least=7.0):
        """`least`: seconds of utterances of `shortest` to `longest` that a speaker must have."""
        self.of, self.language, self.missing = {}, {}, []
        for source, rule in SOURCES["speech"].items():
            folder = pathlib.Path(corpus) / "speech" / source
            if not (folder / "segments.csv").exists():
                self.missing.append(source)
                continue
            speakers = defaultdict(list)
            for row in rows_of(folder / "segments.csv"):
                seconds, floor = float(row["seconds"]), float(row["floor_db"])
                if not shortest <= seconds <= longest or floor < rule["min_floor_db"]:
                    continue
                found = re.search(rule.get("speaker", ""), row["path"])
                if not found:  # of a speaker whom the path does not name
                    continue
                speaker = f"{source}/{found.group(1) if found.groups() else row['speaker']}"
                self.language[speaker] = row["language"]
                speakers[speaker].append(Segment(folder / row["file"], row, source, row["path"], float(row["bandwidth_hz"])))
            self.of[source] = {s: own for s, own in sorted(speakers.items()) if sum(x.seconds for x in own) >= least}


class Noises:
    """Clips of the outside noises: `of` is {kind: [Segment]}, `missing` the sources that are not there."""

    def __init__(self, corpus, first):
        self.of, self.missing = defaultdict(list), []
        for source, rule in SOURCES["noise"].items():
            folder = pathlib.Path(corpus) / "noise" / source
            if not (folder / "segments.csv").exists():
                self.missing.append(source)
                continue
            for row in rows_of(folder / "segments.csv"):
                if not re.search(rule.get("exclude", "$^"), row["path"]):
                    self.of[row["kind"]].append(Segment(folder / row["file"], row, source, row["path"], float(row["bandwidth_hz"])))
        spans = defaultdict(list)
        for row in rows_of(pathlib.Path(first) / "noise-segments.csv"):
            spans[row["file"]].append(row)
        for row in rows_of(pathlib.Path(first) / "noise.csv"):
            if row["source"] not in SOURCES["first_noise"]:
                continue
            if row["split"] != "dev":
                raise ValueError(f"{row['file']} of {row['source']} is of split {row['split']}: training hears that source")
            for span in spans[row["file"]]:
                path = pathlib.Path(first) / "noise" / row["file"]
                self.of[row["kind"]].append(Segment(path, span, row["source"], row["file"], float(row["bandwidth_hz"])))
