"""The core's own numbers, as `npm run build:core` wrote them down: sizes, band centres, formats, and every setting of assembly/settings.ts."""

import json
from pathlib import Path

import numpy as np

BUILD = Path(__file__).resolve().parent.parent / "build"


def _read(name: str) -> dict:
    path = BUILD / name
    if not path.exists():
        raise FileNotFoundError(f"{path} is missing: run `npm run build:core` first")
    return json.loads(path.read_text())


_SHAPE = _read("shape.json")
_SIZES = _SHAPE["constants"]
# By name, as in assembly/settings.ts.
SETTINGS = _read("settings.json")
# TANH_LIMIT, P0 to P3 and Q1 to Q3 of the core's tanh.
ACTIVATIONS = _SHAPE["activations"]
SAMPLE_RATE = _SIZES["SAMPLE_RATE"]
HOP = _SIZES["FRAME"]
FEATURES = _SIZES["FEATURES"]
BANDS = _SIZES["BANDS"]
LOOKAHEAD = _SIZES["LOOKAHEAD"]
MIN_PERIOD, MAX_PERIOD, COMB_PERIODS = (_SIZES[name] for name in ("MIN_PERIOD", "MAX_PERIOD", "COMB_PERIODS"))
# Bins of recorded spectra: those of all bands that reach below 8 kHz.
SPECTRUM = _SIZES["TRAINING_BINS"]
# Sizes of the finer stage.
FINER = {name: size for name, size in _SIZES.items() if name.startswith("FINER_")}
STATISTICS = _SHAPE["oracle"]["STATISTICS"]
# Bins of 50 Hz.
CENTRES = np.array(_SHAPE["erb"]["CENTRES"])
TILE_ROWS, TILE_COLUMNS = _SHAPE["weights"]["TILE_ROWS"], _SHAPE["weights"]["TILE_COLUMNS"]
