"""Weights to begin with: a checkpoint of train.py, or a model file, so that training goes on from a network that ships."""

import json
import zlib
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from common.shape import TILE_COLUMNS, TILE_ROWS
from training.export.model_file import CRC_BLANK, DTYPES, FORMAT, RESERVED, architecture
from training.network.finer import Finer
from training.network.network import PercepNet

STORED: dict[str, np.dtype] = {name: dtype for dtype, name in DTYPES.items()}


def untile(tiles: np.ndarray, blocks: np.ndarray | None, rows: int, columns: int) -> np.ndarray:
    """The integers [rows, columns] of model_file.tile_matrix's tiles and block list."""
    strips, across = -(-rows // TILE_ROWS), columns // TILE_COLUMNS
    grid = np.zeros((strips, across, TILE_ROWS, TILE_COLUMNS), np.int8)
    if blocks is None:
        grid[:] = tiles.reshape(grid.shape)
    else:
        counts = blocks[:strips].astype(int)
        grid[np.repeat(np.arange(strips), counts), blocks[strips : strips + counts.sum()]] = tiles
    return grid.transpose(0, 2, 1, 3).reshape(strips * TILE_ROWS, columns)[:rows]


def restore(path: Path) -> dict:
    """Path of a model file -> {"model", "config", "card"}, with a finer stage "finer" too, as model_file.export() takes them; exported again it has the same tensors.

    Weights lie on their int8 grid: what training had below half a step is lost. ValueError: not a file of this library.
    """
    data = path.read_bytes()
    try:
        size = int.from_bytes(data[:8], "little")
        header = json.loads(data[8 : 8 + size])
        metadata = header.pop("__metadata__")
        if metadata["format"] != FORMAT:
            raise ValueError(f"its format is {metadata['format']}")
        crc = f'"crc32":"{metadata["crc32"]}"'.encode()
        if zlib.crc32(data.replace(crc, f'"crc32":"{CRC_BLANK}"'.encode(), 1)) != int(metadata["crc32"], 16):
            raise ValueError("it is damaged: its checksum is another")
        sizes = json.loads(metadata["architecture"])
        config = {"units": sizes["units"], "conv1": sizes["conv1"], "conv2": sizes["conv2"], "strength_units": sizes["strengthUnits"]}
    except (KeyError, UnicodeDecodeError, ValueError) as error:
        raise ValueError(f"{path} is no model file of {FORMAT}: {error}") from error
    finer = {"channels": sizes["finerChannels"], "context": sizes["units"]} if "finerChannels" in sizes else None
    if architecture(config, finer) != sizes:
        raise ValueError(f"{path} has layers of other sizes than network.py: {sizes}")
    tensors = {}
    for name, entry in header.items():
        begin, end = (8 + size + offset for offset in entry["data_offsets"])
        tensors[name] = np.frombuffer(data[begin:end], dtype=STORED[entry["dtype"]]).reshape(entry["shape"])

    model: dict[str, Tensor] = {}
    for name, like in PercepNet(**config).state_dict().items():
        part, _, kind = name.rpartition(".")
        stored = f"{part}.{'recurrent' if '_hh_' in kind else 'input'}" if part.startswith("gru") else part
        rows = len(like)
        if part == "dense":
            value = tensors[name].T if kind == "weight" else tensors[name]
        elif kind.startswith("bias"):
            value = tensors[f"{stored}.bias"][:rows]
        else:
            scale = tensors[f"{stored}.scale"][:rows, None]
            value = scale * untile(tensors[f"{stored}.weight"], tensors.get(f"{stored}.blocks"), rows, like[0].numel())
        value = torch.from_numpy(np.array(value, np.float32))
        # A convolution is stored as [out, tap * in], oldest frame first.
        model[name] = value.view(rows, like.shape[2], like.shape[1]).transpose(1, 2).contiguous() if like.dim() == 3 else value
    restored = {"finer": {"model": finer_weights(tensors, finer), "config": finer}} if finer else {}
    card = {key: value for key, value in metadata.items() if key not in RESERVED}
    return {"model": model, "config": config, "card": card, **restored}


def seconds_heard(state: dict) -> float:
    """Of a checkpoint, or of what restore() made of a file: of its finer stage if it has one, else of its bands; 0 where nothing says it."""
    hours = state.get("card", {}).get("finer_hours_heard" if "finer" in state else "hours_heard", 0)
    return state.get("heard", 3600 * float(hours))


def finer_weights(tensors: dict[str, np.ndarray], config: dict[str, int]) -> dict[str, Tensor]:
    """State dict of finer.Finer: what export.finer_tensors() wrote."""
    state: dict[str, Tensor] = {}
    for name, like in Finer(**config).state_dict().items():
        part, _, kind = name.rpartition(".")
        stored = f"finer_{part.removesuffix('.conv') or kind}"
        rows = len(like)
        if kind == "bias":
            value = tensors[f"{stored}.bias"][:rows]
        elif f"{stored}.scale" in tensors:
            value = tensors[f"{stored}.scale"][:rows, None] * untile(tensors[f"{stored}.weight"], tensors.get(f"{stored}.blocks"), rows, like[0].numel())
        else:
            value = tensors[f"{stored}.weight"].T[:rows]
        value = torch.from_numpy(np.array(value, np.float32))
        if part.endswith("conv") and kind == "weight":
            out, parts, frames, places = like.shape
            value = value.reshape(out, places, frames, parts).permute(0, 3, 2, 1)
        state[name] = value.reshape(like.shape).contiguous()
    return state


def checkpoint(path: Path, device: str | torch.device = "cpu") -> dict:
    """A checkpoint of a training, or what restore() makes of a .safetensors file; the tensors lie on the CPU for the latter. One of train_whole.py comes as restore() would give it."""
    if path.suffix == ".safetensors":
        return restore(path)
    state = torch.load(path, map_location=device, weights_only=True)
    config = state["config"]
    if "bands" not in config:
        return state

    def part(name: str) -> dict[str, Tensor]:
        return {key.removeprefix(f"{name}."): weight for key, weight in state["model"].items() if key.startswith(f"{name}.")}

    card = state["card"] | {"finer_hours_heard": str(state["card"]["hours_heard"])}
    return {"model": part("bands"), "config": config["bands"], "card": card, "finer": {"model": part("finer"), "config": config["finer"]}}
