"""What a run used: files with source and licence, settings, versions. Written beside features and checkpoints as manifest.json."""

import hashlib
import json
import platform
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
# Columns of the lists that are worth keeping, where a list has them.
COLUMNS = ("file", "source", "licence", "speaker", "kind", "bandwidth_hz", "seconds")


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


def files(rows: list[dict], folder: Path) -> list[dict]:
    """The rows of a list with what they say of source and licence and the SHA-256 of each file."""
    kept = []
    for row in rows:
        digest = hashlib.sha256((folder / row["file"]).read_bytes()).hexdigest()
        kept.append({**{c: row[c] for c in COLUMNS if row.get(c)}, "sha256": digest})
    return kept
