"""Tests as a program, `python -m PACKAGE.test_...`: one line a test, `N passed, N failed`, and a status that says the same."""

import sys
import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path


def run_each(tests: Iterable[Callable[[Path], None]], folder: Path | None = None) -> None:
    """Calls each test with the folder they share, or an empty one of its own, whatever became of those before; ends the program."""
    passed = failed = 0
    for test in tests:
        with tempfile.TemporaryDirectory() as own:
            try:
                test(folder or Path(own))
                passed += 1
                print(f"ok   {test.__name__}", flush=True)
            except Exception as error:  # each is reported
                failed += 1
                print(f"FAIL {test.__name__}: {type(error).__name__}: {error}", flush=True)
    print(f"{passed} passed, {failed} failed")
    sys.exit(failed > 0)
