"""A package's steps as subcommands: `python -m PACKAGE STEP ...`."""

import argparse
import importlib
import sys
from pathlib import Path


def run(package: str, about: str, steps: dict[str, dict[str, tuple[str, str]]]) -> None:
    """Calls main() of the module of the step that the command line names, with what follows it as arguments.

    steps: {title of a group: {step: (module, what it does)}}. Modules are loaded when they are called: each needs its own packages.
    """
    known = {name: module for group in steps.values() for name, (module, _) in group.items()}
    name = sys.argv[1] if len(sys.argv) > 1 else "--help"
    if name in known:
        sys.argv[:2] = [f"python -m {package} {name}"]
        importlib.import_module(known[name]).main()
        return
    wide = max(map(len, known))
    groups = [f"{title}\n" + "\n".join(f"  {step:{wide}}  {text}" for step, (_, text) in group.items()) for title, group in steps.items()]
    told = f"usage: python -m {package} STEP ...\n\n{about}\n\n" + "\n\n".join(groups) + "\n\nEach step tells its options with --help."
    if name in ("-h", "--help"):
        print(told)
    else:
        sys.exit(f"python -m {package} knows no step {name!r}: it has {', '.join(known)}")


def named_path(text: str) -> tuple[str, Path]:
    """NAME=PATH, as an argument's type."""
    name, _, path = text.partition("=")
    if not path:
        raise argparse.ArgumentTypeError(f"{text!r} is not NAME=PATH")
    return name, Path(path)
