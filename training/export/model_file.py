"""Write a checkpoint as the model file of the library: python -m training export CHECKPOINT OUT

CHECKPOINT is what torch.save wrote of {"model": state dict of network.PercepNet, "config": its sizes, "card": strings}, or a model file. Where there is a
finer stage it holds "finer": {"model": state dict of finer.Finer, "config": its sizes} too, and the file's format version is 2.
card needs name and version; everything else in it is copied into the file's metadata.

OUT is a safetensors file (8-byte length, JSON header, data) with these rules on top:
- every tensor begins at a multiple of 16 bytes from the start of the file, without gaps between tensors;
- matrices are int8 tiles [tiles, 16, 4]: strips of 16 rows, in a strip the blocks of 4 columns in ascending order; rows
  are padded to 16 with zeros. NAME.scale and NAME.bias are float32, one per padded row;
- tiles of zeros may be left out: then NAME.blocks (uint16) holds the number of tiles of each strip, the column block of
  each tile, and zeros up to a multiple of 8;
- the first layer is float32, [70, 128] (input, output), as are enter, place and mix of a finer stage;
- the metadata holds format, formatVersion, architecture, lookahead and crc32: eight hexadecimal digits, the CRC-32 of
  the whole file with these digits written as 00000000.
"""

from __future__ import annotations

import argparse
import json
import struct
import zlib
from pathlib import Path

import numpy as np
import torch

from common.shape import BANDS, FEATURES, LOOKAHEAD, TILE_COLUMNS, TILE_ROWS
from training.network.network import CONV1_TAPS, CONV2_TAPS, DENSE, weight_integers, weight_scales

FORMAT = "percepnet-wasm"
FORMAT_VERSION, FINER_FORMAT_VERSION = 1, 2
ALIGNMENT = 16
CRC_BLANK = "00000000"
# A block list costs 2 bytes and a look-up per tile: worth it only when enough tiles go.
SPARSE_FROM = 0.1
RESERVED = {"format", "formatVersion", "architecture", "lookahead", "crc32"}
DTYPES: dict[np.dtype, str] = {np.dtype(np.float32): "F32", np.dtype(np.int8): "I8", np.dtype(np.uint16): "U16"}

Tensors = dict[str, np.ndarray]


def pad_rows(values: np.ndarray) -> np.ndarray:
    rows = -len(values) % TILE_ROWS
    return np.pad(values, [(0, rows)] + [(0, 0)] * (values.ndim - 1))


