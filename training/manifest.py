"""What a run used: sources and licences, settings, versions. Written beside features and checkpoints as manifest.json."""

import hashlib
import json
import platform
import subprocess
import sys
from pathlib import Path

from common.sound import RATE
from common.tables import rows_of

HERE = Path(__file__).resolve().parent


def commit() -> str:
    """Commit of the code, with + after it when files differ from it; empty outside of git."""
    try:
        head = subprocess.run(["git", "rev-parse", "HEAD"], cwd=HERE, capture_output=True, text=True, check=True).stdout.strip()
        changed = subprocess.run(["git", "status", "--porcelain", "."], cwd=HERE, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return ""
    return head + ("+" if changed else "")


def write(path: Path, **content) -> None:
    """Writes content with the versions of Python, numpy and, where it is loaded, torch. Paths in it lose their folders."""
    versions = {"python": platform.python_version()}
    versions |= {name: sys.modules[name].__version__ for name in ("numpy", "scipy", "torch") if name in sys.modules}
    plain = json.loads(json.dumps(content, default=lambda value: value.name if isinstance(value, Path) else str(value)))
    path.write_text(json.dumps({"commit": commit(), "versions": versions, **plain}, indent=1) + "\n")


def sources(pool: Path) -> list[dict]:
    """What a pool of data/pool.py holds: a row a source, with the SHA-256 of its table of files."""
    out = []
    for name in json.loads((pool / "sources.json").read_text()):
        table = pool / f"{name}.csv"
        rows = rows_of(table)
        hours = sum(int(row["samples"]) for row in rows) / RATE / 3600
        licences = sorted({row["licence"] for row in rows})
        voices = len({row["speaker"] for row in rows if row["kind"] == "speech"})
        out.append({"source": table.stem, "segments": len(rows), "hours": round(hours, 3), "voices": voices, "licences": licences,
                    "sha256": hashlib.sha256(table.read_bytes()).hexdigest()})  # fmt: skip
    return out
