"""What a model file says of itself: size, and which part of its weights was kept."""

import gzip
import json

import numpy as np

from evaluation.scores.tables import markdown


def header_of(data):
    """What a safetensors file says of its tensors."""
    return json.loads(data[8 : 8 + int.from_bytes(data[:8], "little")])


def version(path):
    """Name and version of the network in a file: lite 0.11.0."""
    told = header_of(path.read_bytes())["__metadata__"]
    return f"{told['name']} {told['version']}"


def model_facts(path):
    """Size and kept weights from the file itself."""
    data = path.read_bytes()
    header = header_of(data)
    rows, kept, whole = [], 0, 0
    for name, tensor in header.items():
        if name == "__metadata__" or tensor["dtype"] != "I8":
            continue
        layer = name.removesuffix(".weight")
        weights = int(np.prod(tensor["shape"]))
        full = weights
        blocks = header.get(f"{layer}.blocks")
        if blocks:
            padded = header[f"{layer}.scale"]["shape"][0]
            full = padded * columns(json.loads(header["__metadata__"]["architecture"]), layer)
        rows.append([layer, f"{weights}", f"{full}", f"{100 * weights / full:.0f} %"])
        kept, whole = kept + weights, whole + full
    rows.append(["**int8 weights**", f"{kept}", f"{whole}", f"{100 * kept / whole:.0f} %"])
    size = f"{len(data) / 1e6:.2f} MB, {len(gzip.compress(data, 9)) / 1e6:.2f} MB gzipped"
    return size, kept, whole, markdown(["layer", "kept", "of", ""], rows)


def columns(a, layer):
    inputs = {
        "conv1": a["conv1Taps"] * a["dense"], "conv2": a["conv2Taps"] * a["conv1"], "gru1.input": a["conv2"],
        "gru_strength.input": a["units"] + a["conv2"], "gru_strength.recurrent": a["strengthUnits"],
        "gain_out": a["conv2"] + 4 * a["units"], "strength_out": a["strengthUnits"],
    }  # fmt: skip
    return inputs.get(layer, a["units"])