def tile_matrix(integers: np.ndarray) -> tuple[np.ndarray, np.ndarray | None]:
    """int8 [rows, columns] -> tiles [tiles, 16, 4] and the block list, None if all tiles are kept."""
    columns = integers.shape[1]
    if columns % TILE_COLUMNS:
        raise ValueError(f"{columns} columns are not a multiple of {TILE_COLUMNS}")
    padded = pad_rows(integers)
    strips = len(padded) // TILE_ROWS
    tiles = padded.reshape(strips, TILE_ROWS, columns // TILE_COLUMNS, TILE_COLUMNS).transpose(0, 2, 1, 3)
    kept = tiles.any((2, 3))
    if kept.mean() > 1 - SPARSE_FROM:
        return np.ascontiguousarray(tiles.reshape(-1, TILE_ROWS, TILE_COLUMNS)), None
    blocks = np.concatenate([kept.sum(1), np.nonzero(kept)[1]]).astype(np.uint16)
    blocks = np.pad(blocks, (0, -len(blocks) % (ALIGNMENT // 2)))
    return np.ascontiguousarray(tiles[kept]), blocks


def add_matrix(tensors: Tensors, name: str, weight: torch.Tensor, bias: torch.Tensor) -> None:
    """weight: [rows, columns] float, quantised here to int8 with one scale per row."""
    tiles, blocks = tile_matrix(weight_integers(weight).numpy().astype(np.int8))
    tensors[f"{name}.weight"] = tiles
    if blocks is not None:
        tensors[f"{name}.blocks"] = blocks
    tensors[f"{name}.scale"] = pad_rows(weight_scales(weight).numpy())
    tensors[f"{name}.bias"] = pad_rows(bias.float().numpy())


def network_tensors(state: dict[str, torch.Tensor]) -> Tensors:
    """All tensors of the file, in its order."""
    state = {name: value.detach().cpu().float() for name, value in state.items()}
    tensors: Tensors = {
        "dense.weight": np.ascontiguousarray(state["dense.weight"].numpy().T),
        "dense.bias": state["dense.bias"].numpy(),
    }
    for name in ("conv1", "conv2"):
        # [out, in, tap] -> [out, tap * in], oldest frame first.
        weight = state[f"{name}.weight"].transpose(1, 2).flatten(1).contiguous()
        add_matrix(tensors, name, weight, state[f"{name}.bias"])
    for name in ("gru1", "gru2", "gru3", "gru_gain", "gru_strength"):
        add_matrix(tensors, f"{name}.input", state[f"{name}.weight_ih_l0"], state[f"{name}.bias_ih_l0"])
        add_matrix(tensors, f"{name}.recurrent", state[f"{name}.weight_hh_l0"], state[f"{name}.bias_hh_l0"])
    for name in ("gain_out", "strength_out"):
        add_matrix(tensors, name, state[f"{name}.weight"], state[f"{name}.bias"])
    for name, value in tensors.items():
        if not np.isfinite(value).all():
            raise ValueError(f"{name} holds a value that is not finite")
    return tensors


def add_floats(tensors: Tensors, name: str, weight: torch.Tensor, bias: torch.Tensor) -> None:
    """weight: [rows, columns] float, stored as [columns, padded rows]."""
    tensors[f"{name}.weight"] = np.ascontiguousarray(pad_rows(weight.numpy()).T)
    tensors[f"{name}.bias"] = pad_rows(bias.numpy())


def finer_tensors(state: dict[str, torch.Tensor]) -> Tensors:
    """The tensors of a finer stage, which follow those of the bands; layouts as assembly/network/finer.ts reads them."""
    state = {name: value.detach().cpu().float() for name, value in state.items()}
    tensors: Tensors = {}
    add_floats(tensors, "finer_enter", state["enter.weight"].flatten(1), state["enter.bias"])
    place = state["place"].flatten(1)
    add_floats(tensors, "finer_place", place, torch.zeros(len(place)))
    add_matrix(tensors, "finer_context", state["context.weight"], state["context.bias"])

    def add_qrnn(number: int) -> None:
        # [out, part * channel, frame, place] -> [out, place, frame, part * channel]
        weight = state[f"qrnn{number}.conv.weight"].permute(0, 3, 2, 1).flatten(1)
        add_matrix(tensors, f"finer_qrnn{number}", weight, state[f"qrnn{number}.conv.bias"])

    add_qrnn(1)
    add_floats(tensors, "finer_mix", state["mix.weight"], state["mix.bias"])
    add_qrnn(2)
    add_qrnn(3)
    add_matrix(tensors, "finer_leave", state["leave.weight"].flatten(1), state["leave.bias"])
    for name, value in tensors.items():
        if not np.isfinite(value).all():
            raise ValueError(f"{name} holds a value that is not finite")
    return tensors


def architecture(config: dict[str, int], finer: dict[str, int] | None = None) -> dict[str, int]:
    sizes = {
        "features": FEATURES,
        "bands": BANDS,
        "dense": DENSE,
        "conv1": config["conv1"],
        "conv1Taps": CONV1_TAPS,
        "conv2": config["conv2"],
        "conv2Taps": CONV2_TAPS,
        "units": config["units"],
        "strengthUnits": config["strength_units"],
    }
    if finer:
        sizes["finerChannels"] = finer["channels"]
    for name in ("dense", "conv1", "conv2", "units", "strengthUnits", *(("finerChannels",) if finer else ())):
        if sizes[name] % TILE_ROWS:
            raise ValueError(f"{name} = {sizes[name]} is not a multiple of {TILE_ROWS}")
    return sizes


def serialise(tensors: Tensors, metadata: dict[str, str]) -> bytes:
    """The file's bytes, checksum included."""
    header: dict[str, object] = {"__metadata__": {**metadata, "crc32": CRC_BLANK}}
    offset = 0
    for name, value in tensors.items():
        if value.nbytes % ALIGNMENT:
            raise ValueError(f"{name}: {value.nbytes} bytes break the alignment")
        header[name] = {
            "dtype": DTYPES[value.dtype],
            "shape": list(value.shape),
            "data_offsets": [offset, offset + value.nbytes],
        }
        offset += value.nbytes
    text = json.dumps(header, separators=(",", ":")).encode("ascii")
    text += b" " * (-(8 + len(text)) % ALIGNMENT)
    blank = struct.pack("<Q", len(text)) + text + b"".join(value.tobytes() for value in tensors.values())
    field = f'"crc32":"{CRC_BLANK}"'.encode()
    if blank.count(field, 0, 8 + len(text)) != 1:
        raise ValueError("the metadata may not contain another crc32 field")
    return blank.replace(field, f'"crc32":"{zlib.crc32(blank):08x}"'.encode(), 1)


def export(checkpoint: dict, out: Path) -> int:
    """Write checkpoint to out; returns the size in bytes."""
    card = {key: value if isinstance(value, str) else json.dumps(value) for key, value in checkpoint["card"].items()}
    if not {"name", "version"} <= card.keys() or RESERVED & card.keys():
        raise ValueError(f"the card needs name and version and may not use {sorted(RESERVED)}")
    finer = checkpoint.get("finer")
    metadata = {
        "format": FORMAT,
        "formatVersion": str(FINER_FORMAT_VERSION if finer else FORMAT_VERSION),
        "name": card.pop("name"),
        "version": card.pop("version"),
        "architecture": json.dumps(architecture(checkpoint["config"], finer and finer["config"])),
        "lookahead": str(LOOKAHEAD),
        **card,
    }
    tensors = network_tensors(checkpoint["model"]) | (finer_tensors(finer["model"]) if finer else {})
    data = serialise(tensors, metadata)
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_bytes(data)
    return len(data)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("checkpoint", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--finer", type=Path, help="checkpoint of train_finer.py: the finer stage behind these bands")
    parser.add_argument("--name", default="lite")
    parser.add_argument("--version", default="0.1.0")
    arguments = parser.parse_args()
    # restore.py reads what this file writes, and needs it.
    from training.export.restore import checkpoint as load

    checkpoint = load(arguments.checkpoint)
    if arguments.finer:
        finer = torch.load(arguments.finer, map_location="cpu", weights_only=True)
        checkpoint["finer"] = {"model": finer["model"], "config": finer["config"]}
        checkpoint["card"]["finer_hours_heard"] = f"{finer['heard'] / 3600:.1f}"
    checkpoint["card"] |= {"name": arguments.name, "version": arguments.version}
    print(f"{arguments.out}: {export(checkpoint, arguments.out)} bytes")


if __name__ == "__main__":
    main()
