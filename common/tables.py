"""CSV files: rows as dictionaries, UTF-8."""

import csv
from collections import defaultdict
from pathlib import Path

Row = dict[str, str]


def rows_of(path: Path) -> list[Row]:
    with open(path, newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def write_rows(path: Path, columns: list[str], rows: list[dict]) -> None:
    with open(path, "w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, columns)
        writer.writeheader()
        writer.writerows(rows)


def listed(data: Path, what: str) -> list[tuple[Row, list[tuple[float, float]]]]:
    """What a data folder lists of "speech" or "noise": each row of WHAT.csv with its (start, seconds) of WHAT-segments.csv."""
    spans = defaultdict(list)
    for row in rows_of(data / f"{what}-segments.csv"):
        spans[row["file"]].append((float(row["start_s"]), float(row["seconds"])))
    return [(row, spans[row["file"]]) for row in rows_of(data / f"{what}.csv")]
