"""What sources.csv names, opened for reading: clones of git repositories and Debian packages; their licences and speakers."""

import csv
import hashlib
import os
import re
import shutil
import subprocess
import tarfile
import tempfile
import zipfile
from collections.abc import Callable
from pathlib import Path

from training.data.recordings import SUFFIXES, Refused

ARCHIVES = {".zip", ".pk3", ".wz"}
FORBIDDEN = re.compile(r"\b(NC|ND)\b|non-?commercial|no ?deriv", re.I)
POINTER = b"version https://git-lfs"


class Repository:
    """The files of the newest commit of a clone."""

    @staticmethod
    def find(name: str, folder: Path) -> Path:
        below = [folder / own / git for own in (name.replace("/", "+"), name) for git in ("", ".git", "repo", "repo/.git")]
        found = [path for path in below if (path / "objects").is_dir()]
        if not found:
            raise Refused(f"no clone of {name}: git clone --bare --depth 1 https://github.com/{name} {folder / name.replace('/', '+')}")
        return found[0]

    def __init__(self, name: str, folder: Path):
        found = self.find(name, folder)
        self.git = ["git", "--git-dir", str(found)]
        environment = {**os.environ, "GIT_NO_LAZY_FETCH": "1"}
        try:
            self.version = subprocess.run([*self.git, "rev-parse", "HEAD"], capture_output=True, text=True, check=True).stdout.strip()
            tree = subprocess.run([*self.git, "ls-tree", "-r", "-z", "HEAD"], capture_output=True, check=True).stdout
        except (OSError, subprocess.CalledProcessError) as error:
            raise Refused(f"git cannot read {found}: {error}") from error
        # Mode, type and hash before the path; what is no link and no submodule.
        entries = (entry.split(b"\t", 1) for entry in tree.split(b"\0") if entry.startswith(b"100"))
        self.files = {path.decode("utf-8", "replace"): about.split()[2] for about, path in entries}
        self.reader = subprocess.Popen([*self.git, "cat-file", "--batch"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment)
        assert self.reader.stdin and self.reader.stdout
        self.asked, self.told = self.reader.stdin, self.reader.stdout

    def read(self, path: str) -> bytes | None:
        """None: the clone lacks it, or has a pointer in its place."""
        self.asked.write(self.files[path] + b"\n")
        self.asked.flush()
        head = self.told.readline().split()
        if len(head) < 3:
            return None
        content = self.told.read(int(head[2]))
        self.told.read(1)
        return None if content.startswith(POINTER) else content

    def close(self) -> None:
        self.asked.close()
        self.reader.wait()


class Package:
    """The sounds and the copyright file of a Debian package, unpacked for a while; those in archives as ARCHIVE!PATH."""

    @staticmethod
    def find(name: str, folder: Path) -> Path:
        found = sorted(folder.glob(f"{name}_*.deb"))
        if not found:
            raise Refused(f"no {name}_VERSION_all.deb in {folder}: apt-get download {name} there, or take it from packages.debian.org")
        return found[-1]

    def __init__(self, name: str, folder: Path):
        if not shutil.which("dpkg-deb"):
            raise Refused(f"dpkg-deb is not here and is needed for {name}: apt-get install dpkg, or whatever brings it elsewhere")
        folder.mkdir(parents=True, exist_ok=True)
        if shutil.which("apt-get") and not list(folder.glob(f"{name}_*.deb")):
            subprocess.run(["apt-get", "download", name], cwd=folder, capture_output=True)
        package = self.find(name, folder)
        self.version = package.name.split("_")[1]
        self.folder = tempfile.TemporaryDirectory(dir=folder)
        self.archives: dict[str, zipfile.ZipFile] = {}
        self.files: dict[str, None] = {}
        unpacked = subprocess.Popen(["dpkg-deb", "--fsys-tarfile", str(package)], stdout=subprocess.PIPE)
        with unpacked, tarfile.open(fileobj=unpacked.stdout, mode="r|") as tar:
            for member in tar:
                path = member.name.removeprefix("./").lstrip("/")
                suffix = Path(path).suffix.lower()
                if member.isfile() and ".." not in path.split("/") and (suffix in SUFFIXES | ARCHIVES or path.endswith("/copyright")):
                    # By hand: before Python 3.11.4 extract() knows no filter against names that lead out of the folder.
                    target = Path(self.folder.name, path)
                    target.parent.mkdir(parents=True, exist_ok=True)
                    if file := tar.extractfile(member):
                        with open(target, "wb") as out:
                            shutil.copyfileobj(file, out)
                    if suffix in ARCHIVES:
                        self.archives[path] = zipfile.ZipFile(Path(self.folder.name, path))
                        self.files |= dict.fromkeys(f"{path}!{inner}" for inner in self.archives[path].namelist())
                    else:
                        self.files[path] = None

    def read(self, path: str) -> bytes | None:
        archive, _, inner = path.partition("!")
        return self.archives[archive].read(inner) if archive in self.archives else Path(self.folder.name, path).read_bytes()

    def close(self) -> None:
        for archive in self.archives.values():
            archive.close()
        self.folder.cleanup()


def place(source: dict, repositories: Path, packages: Path) -> tuple[type[Repository] | type[Package], str, Path]:
    """How a source is opened, its name there, and the folder it has to be in."""
    where, _, name = source["repository"].rpartition(":")
    return (Package, name, packages) if where == "debian" else (Repository, name, repositories)


def stated_licence(source: dict, files: Repository | Package) -> str:
    """The file of the source that states its licence, and the line; Refused where no file does."""
    if FORBIDDEN.search(source["licence"]):
        raise Refused(f"its licence, {source['licence']}, forbids it: remove the row")
    there = [path for path in files.files if re.search(source["licence_file"], path)]
    for path in there:
        text = (files.read(path) or b"").decode("utf-8", "replace")
        found = re.search(source["licence_says"], text)
        if found:
            line = text[text.rfind("\n", 0, found.start()) + 1 : (text.find("\n", found.end()) + 1 or len(text) + 1) - 1]
            # A long line, or a tag within a sound, is cut down to the words.
            return f"{path}: {' '.join((line if len(line) < 200 else found.group()).split())}"
    what = f'{there[0]} does not say "{source["licence_says"]}"' if there else f"it has no file {source['licence_file']}"
    raise Refused(f"its licence is not what sources.csv says, {source['licence']}: {what}. Read what it says now, then correct or remove the row")


def speakers(rule: str, files: Repository | Package) -> Callable[[str], str]:
    """Path -> speaker. Names out of tables are hashed; whom no table names is a speaker of his own."""
    if rule.startswith("re:"):
        return lambda path: "-".join(filter(None, found.groups())) if (found := re.search(rule[3:], path)) else "other"
    if not rule.startswith("table:"):
        return lambda path: rule
    file, speaker = rule.split(":")[1:]
    names = {}
    for table in files.files:
        lines = (files.read(table) or b"").decode("utf-8", "replace").splitlines() if table.endswith(".tsv") else []
        for row in csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE):
            if row.get(file) and row.get(speaker):
                names[Path(row[file]).name] = row[speaker]
    return lambda path: hashlib.sha1(names.get(Path(path).name, path).encode()).hexdigest()[:10]
